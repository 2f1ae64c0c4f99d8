/** @file Trunk embeddings of every item, computed once and kept on disk: what heads train on. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "../data/types.ts";
import type { State } from "../engine/index.ts";
import type { Precision } from "../model/index.ts";
import { readSafetensors, writeSafetensors } from "../model/index.ts";
import type { TrainConfig } from "./config.ts";
import { resolveConfig } from "./config.ts";
import type { EmbedRequest, EmbeddingRows } from "./embedder.ts";
import { requestKey, taskRequests } from "./embedder.ts";
import { digestOf } from "./identity.ts";
import type { OnProgress } from "./progress.ts";
import type { TrunkKit } from "./trunk.ts";
import { TrunkEmbedder } from "./trunk.ts";
import { VisionBank } from "./visionbank.ts";
import { startDigest, startState } from "./weights.ts";

/** Raised by hand when trunk, processor or decoding change what they compute. */
const FEATURE_VERSION = "2";

export type Features = {
  /** Unit rows: [items, dim]. */
  readonly table: EmbeddingRows;
  /** Row of an item as a task's side sees it; throws for one that was never asked for. */
  rowOf(request: EmbedRequest): number;
};

/** Which features, and how they are made. */
export type FeatureRequest = {
  readonly tasks?: readonly Task[] | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Shared by requests for one trunk that differ by prompt; closed by who made it. Default: one's own. */
  readonly vision?: SharedVision | undefined;
};

export type FeaturesOptions = FeatureRequest & {
  /** Whose trunk and prompt; nothing else of it matters. */
  readonly config: TrainConfig;
  readonly kit: TrunkKit;
  readonly tasks: readonly Task[];
};

/** One trunk's vision bank by precision, made when the first extraction needs it. */
export class SharedVision {
  readonly #banks = new Map<Precision, Promise<VisionBank>>();

  bank(
    config: TrainConfig,
    kit: TrunkKit,
    state: State,
    precision: Precision,
  ): Promise<VisionBank> {
    const known = this.#banks.get(precision) ?? VisionBank.create(config, kit, state, precision);
    this.#banks.set(precision, known);
    return known;
  }

  async close(): Promise<void> {
    for (const bank of this.#banks.values()) await (await bank).close();
  }
}

/** Features by trunk, prompt and data; one extraction at a time, each kept in memory and on disk. */
export class FeatureBank {
  readonly #folder: string;
  readonly #known = new Map<string, Promise<Features>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async of(options: FeaturesOptions): Promise<Features> {
    const { config, tasks } = options;
    const { trunkPrecision } = config.model;
    const key = digestOf({
      version: FEATURE_VERSION,
      trunk: (await startDigest(config)) ?? `random ${config.model.initSeed ?? config.seed}`,
      scale: config.model.scale,
      prompt: config.model.prompt,
      precision: trunkPrecision === "fp32" ? undefined : trunkPrecision,
      tasks: tasks.map(({ name, split, digest, queries }) => [name, split, digest, queries.length]),
    }).slice(0, 32);
    const known = this.#known.get(key) ?? this.#make(key, options);
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    return known;
  }

  async #make(
    key: string,
    { config, kit, tasks, onProgress, vision: shared }: FeaturesOptions,
  ): Promise<Features> {
    const { unique } = taskRequests(tasks);
    const rows = new Map(unique.map((request, row) => [requestKey(request), row]));
    const table = await this.#table(key, unique, async () => {
      await kit.pixels.ensure(tasks, onProgress);
      const vision = shared ?? new SharedVision();
      try {
        return await extract({ config, kit, unique, onProgress, vision });
      } finally {
        if (vision !== shared) await vision.close();
      }
    });
    return {
      table,
      rowOf(request) {
        const row = rows.get(requestKey(request));
        if (row !== undefined) return row;
        throw new RangeError(`features: no row for ${JSON.stringify(request)}`);
      },
    };
  }

  async #table(
    key: string,
    unique: readonly EmbedRequest[],
    make: () => Promise<EmbeddingRows>,
  ): Promise<EmbeddingRows> {
    const file = join(this.#folder, `${key}.safetensors`);
    if (existsSync(file)) {
      const found = readSafetensors(file).get("features");
      if (found?.shape[0] === unique.length && found.data instanceof Float32Array) {
        return { shape: [unique.length, found.shape[1]!], data: found.data };
      }
    }
    const made = await make();
    const tensors = new Map([["features", { dtype: "float32" as const, ...made }]]);
    await mkdir(this.#folder, { recursive: true });
    writeSafetensors(file, tensors);
    return made;
  }
}

async function extract({
  config,
  kit,
  unique,
  onProgress,
  vision,
}: {
  config: TrainConfig;
  kit: TrunkKit;
  unique: readonly EmbedRequest[];
  onProgress: OnProgress | undefined;
  vision: SharedVision;
}): Promise<EmbeddingRows> {
  // The trunk alone, on all cores, whatever adapter and threads the run has.
  const { scale, init, initSeed, prompt, trunkPrecision: precision } = config.model;
  const plain = resolveConfig([
    { seed: config.seed, model: { scale, init, initSeed, prompt, adapter: { kind: "none" } } },
  ]);
  const state = startState(plain, kit.encoder);
  const bank = await vision.bank(plain, kit, state, precision);
  const options = { config: plain, kit, state, vision: bank, precision };
  const embedder = await TrunkEmbedder.create(options);
  try {
    const report: OnProgress = ({ done, total }) =>
      onProgress?.({ stage: `features (${prompt})`, done, total });
    return await embedder.embed(unique, report);
  } finally {
    await embedder.close();
  }
}
