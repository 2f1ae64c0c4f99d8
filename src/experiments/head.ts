/** @file A small network over cached trunk features: trains in seconds, touches no pixel. */
import type { PairSampler } from "../data/sampler.ts";
import type { Task } from "../data/types.ts";
import type { State, Tensor, Value } from "../engine/index.ts";
import {
  Evaluator,
  Graph,
  Random,
  add,
  gelu,
  l2Normalize,
  linear,
  tensor,
} from "../engine/index.ts";
import { groupOf, samplerOf } from "./batches.ts";
import type { TrainConfig } from "./config.ts";
import type { Embedder, EmbedRequest, EmbeddingRows } from "./embedder.ts";
import { gatherRows } from "./embedder.ts";
import type { Features } from "./features.ts";
import { initialTemperatures, objective } from "./objective.ts";
import { targetOf, trueMatches } from "./pairs.ts";
import type { Source } from "./prefetch.ts";
import type { TrainBatch, TrainParts } from "./train.ts";
import { executorOf, isTrainingState } from "./trunk.ts";

const UP = "head.up";
const DOWN = "head.down";

/**
 * y = x + W2 gelu(W1 x + b1) + b2, unit length; with no hidden layer y = x + W2 x + b2. Both sides
 * share it, as they share the trunk. W2 starts at zero, so that training starts from the trunk's
 * own embeddings.
 *
 * @param x unit rows: [rows, dim]
 */
export function head(x: Value, hidden: number): Value {
  const { graph } = x;
  const dim = x.shape[1]!;
  const layer = (input: Value, name: string, out: number): Value =>
    linear(
      input,
      graph.parameter(`${name}.weight`, [out, input.shape[1]!]),
      graph.parameter(`${name}.bias`, [out]),
    );
  const inner = hidden === 0 ? x : gelu(layer(x, UP, hidden)); // [rows, hidden]
  return l2Normalize(add(x, layer(inner, DOWN, dim)));
}

/** The head's parameters at step 0. */
export function initHead(dim: number, hidden: number, random: Random): State {
  const width = hidden === 0 ? dim : hidden;
  const state: State = new Map([
    [`${DOWN}.weight`, tensor(new Float32Array(dim * width), [dim, width])],
    [`${DOWN}.bias`, tensor(new Float32Array(dim), [dim])],
  ]);
  if (hidden === 0) return state;
  // Unit inputs have elements of size 1/sqrt(dim): deviation 1 gives the hidden layer unit variance.
  const up = Float32Array.from({ length: hidden * dim }, () => random.normal());
  state.set(`${UP}.weight`, tensor(up, [hidden, dim]));
  state.set(`${UP}.bias`, tensor(new Float32Array(hidden), [hidden]));
  return state;
}

function hiddenOf({ model: { adapter } }: TrainConfig): number {
  if (adapter.kind !== "head") throw new RangeError(`head: the adapter is ${adapter.kind}`);
  return adapter.hidden;
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
  const hidden = hiddenOf(config);
  const random = Random.from(config.model.initSeed ?? config.seed, "head");
  const own = initHead(dim, hidden, random);
  return {
    initial: new Map([...own, ...initialTemperatures(config)]),
    frozen: new Set(),
    evaluate,
    build(group) {
      const graph = new Graph();
      const shape = [config.batchSize, dim];
      const query = head(graph.input("query", shape), hidden);
      const target = head(graph.input("target", shape), hidden);
      const trained = graph.parameters();
      return objective({ graph, config, query, target, group, trained });
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
    const { matches, count } = trueMatches(pairs);
    const group = groupOf(pairs);
    return {
      bucket: this.#config.loss.temperature.learnable ? group : "",
      feeds: { query: this.#gather(query), target: this.#gather(target), matches },
      pairs: pairs.length,
      group,
      matches: count,
      sampler: this.#sampler.state(),
    };
  }

  #gather(requests: readonly EmbedRequest[]): Tensor {
    const rows = requests.map((request) => this.#features.rowOf(request));
    const { shape, data } = gatherRows(this.#features.table, rows);
    return tensor(data, shape);
  }
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
    state: new Map(
      [...state].filter(([name]) => name.startsWith("head.") && !isTrainingState(name)),
    ),
    build() {
      const graph = new Graph();
      graph.output("embedding", head(graph.input("x", [CHUNK, dim]), hiddenOf(config)));
      return graph;
    },
  });
  return {
    dim,
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
