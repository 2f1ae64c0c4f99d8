/** @file Training and embedding with the encoder itself: every weight, or LoRA on a frozen trunk. */
import type { Task } from "../data/types.ts";
import type { Graph as GraphType, State, Value } from "../engine/index.ts";
import { Evaluator, Graph } from "../engine/index.ts";
import type {
  Bucket,
  EncoderConfig,
  EncoderInput,
  EncoderOptions,
  FrozenLinears,
  LoraConfig,
  Precision,
  Processor,
} from "../model/index.ts";
import {
  Assembler,
  bucketKey,
  buildEncoder,
  frozenLinears,
  groupByBucket,
  isLoraParameter,
  parseBucketKey,
} from "../model/index.ts";
import { ItemBatches, QUERY, TARGET, parseStepBucket } from "./batches.ts";
import type { TrainConfig } from "./config.ts";
import type { Embedder, EmbedRequest, EmbeddingRows } from "./embedder.ts";
import { executorOf } from "./executor.ts";
import { cachedObjective, initialTemperatures, objective } from "./objective.ts";
import type { PixelSource } from "./pixelbank.ts";
import type { OnProgress } from "./progress.ts";
import type { TrainParts } from "./train.ts";
import type { VisionBank } from "./visionbank.ts";

/** Everything that doesn't change while an encoder trains. */
export type TrunkKit = {
  readonly encoder: EncoderConfig;
  readonly processor: Processor;
  readonly pixels: PixelSource;
};

/** LoRA as the model takes it, or undefined where every weight trains. */
export function loraOf({ model: { adapter } }: TrainConfig): LoraConfig | undefined {
  if (adapter.kind !== "lora") return undefined;
  const { rank, alpha, targets } = adapter;
  return { rank, alpha, targets: [...targets] };
}

export type TrunkPartsOptions = {
  readonly config: TrainConfig;
  readonly kit: TrunkKit;
  readonly tasks: readonly Task[];
  /** Encoder weights to start from, adapter included. */
  readonly start: State;
  readonly evaluate: TrainParts["evaluate"];
};

/** Parts of a run that trains the encoder or LoRA factors in it. */
export function trunkParts({ config, kit, tasks, start, evaluate }: TrunkPartsOptions): TrainParts {
  const lora = loraOf(config);
  const linears = frozenOf(config, kit, start);
  const trains = (name: string): boolean => lora === undefined || isLoraParameter(name);
  const model = { adapter: lora, frozen: linears, recompute: config.recompute };
  return {
    initial: new Map([...held(linears, start), ...initialTemperatures(config)]),
    frozen: new Set([...start.keys()].filter((name) => !trains(name))),
    evaluate,
    cache: cachedObjective(config, {
      dim: kit.encoder.text.hidden,
      encode: (graph, _rows, shape) => encode(graph, kit.encoder, parseBucketKey(shape), model),
      trains,
    }),
    build(bucket) {
      const sides = parseStepBucket(bucket);
      const graph = new Graph();
      const side = (key: string, prefix: string): Value =>
        encode(graph, kit.encoder, parseBucketKey(key), { ...model, prefix });
      const query = side(sides.query, QUERY);
      const target = side(sides.target, TARGET);
      return objective({ graph, config, query, target, group: sides.group, trains });
    },
    batches: (sampler, step) =>
      new ItemBatches({
        config,
        tasks,
        processor: kit.processor,
        pixels: kit.pixels,
        sampler,
        step,
      }),
  };
}

function encode(
  graph: GraphType,
  encoder: EncoderConfig,
  bucket: Bucket,
  {
    adapter,
    ...options
  }: Omit<EncoderOptions, "adapter"> & { readonly adapter: LoraConfig | undefined },
): Value {
  const adapted = adapter === undefined ? options : { ...options, adapter };
  return buildEncoder(graph, encoder, bucket, adapted).embedding;
}

/** The linear layers of the config's frozen trunk, where it keeps them in fewer bits. */
export function frozenOf(
  { model, executor }: TrainConfig,
  { encoder }: TrunkKit,
  state: State,
  precision: Precision = model.trunkPrecision,
): FrozenLinears | undefined {
  // ONNX Runtime multiplies halves on a GPU alone.
  const compute = executor.name === "cuda" ? "float16" : "float32";
  return frozenLinears(state, encoder, precision, { compute });
}

function held(linears: FrozenLinears | undefined, state: State): State {
  return linears?.held(state) ?? state;
}

export type TrunkEmbedderOptions = {
  readonly config: TrainConfig;
  readonly kit: TrunkKit;
  readonly state: State;
  /** Rows of a compiled graph; a rest is padded. */
  readonly batch?: number;
  /** Where several embedders with one frozen tower share what it saw. */
  readonly vision?: VisionBank | null;
  /** Default: the config's. */
  readonly precision?: Precision;
};

/** Embeds items with an encoder. Inputs of one size are batched together, longest texts last. */
export class TrunkEmbedder implements Embedder {
  readonly dim: number;
  readonly #options: Required<TrunkEmbedderOptions>;
  readonly #evaluator: Evaluator;
  readonly #assembler: Assembler;
  readonly #linears: FrozenLinears | undefined;

  private constructor(
    options: Required<TrunkEmbedderOptions>,
    evaluator: Evaluator,
    linears: FrozenLinears | undefined,
  ) {
    this.#linears = linears;
    this.dim = options.kit.encoder.text.hidden;
    this.#options = options;
    this.#evaluator = evaluator;
    this.#assembler = new Assembler(options.kit.encoder);
  }

  static async create({
    batch = 32,
    vision = null,
    ...rest
  }: TrunkEmbedderOptions): Promise<TrunkEmbedder> {
    const { config, kit, state, precision = config.model.trunkPrecision } = rest;
    const linears = frozenOf(config, kit, state, precision);
    const evaluator = await Evaluator.create({
      executor: executorOf(config),
      state: held(linears, new Map([...state].filter(([name]) => !isTrainingState(name)))),
      build(bucket) {
        const graph = new Graph();
        graph.output(
          "embedding",
          encode(graph, kit.encoder, parseBucketKey(bucket), {
            adapter: loraOf(config),
            vision: vision === null ? "tower" : "input",
            frozen: linears,
          }),
        );
        return graph;
      },
    });
    return new TrunkEmbedder({ batch, vision, ...rest, precision }, evaluator, linears);
  }

  /** Other weights of the same shapes. */
  async load(state: State): Promise<void> {
    if (this.#options.precision === "int8") {
      throw new Error("TrunkEmbedder: weights of 8 bits are part of its graphs; make another one");
    }
    const own = new Map([...state].filter(([name]) => !isTrainingState(name)));
    await this.#evaluator.load(held(this.#linears, own));
  }

  async embed(requests: readonly EmbedRequest[], onProgress?: OnProgress): Promise<EmbeddingRows> {
    const { batch, vision } = this.#options;
    const data = new Float32Array(requests.length * this.dim);
    let done = 0;
    // Pixels of one window at a time: all of them would not fit in memory.
    for (const window of windows(requests, batch * 64)) {
      await vision?.prepare(window.map(({ request }) => request.item));
      const inputs = await Promise.all(window.map(({ request }) => this.#input(request)));
      const groups = groupByBucket(inputs).flatMap((group) => chunks(group, batch));
      let next = groups[0] && this.#assemble(groups[0], inputs);
      for (const [i, group] of groups.entries()) {
        const running = this.#evaluator.run(next!.key, next!.feeds);
        const following = groups[i + 1];
        next = following && this.#assemble(following, inputs); // while the worker computes
        const out = (await running)["embedding"]!.data as Float32Array;
        for (const [row, at] of group.entries()) {
          const values = out.subarray(row * this.dim, (row + 1) * this.dim);
          data.set(values, window[at]!.index * this.dim);
        }
        done += group.length;
        onProgress?.({ stage: "embed", done, total: requests.length });
      }
    }
    return { shape: [requests.length, this.dim], data };
  }

  async close(): Promise<void> {
    await this.#evaluator.close();
  }

  async #input({ item, instruction }: EmbedRequest): Promise<EncoderInput> {
    const { config, kit, vision } = this.#options;
    const pixels = await kit.pixels.load(item);
    const text = item.text === undefined ? {} : { text: item.text };
    const seen = pixels === undefined ? {} : { pixels };
    const input = kit.processor.process(
      { ...text, ...seen, instruction },
      { prompt: config.model.prompt },
    );
    const visionTokens = vision?.of(item);
    return visionTokens === undefined ? input : { ...input, visionTokens };
  }

  #assemble(
    group: readonly number[],
    inputs: readonly EncoderInput[],
  ): { key: string; feeds: ReturnType<Assembler["assemble"]>["feeds"] } {
    const { batch } = this.#options;
    const { bucket, feeds } = this.#assembler.assemble(
      group.map((i) => inputs[i]!),
      { batch },
    );
    return { key: bucketKey(bucket), feeds };
  }
}

/** State that only training needs: moments, step count, temperatures. */
export function isTrainingState(name: string): boolean {
  return name.startsWith("adam.") || name.startsWith("loss.");
}

function* windows(
  requests: readonly EmbedRequest[],
  size: number,
): Generator<{ request: EmbedRequest; index: number }[]> {
  for (let start = 0; start < requests.length; start += size) {
    yield requests.slice(start, start + size).map((request, i) => ({ request, index: start + i }));
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
