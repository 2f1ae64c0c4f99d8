/** @file Training batches of items: pairs -> pixels -> augmentation -> tokens and patches -> feeds. */
import type { Task } from "../data/types.ts";
import type { Pair, PairBatch } from "../data/index.ts";
import { PairSampler } from "../data/index.ts";
import { Random } from "../engine/index.ts";
import type { RandomState, Tensor } from "../engine/index.ts";
import type { CachedFeeds, ChunkFeeds } from "../loss/index.ts";
import type { EncoderInput, Processor, PromptMode } from "../model/index.ts";
import { AUGMENT_POLICIES, Assembler, PROMPT_MODES, augment, bucketKey } from "../model/index.ts";
import { augmentPolicy } from "./augment.ts";
import type { TrainConfig } from "./config.ts";
import { ConfigError } from "./config.ts";
import type { EmbedRequest } from "./embedder.ts";
import { targetOf, trueMatches } from "./pairs.ts";
import type { Source } from "./prefetch.ts";
import type { PixelSource } from "./pixelbank.ts";
import type { TrainBatch } from "./train.ts";

/** Prefixes of the two sides' inputs in one graph. */
export const QUERY = "query.";
export const TARGET = "target.";

/** The sampler a config asks for over its `chosenTasks`, at `state` or at the beginning. */
export function samplerOf(
  config: TrainConfig,
  tasks: readonly Task[],
  state: unknown,
): PairSampler {
  const { weights, resampling, mergeClassification, plantDuplicates, together } = config.sampler;
  const sampler = new PairSampler({
    tasks,
    weights,
    resampling,
    mergeClassification,
    plantDuplicates,
    together,
    batchSize: config.batchSize,
    random: Random.from(config.seed, "order"),
  });
  if (state !== null) sampler.restore(state as ReturnType<PairSampler["state"]>);
  return sampler;
}

/**
 * Training tasks the config names, all if it names none, each cut to the cap and to candidates that
 * are a positive. Kept queries are spread evenly over the set and the same for every seed: runs of a
 * grid must see equal data.
 */
export function chosenTasks(config: TrainConfig, tasks: readonly Task[]): readonly Task[] {
  const patterns = config.sampler.tasks;
  for (const pattern of patterns ?? []) {
    // Leaving out what isn't there is no mistake: recipes serve more than one benchmark.
    if (pattern.startsWith("!") || tasks.some(({ name }) => fits(pattern, name))) continue;
    const names = tasks.map((task) => task.name).join(", ");
    throw new ConfigError(`sampler.tasks: "${pattern}" fits no training task; there are ${names}`);
  }
  const cap = config.sampler.capPerDataset ?? Infinity;
  return tasks.filter(({ name }) => takesPart(config, name)).map((task) => capped(task, cap));
}

function capped(task: Task, cap: number): Task {
  const n = Math.min(cap, task.queries.length);
  const queries = Array.from(
    { length: n },
    (_, i) => task.queries[Math.floor((i * task.queries.length) / n)]!,
  );
  const ids = new Set(queries.flatMap(({ positives }) => [...positives.keys()]));
  const corpus = new Map([...task.corpus].filter(([id]) => ids.has(id)));
  return { ...task, queries, corpus };
}

function takesPart({ sampler }: TrainConfig, name: string): boolean {
  const patterns = sampler.tasks ?? [];
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  if (patterns.some((pattern) => pattern.startsWith("!") && fits(pattern.slice(1), name)))
    return false;
  return wanted.length === 0 || wanted.some((pattern) => fits(pattern, name));
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

export type ItemBatchesOptions = {
  readonly config: TrainConfig;
  readonly tasks: readonly Task[];
  readonly processor: Processor;
  readonly pixels: PixelSource;
  readonly sampler: unknown;
  readonly step: number;
};

/**
 * Feeds of both sides of one data set's pairs. Augmentation draws from a stream of its own for every
 * step, so that it needs no state of its own to resume.
 */
export class ItemBatches implements Source<TrainBatch> {
  readonly #options: ItemBatchesOptions;
  readonly #sampler: PairSampler;
  readonly #assembler: Assembler;
  #step: number;

  constructor(options: ItemBatchesOptions) {
    this.#options = options;
    this.#sampler = samplerOf(options.config, options.tasks, options.sampler);
    this.#assembler = new Assembler(options.processor.config);
    this.#step = options.step;
  }

  async next(): Promise<TrainBatch> {
    const { config } = this.#options;
    const step = this.#step++;
    const { pairs } = this.#sampler.next();
    const random = Random.from(config.seed, `augment ${step}`);
    const { mixPrompts, prompt: own } = config.model;
    const prompt = mixPrompts ? PROMPT_MODES[random.int(PROMPT_MODES.length)]! : own;
    const group = groupOf(pairs);
    const drawn = { pairs: pairs.length, group, sampler: this.#sampler.state() };
    if (config.gradCacheChunk !== null) {
      const chunks: CachedFeeds = {
        query: this.#chunks(pairs, queryOf, { prompt, random }),
        target: this.#chunks(pairs, targetRequestOf, { prompt, random }),
        matches: (start, rows) => trueMatches(pairs, start, rows),
      };
      return { ...drawn, work: { kind: "chunks", chunks } };
    }
    const query = await this.#side(pairs, queryOf, { prefix: QUERY, prompt, random });
    const target = await this.#side(pairs, targetRequestOf, { prefix: TARGET, prompt, random });
    const bucket = stepBucket(query.bucket, target.bucket, group, config);
    const feeds = { ...query.feeds, ...target.feeds, matches: trueMatches(pairs) };
    return { ...drawn, work: { kind: "whole", bucket, feeds } };
  }

  /** Made when they are asked for; the second time from the same random numbers. */
  #chunks(
    pairs: readonly Pair[],
    requestOf: (pair: Pair) => EmbedRequest,
    { prompt, random }: { prompt: PromptMode; random: Random },
  ): ChunkFeeds {
    const began = new Map<number, RandomState>();
    return async (start, rows) => {
      const known = began.get(start);
      if (known === undefined) began.set(start, random.state());
      const { bucket: shape, feeds } = await this.#side(
        pairs.slice(start, start + rows),
        requestOf,
        { prefix: "", prompt, random: known === undefined ? random : Random.restore(known) },
      );
      return { shape, feeds };
    };
  }

  async #side(
    pairs: readonly Pair[],
    requestOf: (pair: Pair) => EmbedRequest,
    { prefix, prompt, random }: { prefix: string; prompt: PromptMode; random: Random },
  ): Promise<{ bucket: string; feeds: Record<string, Tensor> }> {
    const { config, processor, pixels } = this.#options;
    const inputs: EncoderInput[] = [];
    for (const pair of pairs) {
      const { item, instruction } = requestOf(pair);
      const plain = await pixels.load(item);
      const policy =
        AUGMENT_POLICIES[config.augment === "none" ? "none" : augmentPolicy(pair.task)];
      const seen = plain === undefined ? {} : { pixels: augment(plain, policy, random) };
      const text = item.text === undefined ? {} : { text: item.text };
      inputs.push(processor.process({ ...text, ...seen, instruction }, { prompt }));
    }
    // Every pair of lengths is a graph of its own with its own memory: texts alone get few lengths.
    const plain = inputs.every(({ layout }) => layout === undefined);
    const longest = Math.max(...inputs.map(({ ids }) => ids.length));
    const tokens = plain ? { tokens: Math.max(16, 2 ** Math.ceil(Math.log2(longest))) } : {};
    const { bucket, feeds } = this.#assembler.assemble(inputs, { prefix, ...tokens });
    return { bucket: bucketKey(bucket), feeds };
  }
}

function queryOf({ task, query }: Pair): EmbedRequest {
  return { item: query.item, instruction: query.instruction ?? task.queryInstruction };
}

function targetRequestOf(pair: Pair): EmbedRequest {
  return { item: targetOf(pair), instruction: pair.task.targetInstruction };
}

/** All pairs of a batch share a source, hence a temperature. */
export function groupOf(pairs: PairBatch["pairs"]): string {
  return pairs[0]!.task.temperatureGroup;
}

/** Name of the compiled step: shapes of both sides, and the group where its temperature is learnt. */
function stepBucket(query: string, target: string, group: string, { loss }: TrainConfig): string {
  return [query, target, loss.temperature.learnable ? group : ""].join("|");
}

export function parseStepBucket(bucket: string): { query: string; target: string; group: string } {
  const [query, target, group] = bucket.split("|") as [string, string, string];
  return { query, target, group };
}
