/** @file One run from config to stored result: put together, recorded, trained, scored, resumable. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadTasks } from "../data/index.ts";
import type { Split, Task } from "../data/types.ts";
import type { ExecutorName, State } from "../engine/index.ts";
import type { TaskScore } from "../eval/index.ts";
import type { EncoderConfig } from "../model/index.ts";
import { NANO_TOKENIZER, Processor, TextTokenizer, preset } from "../model/index.ts";
import { RunWriter } from "../tracking/index.ts";
import { chosenTasks } from "./batches.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { TrainConfig } from "./config.ts";
import { onDevice, startedOn } from "./executor.ts";
import type { Embedder } from "./embedder.ts";
import { environment } from "./environment.ts";
import { averageMetrics, recordScores, scoreTasks } from "./evaluate.ts";
import type { FeatureRequest, Features } from "./features.ts";
import { FeatureBank, SharedVision } from "./features.ts";
import { headEmbedder, headParts } from "./head.ts";
import { CODE_VERSION, digestOf, taskKey } from "./identity.ts";
import type { Places, RunRequest } from "./launcher.ts";
import { NANO_PIXELS, PixelBank } from "./pixelbank.ts";
import type { OnProgress } from "./progress.ts";
import { recordRun, recordedConfig } from "./record.ts";
import { TAGS } from "./tags.ts";
import type { TrainParts } from "./train.ts";
import { trainLoop } from "./train.ts";
import type { TrunkKit } from "./trunk.ts";
import { TrunkEmbedder, trunkParts } from "./trunk.ts";
import { trainedHere, trainerOf } from "./under-way.ts";
import {
  folderTokenizer,
  readWeights,
  startDigest,
  startState,
  weightsFile,
  withStart,
} from "./weights.ts";

/** A run that can't be resumed; `code` is NOT_RESUMABLE, the message says why. */
export class ResumeError extends Error {
  override readonly name = "ResumeError";
  readonly code = "NOT_RESUMABLE";
}

export const WEIGHTS_ARTIFACT = "weights.safetensors";

export type TrainHooks = {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
};

export type NewTraining = TrainHooks & {
  readonly experiment: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
};

export type WorkshopOptions = {
  /** Reads the tasks of a split; default: the prepared data under `places.dataRoot`. */
  readonly loadTasks?: (split: Split) => Promise<readonly Task[]>;
  /** Shape of a scale; default: the model's presets. It must fit the nano tokenizer. */
  readonly encoderOf?: (scale: string) => EncoderConfig;
};

/**
 * Everything runs of one process share: the store, tasks, decoded pixels, cached features.
 *
 *     const shop = await Workshop.open({ dataRoot, home, store });
 *     const runId = await shop.train(config, { experiment: "default", name: "first" });
 *     await shop.score(runId);
 *     await shop.close();
 */
export class Workshop {
  readonly places: Places;
  readonly store: RunWriter;
  readonly #encoderOf: (scale: string) => EncoderConfig;
  readonly #load: (split: Split) => Promise<readonly Task[]>;
  readonly #tasks = new Map<Split, Promise<readonly Task[]>>();
  readonly #chosen = new Map<string, readonly Task[]>();
  readonly #kits = new Map<string, TrunkKit>();
  readonly #pixels: PixelBank;
  readonly #features: FeatureBank;

  private constructor(places: Places, { loadTasks: load, encoderOf = preset }: WorkshopOptions) {
    this.#encoderOf = encoderOf;
    this.places = places;
    this.store = RunWriter.open(places.store);
    this.#load = load ?? ((split) => loadTasks(places.dataRoot, { split }));
    this.#pixels = new PixelBank(places.dataRoot, NANO_PIXELS);
    this.#features = new FeatureBank(join(places.home, "cache", "features"));
  }

  static open(places: Places, options: WorkshopOptions = {}): Promise<Workshop> {
    return Promise.resolve(new Workshop(places, options));
  }

  async close(): Promise<void> {
    this.store.close();
  }

  tasks(split: Split): Promise<readonly Task[]> {
    const known = this.#tasks.get(split) ?? this.#load(split);
    this.#tasks.set(split, known);
    return known;
  }

  /** Digest over what a config trains on and is scored on. */
  async dataDigest(config: TrainConfig): Promise<string> {
    const train = await this.trainTasks(config);
    const all = [...train, ...(await this.tasks("dev")), ...(await this.tasks("test"))];
    return digestOf(all.map(({ name, split, digest }) => ({ name, split, digest })));
  }

  /** The key under which a run of this config is reused. */
  async keyOf(config: TrainConfig): Promise<string> {
    const dataDigest = await this.dataDigest(config);
    const initDigest = await startDigest(config);
    return taskKey({ config, dataDigest, initDigest, codeVersion: CODE_VERSION });
  }

  /** Trains from the beginning. Returns the run's id once it is FINISHED. */
  async train(
    config: TrainConfig,
    { experiment, name, tags = {}, ...hooks }: NewTraining,
  ): Promise<string> {
    const runId = recordRun(this.store, {
      experiment,
      name,
      config,
      tasks: await this.trainTasks(config),
      dataDigest: await this.dataDigest(config),
      startDigest: await startDigest(config),
      environment: await environment(),
      tags: { [TAGS.key]: await this.keyOf(config), ...trainedHere(), ...tags },
    });
    return this.#carryOn(runId, config, hooks);
  }

  /**
   * Goes on with a run that was cut off, to the numbers it would have had:
   *
   *  1. its config, as recorded, on the device that it began on;
   *  2. data, start and code must be what they were, else it refuses;
   *  3. the checkpoint, or the beginning if none was written;
   *  4. parameters, moments and step count from it, frozen weights from the start;
   *  5. the sampler's state from it; augmentation needs none, it is seeded by step;
   *  6. metrics of steps that are stored already are not stored again.
   */
  async resume(runId: string, hooks: TrainHooks = {}): Promise<string> {
    const run = this.store.run(runId);
    if (run.status === "FINISHED") throw new ResumeError(`run ${runId} is finished`);
    const trainer = trainerOf(run);
    if (trainer !== undefined) {
      throw new ResumeError(`run ${runId} is being trained by process ${trainer}`);
    }
    const config = recordedConfig(this.store, runId);
    const now = {
      [TAGS.data]: await this.dataDigest(config),
      [TAGS.start]: (await startDigest(config)) ?? "random",
      [TAGS.code]: CODE_VERSION,
    };
    for (const [tag, value] of Object.entries(now)) {
      if (run.tags[tag] === value) continue;
      throw new ResumeError(
        `run ${runId}: ${tag} was ${run.tags[tag]}, is ${value}; train anew instead`,
      );
    }
    this.store.setTags(runId, trainedHere());
    this.store.updateRun(runId, { status: "RUNNING", endTime: null });
    return this.#carryOn(runId, startedOn(config, run.tags[TAGS.device]), hooks);
  }

  /** Carries out a launcher's request: trains or resumes, then scores the test split. */
  async execute(
    request: RunRequest,
    onStep: (done: number, total: number) => void,
  ): Promise<string> {
    const onProgress: OnProgress = ({ stage, done, total }) => {
      if (stage === "train") onStep(done, total);
    };
    const hooks: TrainHooks = { onProgress };
    const { experiment, name, tags, config } = request;
    const runId =
      request.resume === undefined
        ? await this.train(config, { experiment, name, tags, ...hooks })
        : await this.resume(request.resume, hooks);
    await this.score(runId);
    return runId;
  }

  /** Scores a finished run on dev and test and records it. Returns the test scores. */
  async score(runId: string, onProgress?: OnProgress, device?: ExecutorName): Promise<TaskScore[]> {
    const config = onDevice(recordedConfig(this.store, runId), device);
    const state = withStart(config, this.kit(config).encoder, this.weights(runId));
    const embedder = await this.embedder(config, state);
    try {
      const dev = await scoreTasks(await this.tasks("dev"), embedder, onProgress);
      const test = await scoreTasks(await this.tasks("test"), embedder, onProgress);
      recordScores(this.store, runId, dev, config.steps);
      recordScores(this.store, runId, test, config.steps);
      this.store.setTags(runId, { [TAGS.scored]: "true" });
      return test;
    } finally {
      await embedder.close();
    }
  }

  /** A finished run's own weights, without the frozen ones it started from. */
  weights(runId: string): State {
    return readWeights(this.store.artifactPath(runId, WEIGHTS_ARTIFACT)).state;
  }

  /** What embeds with these weights. */
  async embedder(config: TrainConfig, state: State): Promise<Embedder> {
    const kit = this.kit(config);
    if (config.model.adapter.kind !== "head") {
      await kit.pixels.ensure([...(await this.tasks("dev")), ...(await this.tasks("test"))]);
      return TrunkEmbedder.create({ config, kit, state });
    }
    return headEmbedder({ config, state, features: await this.features(config) });
  }

  /** Trunk embeddings of every item of every split (or of `tasks`), computed once for a trunk and prompt. */
  async features(
    config: TrainConfig,
    { onProgress, tasks, vision }: FeatureRequest = {},
  ): Promise<Features> {
    const held = [...(await this.tasks("dev")), ...(await this.tasks("test"))];
    const kit = this.kit(config);
    const all = tasks ?? [...(await this.trainTasks(config)), ...held];
    return this.#features.of({ config, kit, tasks: all, onProgress, vision });
  }

  /**
   * Features for several prompts of one trunk: each picture goes through the tower once. Pixels are not
   * kept: processes that train on the features need the memory.
   */
  async featuresOf(configs: readonly TrainConfig[], onProgress?: OnProgress): Promise<void> {
    const vision = new SharedVision();
    try {
      for (const config of configs) await this.features(config, { onProgress, vision });
    } finally {
      await vision.close();
      this.#pixels.release();
    }
  }

  /** Encoder shape, processor and pixels of a scale; the tokenizer is that of the folder it starts from. */
  kit(config: TrainConfig): TrunkKit {
    const { scale } = config.model;
    const tokenizer = folderTokenizer(config) ?? NANO_TOKENIZER;
    const key = `${scale} ${tokenizer}`;
    const known = this.#kits.get(key);
    if (known !== undefined) return known;
    const encoder = this.#encoderOf(scale);
    const processor = new Processor(encoder, TextTokenizer.fromFile(tokenizer));
    const kit = { encoder, processor, pixels: this.#pixels };
    this.#kits.set(key, kit);
    return kit;
  }

  async #carryOn(runId: string, config: TrainConfig, hooks: TrainHooks): Promise<string> {
    const folder = join(this.places.home, "checkpoints", runId);
    const checkpointFile = join(folder, "state.safetensors");
    try {
      const parts = await this.#parts(config, hooks);
      const from = readCheckpoint(checkpointFile, runId);
      const { store } = this;
      const state = await trainLoop({
        config,
        parts,
        store,
        runId,
        checkpointFile,
        from,
        ...hooks,
      });
      const info = { config, runId, step: config.steps, startDigest: await startDigest(config) };
      store.logArtifact(runId, WEIGHTS_ARTIFACT, weightsFile(state, parts.frozen, info));
      store.finishRun(runId);
      await rm(folder, { recursive: true, force: true });
      return runId;
    } catch (error) {
      const status = hooks.signal?.aborted ? "KILLED" : "FAILED";
      this.store.setTags(runId, { [TAGS.error]: (error as Error).message.slice(0, 4000) });
      this.store.finishRun(runId, status);
      throw error;
    }
  }

  /** Tasks a config trains on; cut to its cap. */
  async trainTasks(config: TrainConfig): Promise<readonly Task[]> {
    const { tasks, capPerDataset } = config.sampler;
    const key = JSON.stringify([tasks, capPerDataset]);
    const known = this.#chosen.get(key) ?? chosenTasks(config, await this.tasks("train"));
    this.#chosen.set(key, known);
    return known;
  }

  async #parts(config: TrainConfig, { onProgress }: TrainHooks): Promise<TrainParts> {
    const tasks = await this.trainTasks(config);
    const evaluate =
      config.evaluation.everySteps > 0 ? (s: State) => this.#evaluate(config, s) : null;
    if (config.model.adapter.kind === "head") {
      return headParts({
        config,
        tasks,
        features: await this.features(config, { onProgress }),
        evaluate,
      });
    }
    const kit = this.kit(config);
    await kit.pixels.ensure(tasks, onProgress);
    const start = startState(config, kit.encoder);
    return trunkParts({ config, kit, tasks, start, evaluate });
  }

  /** Mean scores of a state on the split the config watches. */
  async #evaluate(config: TrainConfig, state: State): Promise<Record<string, number>> {
    const embedder = await this.embedder(config, state);
    try {
      const { split } = config.evaluation;
      return averageMetrics(await scoreTasks(await this.tasks(split), embedder), split);
    } finally {
      await embedder.close();
    }
  }
}
