/** @file A small network over cached trunk features: trains in seconds, touches no pixel. */
import type { PairSampler } from "../data/index.ts";
import type { Task } from "../data/types.ts";
import type { State, Tensor } from "../engine/index.ts";
import { Evaluator, Graph, tensor } from "../engine/index.ts";
import type { CachedFeeds } from "../loss/index.ts";
import { chunked } from "../loss/index.ts";
import type { HeadOptions } from "../model/index.ts";
import { buildHead, initHead } from "../model/index.ts";
import { groupOf, samplerOf } from "./batches.ts";
import type { TrainConfig } from "./config.ts";
import type { Embedder, EmbedRequest, EmbeddingRows } from "./embedder.ts";
import { gatherRows } from "./embedder.ts";
import type { Features } from "./features.ts";
import { cachedObjective, initialTemperatures, objective } from "./objective.ts";
import { targetOf, trueMatches } from "./pairs.ts";
import type { Source } from "./prefetch.ts";
import type { TrainBatch, TrainParts } from "./train.ts";
import { executorOf } from "./executor.ts";

/** The head a config asks for, over features of `dim` numbers. */
export function headOptions({ model: { adapter } }: TrainConfig, dim: number): HeadOptions {
  if (adapter.kind !== "head") throw new RangeError(`head: the adapter is ${adapter.kind}`);
  return { dim, hidden: adapter.hidden };
}

export type HeadPartsOptions = {
  readonly config: TrainConfig;
  readonly tasks: readonly Task[];
  readonly features: Features;
  readonly evaluate: TrainParts["evaluate"];
};

/** Parts of a run that trains a head. */
export function headParts({ config, tasks, features, evaluate }: HeadPartsOptions): TrainParts {
  const dim = features.table.shape[1];
  const options = headOptions(config, dim);
  const own = initHead(options, config.model.initSeed ?? config.seed);
  return {
    initial: new Map([...own, ...initialTemperatures(config)]),
    frozen: new Set(),
    evaluate,
    cache: cachedObjective(config, {
      dim,
      encode: (graph, rows) => buildHead(graph, graph.input("x", [rows, dim]), options),
      trains: () => true,
    }),
    build(group) {
      const graph = new Graph();
      const shape = [config.batchSize, dim];
      const query = buildHead(graph, graph.input("query", shape), options);
      const target = buildHead(graph, graph.input("target", shape), options);
      return objective({ graph, config, query, target, group, trains: () => true });
    },
    batches: (sampler) => new FeatureBatches(config, samplerOf(config, tasks, sampler), features),
  };
}

/** Rows of the feature table instead of pixels. */
class FeatureBatches implements Source<TrainBatch> {
  readonly #config: TrainConfig;
  readonly #sampler: PairSampler;
  readonly #features: Features;

  constructor(config: TrainConfig, sampler: PairSampler, features: Features) {
    this.#config = config;
    this.#sampler = sampler;
    this.#features = features;
  }

  async next(): Promise<TrainBatch> {
    const { pairs } = this.#sampler.next();
    const query = pairs.map(({ task, query: { item, instruction } }) => ({
      item,
      instruction: instruction ?? task.queryInstruction,
    }));
    const target = pairs.map((pair) => ({
      item: targetOf(pair),
      instruction: pair.task.targetInstruction,
    }));
    const group = groupOf(pairs);
    const drawn = { pairs: pairs.length, group, sampler: this.#sampler.state() };
    if (this.#config.gradCacheChunk !== null) {
      const chunks: CachedFeeds = {
        query: chunked({ x: this.#gather(query) }),
        target: chunked({ x: this.#gather(target) }),
        matches: (start, rows) => trueMatches(pairs, start, rows),
      };
      return { ...drawn, work: { kind: "chunks", chunks } };
    }
    const bucket = this.#config.loss.temperature.learnable ? group : "";
    const sides = { query: this.#gather(query), target: this.#gather(target) };
    const feeds = { ...sides, matches: trueMatches(pairs) };
    return { ...drawn, work: { kind: "whole", bucket, feeds } };
  }

  #gather(requests: readonly EmbedRequest[]): Tensor {
    const rows = requests.map((request) => this.#features.rowOf(request));
    const { shape, data } = gatherRows(this.#features.table, rows);
    return tensor(data, shape);
  }
}

function headOnly(state: State): State {
  return new Map([...state].filter(([name]) => name.startsWith("head.")));
}

/** Rows of one graph of the embedder. */
const CHUNK = 1024;

export type HeadEmbedderOptions = {
  readonly config: TrainConfig;
  readonly state: State;
  readonly features: Features;
};

/** Embeds items by their cached features and a trained head. */
export async function headEmbedder(options: HeadEmbedderOptions): Promise<Embedder> {
  const { config, state, features } = options;
  const dim = features.table.shape[1];
  const evaluator = await Evaluator.create({
    executor: executorOf(config),
    state: headOnly(state),
    build() {
      const graph = new Graph();
      const x = graph.input("x", [CHUNK, dim]);
      graph.output("embedding", buildHead(graph, x, headOptions(config, dim)));
      return graph;
    },
  });
  return {
    dim,
    load: (other) => evaluator.load(headOnly(other)),
    close: () => evaluator.close(),
    async embed(requests): Promise<EmbeddingRows> {
      const rows = Int32Array.from(requests, (request) => features.rowOf(request));
      const data = new Float32Array(rows.length * dim);
      for (let start = 0; start < rows.length; start += CHUNK) {
        const chunk = new Int32Array(CHUNK); // a rest is padded with row 0
        chunk.set(rows.subarray(start, start + CHUNK));
        const { shape, data: x } = gatherRows(features.table, chunk);
        const out = (await evaluator.run("", { x: tensor(x, shape) }))["embedding"]!;
        const wanted = Math.min(CHUNK, rows.length - start) * dim;
        data.set((out.data as Float32Array).subarray(0, wanted), start * dim);
      }
      return { shape: [rows.length, dim], data };
    },
  };
}
