/** @file `ablate` and `run`: experiments from a notebook, in a process that outlives it. */
import type { Grid, TrainConfigPatch } from "../experiments/index.ts";
import { gridOf, layPatches, recipe as recipeOf, resolveConfig } from "../experiments/index.ts";
import { inBackground } from "./background.ts";
import { Shown } from "./bundle.ts";
import { compare } from "./compare.ts";
import { host } from "./host.ts";
import type { JobMember } from "./job.ts";
import { originTags } from "./origin.ts";
import { homeFolder, placesOf, runAddress } from "./places.ts";
import { ProgressBar } from "./progress.ts";
import { table } from "./table.ts";

export type AblateOptions = {
  /** Seeds per cell; default 3, the least that a claim needs. */
  readonly seeds?: number;
  /** Laid over the grid's base: fewer steps, another batch. */
  readonly patch?: TrainConfigPatch;
  /** Read, train on and score only these tasks. Default all. */
  readonly tasks?: readonly string[];
  /** Experiment new runs are stored under; default `notebook`. */
  readonly experiment?: string;
  /** Runs at the same time; default 1. */
  readonly jobs?: number;
  /** Run again what is stored. */
  readonly force?: boolean;
  /** Where data and runs lie; default as `homeFolder` finds it. */
  readonly home?: string;
};

/** Every run of a grid, by cell. As a cell's result it shows the comparison. */
export class Ablation extends Shown {
  readonly grid: Grid;
  readonly members: readonly JobMember[];
  readonly home: string;

  constructor(grid: Grid, members: readonly JobMember[], home: string) {
    const summary = compare(
      grid.cells.map(({ name }) => ({
        name,
        runIds: members.filter((m) => m.cell === name).map((m) => m.runId!),
      })),
      { baseline: grid.baseline, home },
    );
    super(`${grid.title}\n${String(summary)}`, () => summary.bundle());
    this.grid = grid;
    this.members = members;
    this.home = home;
  }

  /** Ids of a cell's runs, by seed. */
  runsOf(cell: string): string[] {
    return this.members.filter((member) => member.cell === cell).map((member) => member.runId!);
  }
}

/**
 * Runs a grid, by name or written on the spot, and waits for it:
 *
 *     const result = await ablate("quick", { seeds: 3, patch: { steps: 100 } });
 *
 * A run with the same config, seed, data and code that is stored is not run again. An interrupt ends
 * the waiting; the runs go on, and the cell run again finds them.
 */
export async function ablate(grid: Grid | string, options: AblateOptions = {}): Promise<Ablation> {
  const plan = typeof grid === "string" ? gridOf(grid) : grid;
  const home = options.home ?? homeFolder();
  const members = await carryOut(plan, { ...options, home });
  return new Ablation(plan, members, home);
}

export type RunOptions = Omit<AblateOptions, "seeds" | "jobs" | "patch">;

/** One finished run; as a cell's result it shows its address and scores. */
export class NotebookRun extends Shown {
  readonly runId: string;
  readonly reused: boolean;

  constructor({ runId, reused }: JobMember, home: string) {
    const scores = compare([{ name: "this run", runIds: [runId!] }], { home });
    const address = runAddress(runId!, home);
    const state = reused ? "stored before" : "trained now";
    super(`run ${runId} (${state}): ${address}\n${String(scores)}`, async () => ({
      "text/html": `<p>run <a href="${address}"><code>${runId}</code></a> (${state})</p>${String((await scores.bundle())["text/html"])}`,
    }));
    this.runId = runId!;
    this.reused = reused;
  }
}

/**
 * Trains and scores one recipe: `await run("rzenembed", ["steps=100", "loss.alpha=3"])`. The stored
 * run is given back if there is one.
 */
export async function run(
  recipe: string,
  overrides: readonly string[] = [],
  options: RunOptions = {},
): Promise<NotebookRun> {
  const config = resolveConfig(recipeOf(recipe), overrides);
  const { seed, recipe: _name, ...rest } = config;
  const initSeed = config.model.initSeed ?? seed;
  const grid: Grid = {
    name: `run-${recipe}`,
    title: `${recipe} ${overrides.join(" ")}`.trim(),
    base: {},
    baseline: recipe,
    cells: [{ name: recipe, changes: overrides.join(", "), patch: rest as TrainConfigPatch }],
  };
  const home = options.home ?? homeFolder();
  const [member] = await carryOut(grid, {
    ...options,
    home,
    seeds: 1,
    identity: { seed, initSeed },
  });
  return new NotebookRun(member!, home);
}

type Work = AblateOptions & {
  readonly home: string;
  readonly identity?: { readonly seed: number; readonly initSeed: number };
};

async function carryOut(grid: Grid, work: Work): Promise<readonly JobMember[]> {
  const { seeds = 3, patch = {}, tasks, experiment = "notebook", jobs = 1, force = false } = work;
  if (!(Number.isInteger(seeds) && seeds >= 1)) {
    throw new RangeError(`ablate: seeds must be a whole number from 1 up, got ${seeds}`);
  }
  if (!grid.cells.some(({ name }) => name === grid.baseline)) {
    const names = grid.cells.map(({ name }) => name).join(", ");
    throw new RangeError(`ablate: the baseline "${grid.baseline}" is none of the cells ${names}`);
  }
  let bar: ProgressBar | undefined;
  let stage = "";
  const members = await inBackground(
    {
      places: placesOf(work.home),
      experiment,
      grid,
      seeds,
      patch: layPatches({}, patch),
      tasks: tasks === undefined ? null : [...tasks],
      jobs,
      force,
      ...(work.identity === undefined ? {} : { identity: work.identity }),
    },
    {
      tags: originTags(),
      signal: host().signal,
      onProgress: (event) => {
        if (event.stage !== stage) {
          bar?.end();
          bar = new ProgressBar(event.stage, event.total);
          stage = event.stage;
        }
        bar?.set(event.done, event.note, event.total);
      },
    },
  );
  bar?.end();
  const failed = members.filter((member) => member.runId === null);
  if (failed.length > 0) {
    throw new Error(
      `${failed.length} of ${members.length} runs failed; first, ${failed[0]!.cell} seed ${failed[0]!.seed}: ${failed[0]!.error}`,
    );
  }
  return members;
}

/** Runs of an ablation as a table with their addresses. */
export function addresses(members: readonly JobMember[], home = homeFolder()): Shown {
  return table(
    members.map(({ cell, seed, runId, reused }) => ({
      cell,
      seed,
      run: runId === null ? "failed" : runAddress(runId, home),
      "": reused ? "stored" : "trained",
    })),
  );
}
