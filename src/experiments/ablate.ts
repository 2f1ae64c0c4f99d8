/** @file Carries a grid out: plans, reuses what is finished, resumes what was cut off, launches the rest. */
import type { Run, RunWriter } from "../tracking/index.ts";
import type { TrainConfig } from "./config.ts";
import type { Grid, PlannedRun } from "./grids.ts";
import { gridOf, planGrid } from "./grids.ts";
import type { TrainConfigPatch } from "./config.ts";
import type { Launcher, RunRequest } from "./launcher.ts";
import type { OnProgress } from "./progress.ts";
import { memberTag } from "./record.ts";
import { TAGS } from "./tags.ts";
import { trainerOf } from "./under-way.ts";

/** A planned run and the stored run that answers it. */
export type GridMember = PlannedRun & {
  readonly key: string;
  /** Null if it failed. */
  readonly runId: string | null;
  readonly reused: boolean;
  readonly error?: string;
};

export type AblateOptions = {
  /** Experiment new runs are stored under; a run found elsewhere is reused where it lies. */
  readonly experiment: string;
  readonly seeds: number;
  readonly store: RunWriter;
  readonly launcher: Launcher;
  /** Key of a config on this data, from this start, by this code. */
  readonly keyOf: (config: TrainConfig) => Promise<string>;
  /** Laid over the grid's base: smaller steps for a test. */
  readonly patch?: TrainConfigPatch;
  /** Runs again what is stored. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
};

/**
 * Every run of the grid, finished or failed. A run with the same key (config, data, start, code) that
 * is FINISHED is reused; one that was cut off goes on from its checkpoint; one that another process
 * trains right now is left to it, and made here as well.
 */
export async function ablate(grid: Grid | string, options: AblateOptions): Promise<GridMember[]> {
  const { store, experiment, onProgress } = options;
  const plan = typeof grid === "string" ? gridOf(grid) : grid;
  const planned = await Promise.all(
    planGrid(plan, options.seeds, options.patch).map(async (run) => ({
      ...run,
      key: await options.keyOf(run.config),
    })),
  );
  const found = planned.map(({ key }) => (options.force ? undefined : storedRun(store, key)));
  const open = planned.flatMap((run, i) => (found[i]?.status === "FINISHED" ? [] : [i]));
  const requests = open.map((i) => request(planned[i]!, experiment, found[i]));

  const total = requests.reduce((sum, { config }) => sum + config.steps, 0);
  const steps = requests.map(() => 0);
  const report = (note?: string): void =>
    onProgress?.({
      stage: `${plan.name}: ${requests.length} runs`,
      done: steps.reduce((sum, n) => sum + n, 0),
      total,
      ...(note === undefined ? {} : { note }),
    });
  const results = await options.launcher.launch(requests, {
    onStep: (i, done) => {
      steps[i] = done;
      report(requests[i]!.name);
    },
    onResult: (i) => {
      steps[i] = requests[i]!.config.steps;
      report(requests[i]!.name);
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });

  return planned.map((run, i) => {
    const result = results[open.indexOf(i)];
    const runId =
      result === undefined ? found[i]!.id : result.status === "FINISHED" ? result.runId : null;
    if (runId !== null)
      store.setTags(runId, { [memberTag(experiment, plan.name)]: memberText(run) });
    return {
      ...run,
      runId,
      reused: result === undefined,
      ...(result?.status === "FAILED" ? { error: result.message } : {}),
    };
  });
}

/** Which cell and replicate a run answers in a grid; read back by `gridMembers`. */
function memberText({ cell, replicate }: PlannedRun): string {
  return JSON.stringify({ cell, replicate });
}

/** Stored members of a grid of an experiment: run by cell and replicate. */
export function gridMembers(
  store: Pick<RunWriter, "searchRuns">,
  experiment: string,
  grid: string,
): { readonly cell: string; readonly replicate: number; readonly run: Run }[] {
  const tag = memberTag(experiment, grid);
  return store
    .searchRuns({ where: { tag, is: "like", value: "%" }, limit: 100_000 })
    .map((run) => ({
      ...(JSON.parse(run.tags[tag]!) as { cell: string; replicate: number }),
      run,
    }));
}

/** The run to reuse or resume: a finished one first, else the newest that was cut off. */
function storedRun(store: RunWriter, key: string): Run | undefined {
  const runs = store.searchRuns({ where: { tag: TAGS.key, is: "=", value: key } });
  return (
    runs.find((run) => run.status === "FINISHED" && run.tags[TAGS.scored] === "true") ??
    runs.find((run) => (run.status === "RUNNING" && !trainerOf(run)) || run.status === "KILLED")
  );
}

function request(
  { grid, cell, replicate, config, key }: PlannedRun & { key: string },
  experiment: string,
  found: Run | undefined,
): RunRequest {
  return {
    experiment,
    name: `${grid} ${cell} #${replicate}`,
    config,
    tags: { [TAGS.key]: key },
    ...(found === undefined ? {} : { resume: found.id }),
  };
}
