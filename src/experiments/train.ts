/** @file The training loop: one for every adapter; what differs comes in as `TrainParts`. */
import type { Program, State, Tensor } from "../engine/index.ts";
import { Trainer, schedule } from "../engine/index.ts";
import type { CachedFeeds, GradCache } from "../loss/index.ts";
import type { RunWriter } from "../tracking/index.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import type { TrainConfig } from "./config.ts";
import { MetricLog } from "./metriclog.ts";
import type { Source } from "./prefetch.ts";
import { Prefetcher } from "./prefetch.ts";
import type { Progress } from "./progress.ts";
import { TAGS } from "./tags.ts";
import { executorOf } from "./executor.ts";

/** What one step is fed, and what a checkpoint after it must hold. */
export type TrainBatch = {
  readonly work: WholeWork | ChunkedWork;
  readonly pairs: number;
  /** Temperature group of the batch. */
  readonly group: string;
  /** The sampler's state after drawing this batch: JSON. */
  readonly sampler: unknown;
};

/** A batch for one of the compiled graphs. */
export type WholeWork = {
  readonly kind: "whole";
  readonly bucket: string;
  readonly feeds: Record<string, Tensor>;
};

/** A batch that GradCache takes. */
export type ChunkedWork = { readonly kind: "chunks"; readonly chunks: CachedFeeds };

/** The parts of a run that depend on its adapter. */
export type TrainParts = {
  /** Everything at step 0: parameters, frozen ones included. */
  readonly initial: State;
  /** Names that are the start checkpoint's own and never change; not saved again. */
  readonly frozen: ReadonlySet<string>;
  /** Of whole batches; those in chunks are the cache's. */
  readonly build: (bucket: string) => Program;
  /** Takes batches in chunks, where the config asks for it. */
  readonly cache: GradCache | null;
  /** Batches in order, from a sampler state (null: the beginning) and the number of steps done. */
  readonly batches: (sampler: unknown, step: number) => Source<TrainBatch>;
  /** Mean dev score of a state, for curves and soups; null where a run is too small for it. */
  readonly evaluate: ((state: State) => Promise<Readonly<Record<string, number>>>) | null;
};

export type LoopOptions = {
  readonly config: TrainConfig;
  readonly parts: TrainParts;
  readonly store: RunWriter;
  readonly runId: string;
  /** File of the run's checkpoint. */
  readonly checkpointFile: string;
  /** Where to go on; null is the beginning. */
  readonly from: Checkpoint | null;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
};

/** A run that can't go on; `code` says why, the message names the step. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  readonly code: "NON_FINITE" | "INTERRUPTED";

  constructor(code: TrainingError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Trains from `from` to the last step and returns the final state. The same config, data and start
 * give the same numbers to the bit on one machine and thread count, however often the run was cut.
 */
export async function trainLoop(options: LoopOptions): Promise<State> {
  const { config, parts, store, runId, from, signal } = options;

  // --- trainer: initial state, overlaid by the checkpoint's parameters and moments ---
  const state: State = new Map([...parts.initial, ...(from?.state ?? [])]);
  const { cache } = parts;
  const build = cache === null ? parts.build : (bucket: string): Program => cache.build(bucket);
  const trainer = await Trainer.create({ executor: executorOf(config), state, build });

  store.setTags(runId, {
    [TAGS.device]: trainer.device.name,
    [TAGS.library]: trainer.device.detail,
  });

  // --- data: one batch ahead of the worker ---
  const firstStep = from?.step ?? 0;
  const batches = new Prefetcher(parts.batches(from?.sampler ?? null, firstStep));
  const rate = learningRates(config);
  const log = new MetricLog(store, runId);
  const clock = stopwatch();

  const save = async (step: number, sampler: unknown): Promise<void> => {
    log.flush(); // metrics first: a checkpoint is never ahead of them
    const now = withoutFrozen(await trainer.state(), parts.frozen);
    await writeCheckpoint(options.checkpointFile, { runId, step, sampler, state: now });
  };

  try {
    for (let step = firstStep + 1; step <= config.steps; step++) {
      // --- one update ---
      const batch = await batches.next();
      const learningRate = rate(step - 1);
      const out = await update(trainer, cache, batch, learningRate);

      // --- record ---
      const metrics = measurements(out, batch, config);
      if (!Number.isFinite(metrics["loss"])) throw nonFinite(step, metrics, batch);
      const system = { "system/samples_per_s": clock(batch.pairs), "system/rss_mb": rssMb() };
      log.log(step, { ...metrics, learningRate, ...system });
      options.onProgress?.({
        stage: "train",
        done: step,
        total: config.steps,
        note: `loss ${metrics["loss"]!.toFixed(4)}`,
      });

      // --- look at dev, save, stop if asked ---
      if (parts.evaluate !== null && due(step, config.evaluation.everySteps)) {
        log.log(step, await parts.evaluate(await trainer.state()));
      }
      const last = step === config.steps;
      if (last || signal?.aborted || due(step, config.checkpoint.everySteps)) {
        await save(step, batch.sampler);
      }
      if (signal?.aborted && !last) {
        throw new TrainingError("INTERRUPTED", `run ${runId} interrupted after step ${step}`);
      }
    }
    return await trainer.state();
  } finally {
    log.flush();
    await batches.settle();
    await trainer.close();
  }
}

function learningRates({ optimizer, steps }: TrainConfig): (step: number) => number {
  const { schedule: kind, learningRate: peak, warmupSteps } = optimizer;
  return schedule({ kind, peak, warmupSteps: Math.min(warmupSteps, steps - 1), totalSteps: steps });
}

/** One update; its outputs by name. */
async function update(
  trainer: Trainer,
  cache: GradCache | null,
  { work, group }: TrainBatch,
  learningRate: number,
): Promise<Readonly<Record<string, number>>> {
  if (work.kind === "chunks") return cache!.step(trainer, work.chunks, { learningRate, group });
  const out = await trainer.step(work.bucket, work.feeds, { learningRate });
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, Number(data[0])]));
}

/** The outputs of a step as they are logged; statistics without a meaning are undefined. */
function measurements(
  out: Readonly<Record<string, number>>,
  { group }: TrainBatch,
  { loss }: TrainConfig,
): Record<string, number | undefined> {
  const { dropped, trueMatches, hits } = out as Record<string, number>;
  const masked = loss.kind !== "infonce" || loss.delta !== null;
  const weighted = loss.kind !== "infonce" || loss.alpha !== 0;
  return {
    loss: out["loss"],
    gradNorm: out["gradNorm"],
    [`tau/${group}`]: out["tau"],
    maskRate: masked ? out["maskRate"] : undefined,
    maskPrecision: masked && dropped! > 0 ? hits! / dropped! : undefined,
    maskRecall: masked && trueMatches! > 0 ? hits! / trueMatches! : undefined,
    lossScale: out["lossScale"],
    skipped: out["skipped"],
    meanWeight: weighted ? out["meanWeight"] : undefined,
    maxWeight: weighted ? out["maxWeight"] : undefined,
  };
}

function nonFinite(
  step: number,
  metrics: Readonly<Record<string, number | undefined>>,
  { work, group }: TrainBatch,
): TrainingError {
  const bad = Object.entries(metrics).find(([, v]) => v !== undefined && !Number.isFinite(v))!;
  const batch = work.kind === "whole" ? work.bucket : group;
  return new TrainingError("NON_FINITE", `step ${step}: ${bad[0]} is ${bad[1]} (batch ${batch})`);
}

function withoutFrozen(state: State, frozen: ReadonlySet<string>): State {
  return new Map([...state].filter(([name]) => !frozen.has(name)));
}

function due(step: number, everySteps: number): boolean {
  return everySteps > 0 && step % everySteps === 0;
}

/** Pairs a second since the loop began. */
function stopwatch(): (pairs: number) => number {
  const start = performance.now();
  let total = 0;
  return (pairs) => (total += pairs) / Math.max((performance.now() - start) / 1000, 1e-3);
}

function rssMb(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
