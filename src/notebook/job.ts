/**
 * @file A notebook's experiment in a process of its own: `node job.ts <request.json>`.
 *
 * It goes on when the notebook is interrupted, closed or crashes; what it prints are JSON lines that
 * the notebook follows in a file.
 */
import { readFileSync } from "node:fs";
import { loadTasks } from "../data/index.ts";
import type {
  Grid,
  Launcher,
  Places,
  TrainConfig,
  TrainConfigPatch,
} from "../experiments/index.ts";
import {
  Workshop,
  ablate,
  inProcessLauncher,
  localLauncher,
  resolveConfig,
} from "../experiments/index.ts";

/** What is to be done, as JSON: equal work has equal JSON. */
export type JobRequest = {
  readonly places: Places;
  readonly experiment: string;
  readonly grid: Grid;
  readonly seeds: number;
  readonly patch: TrainConfigPatch;
  /** Tasks to read, train on and score; null takes all. */
  readonly tasks: readonly string[] | null;
  /** Processes at the same time; above 1 only with all tasks. */
  readonly jobs: number;
  readonly force: boolean;
  /** Seeds of a single run; a grid's own are numbered from 0. */
  readonly identity?: { readonly seed: number; readonly initSeed: number };
};

/** How the request reaches the process. */
export type JobFile = {
  readonly request: JobRequest;
  readonly tags: Readonly<Record<string, string>>;
};

export type JobMember = {
  readonly cell: string;
  readonly seed: number;
  readonly runId: string | null;
  readonly reused: boolean;
  readonly error?: string;
};

export type JobEvent =
  | {
      readonly type: "progress";
      readonly stage: string;
      readonly done: number;
      readonly total: number;
      readonly note?: string;
    }
  | { readonly type: "done"; readonly members: readonly JobMember[] }
  | { readonly type: "failed"; readonly message: string };

const say = (event: JobEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

/** Progress lines no closer than this: the reader redraws no faster. */
const EVERY_MS = 50;

async function main(file: string): Promise<void> {
  const { request, tags } = JSON.parse(readFileSync(file, "utf8")) as JobFile;
  const { places, tasks: names } = request;
  const shop = await Workshop.open(
    places,
    names === null
      ? {}
      : { loadTasks: (split) => loadTasks(places.dataRoot, { split, names: [...names] }) },
  );
  let last = 0;
  const onProgress = (progress: Omit<Extract<JobEvent, { type: "progress" }>, "type">): void => {
    const now = Date.now();
    if (progress.done < progress.total && now - last < EVERY_MS) return;
    last = now;
    say({ type: "progress", ...progress });
  };
  let launcher: Launcher | undefined;
  try {
    launcher =
      request.jobs > 1 && names === null
        ? localLauncher({ jobs: request.jobs, places })
        : inProcessLauncher((one, onStep) => shop.execute(one, onStep));
    const members = await ablate(request.grid, {
      experiment: request.experiment,
      seeds: request.seeds,
      store: shop.store,
      launcher: prepared(launcher, request, tags),
      keyOf: (config) => shop.keyOf(seeded(config, request)),
      patch: request.patch,
      force: request.force,
      onProgress,
    });
    say({
      type: "done",
      members: members.map(({ cell, replicate, runId, reused, error }) => ({
        cell,
        seed: replicate,
        runId,
        reused,
        ...(error === undefined ? {} : { error }),
      })),
    });
  } finally {
    await launcher?.close();
    await shop.close();
  }
}

/** Runs know the notebook they came from before their first step. */
function prepared(launcher: Launcher, request: JobRequest, tags: JobFile["tags"]): Launcher {
  return {
    launch: (requests, options) =>
      launcher.launch(
        requests.map((one) => ({
          ...one,
          config: seeded(one.config, request),
          tags: { ...one.tags, ...tags },
        })),
        options,
      ),
    close: () => launcher.close(),
  };
}

function seeded(config: TrainConfig, { identity }: JobRequest): TrainConfig {
  if (identity === undefined) return config;
  const { seed, initSeed } = identity;
  return resolveConfig([config as TrainConfigPatch, { seed, model: { initSeed } }]);
}

if (import.meta.main) {
  try {
    await main(process.argv[2]!);
  } catch (error) {
    say({ type: "failed", message: (error as Error).message });
    process.exitCode = 1;
  }
}
