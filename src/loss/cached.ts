/** @file GradCache (spec 1.11): a step on a batch of any size, within memory that chunks and blocks set. */
import type {
  AdamOptions,
  LossScalingOptions,
  ParameterGroup,
  Program,
  SumRun,
  Tensor,
  Tensors,
  Trainer,
  Value,
} from "../engine/index.ts";
import { Graph, forwardProgram, scalar, showShape, sizeOf, trainProgram } from "../engine/index.ts";
import type { BlockOptions } from "./cached-block.ts";
import { columnsOf, lossBlock, surrogate } from "./cached-block.ts";
import type { Side } from "./embedding-cache.ts";
import { EmbeddingCache } from "./embedding-cache.ts";

/** Declares the inputs of a chunk of `rows` of this shape in the graph and returns unit rows [rows, dim]. */
export type Encode = (graph: Graph, rows: number, shape: string) => Value;

export type Chunk = {
  readonly feeds: Tensors;
  /** Tells the encoder's graphs apart where more than the rows differs from chunk to chunk. Default "". */
  readonly shape?: string;
};

/** Items `start` to `start + rows`: called twice for each chunk, in order, must give the same. */
export type ChunkFeeds = (start: number, rows: number) => Chunk | Promise<Chunk>;

export type CachedOptions = Omit<BlockOptions, "rows"> &
  AdamOptions & {
    /** Tells the buckets of several of these in one trainer apart, e.g. a task. Default "cached". */
    readonly name?: string;
    /** Items encoded at once. */
    readonly chunk: number;
    /** One for all sides, or one a side. */
    readonly encode:
      | Encode
      | Readonly<Partial<Record<Side, Encode>> & Record<"query" | "target", Encode>>;
    /** Of the parameters of any one graph, those to train; called for each graph. */
    readonly groups: (parameters: readonly Value[]) => readonly ParameterGroup[];
    readonly clipNorm?: number;
    readonly lossScaling?: LossScalingOptions;
    /** The largest matrix of scores, masks or weights. Default 32 MiB. */
    readonly blockBytes?: number;
  };

export type CachedFeeds = Readonly<
  Partial<Record<Side, ChunkFeeds>> & Record<"query" | "target", ChunkFeeds>
> & {
  /** Which targets truly answer queries `start` to `start + rows`: bool [rows, batch]; with `matches` only. */
  readonly matches?: (start: number, rows: number) => Tensor;
};

export type CachedResult = {
  /** As `infoNce` of the whole batch has them. */
  readonly loss: number;
  readonly maskRate: number;
  readonly meanWeight: number;
  readonly maxWeight: number;
  readonly tau: number;
  /** In-batch negatives that the mask dropped; with `matches`, of how many true ones how many. */
  readonly dropped: number;
  readonly trueMatches?: number;
  readonly hits?: number;
  /** Before clipping. */
  readonly gradNorm: number;
  /** Where the loss is scaled, as `Trainer.step` has them. */
  readonly lossScale?: number;
  readonly skipped?: number;
};

type Totals = Omit<CachedResult, "gradNorm" | "lossScale" | "skipped">;

/**
 * One update on a batch of which no graph holds more than a chunk of encoders or a block of scores.
 *
 * 1. Every chunk is encoded, only the embeddings are kept.
 * 2. The loss of each block of queries against all; its gradient with respect to all embeddings.
 *    The mask sees the whole batch; a temperature gets its gradient here and only here.
 * 3. Every chunk is encoded again from the same feeds, a dropout's seed among them, and
 *    `surrogate` carries its rows of the gradient to the parameters, which are summed.
 *
 * The sum is the gradient of the whole-batch loss, not an approximation.
 */
export class GradCache {
  readonly #options: CachedOptions;
  readonly #name: string;
  /** Queries of a block. */
  readonly blockRows: number;

  constructor(options: CachedOptions) {
    this.#options = options;
    this.#name = options.name ?? "cached";
    for (const name of ["batch", "chunk", "dim"] as const) {
      const size = options[name];
      if (Number.isInteger(size) && size >= 1) continue;
      throw new RangeError(`GradCache: ${name} must be a whole number from 1 up, got ${size}`);
    }
    const { blockBytes = 2 ** 25, batch } = options;
    const row = 4 * columnsOf(options);
    if (!(blockBytes >= row)) {
      throw new RangeError(
        `GradCache: blockBytes must hold one row of scores, ${row} bytes, got ${blockBytes}`,
      );
    }
    this.blockRows = Math.min(batch, Math.floor(blockBytes / row));
  }

  /** Whether a trainer's bucket is one of these. */
  owns(bucket: string): boolean {
    return bucket.startsWith(`${this.#name}/`);
  }

  /** The program of a bucket, for `Trainer.create`. */
  build(bucket: string): Program {
    const [phase, side, rows, ...shape] = bucket.slice(this.#name.length + 1).split(":");
    const size = Number(rows);
    if (phase === "block") return this.#blockProgram(size, side!);
    const encode = this.#encoder(side as Side);
    const graph = new Graph();
    const embeddings = encode(graph, size, shape.join(":"));
    const { dim } = this.#options;
    if (showShape(embeddings.shape) !== showShape([size, dim])) {
      throw new RangeError(
        `GradCache: ${side === ANY ? "encode" : `encode.${side}`} of ${size} items must give [${size},${dim}], got ${showShape(embeddings.shape)}`,
      );
    }
    if (phase === "embed") return forwardProgram(graph, { embeddings });
    const loss = surrogate(embeddings, graph.input(GRADIENT, [size, dim]));
    return this.#program(graph, loss, {});
  }

  /** One update. `trainer` must build by `build`; `group` tells which temperature is the batch's. */
  async step(
    trainer: Trainer,
    feeds: CachedFeeds,
    { learningRate, group = "all" }: { readonly learningRate: number; readonly group?: string },
  ): Promise<CachedResult> {
    const { result, gradNorm, lossScale, skipped } = await trainer.sum(
      async (run) => {
        const cache = new EmbeddingCache(this.#sizes(), this.#options.dim);
        for (const side of cache.sides) await this.#embed(run, cache, side, feeds);
        const totals = await this.#blocks(run, cache, feeds, group);
        for (const side of cache.sides) await this.#descend(run, cache, side, feeds);
        return totals;
      },
      { learningRate },
    );
    const scaling = lossScale && { lossScale: number(lossScale), skipped: number(skipped!) };
    return { ...result, gradNorm: number(gradNorm), ...scaling };
  }

  /** Items of each side. */
  #sizes(): Map<Side, number> {
    const { batch, hardNegatives = 0, ownNegatives = 0 } = this.#options;
    const mined = hardNegatives + batch * ownNegatives;
    return new Map([
      ["query", batch],
      ["target", batch],
      ...(mined > 0 ? ([["hardNegatives", mined]] as const) : []),
    ] as [Side, number][]);
  }

  async #embed(run: SumRun, cache: EmbeddingCache, side: Side, feeds: CachedFeeds): Promise<void> {
    for await (const { start, fed, key } of this.#ahead(cache, side, feeds)) {
      const { embeddings } = await run(`${this.#name}/embed:${key}`, fed);
      cache.setEmbeddings(side, start, embeddings!);
    }
  }

  async #descend(
    run: SumRun,
    cache: EmbeddingCache,
    side: Side,
    feeds: CachedFeeds,
  ): Promise<void> {
    for await (const { start, rows, fed, key } of this.#ahead(cache, side, feeds)) {
      const gradient = cache.gradient(side, start, rows);
      await run(`${this.#name}/descend:${key}`, { ...fed, [GRADIENT]: gradient });
    }
  }

  async #blocks(
    run: SumRun,
    cache: EmbeddingCache,
    feeds: CachedFeeds,
    group: string,
  ): Promise<Totals> {
    const { batch, ownNegatives = 0, hardNegatives = 0 } = this.#options;
    const total = { loss: 0, maxWeight: 0, tau: 0 };
    const counts: Record<string, number> = {};
    const { symmetric = false, sameSideNegatives = false } = this.#options;
    for (const [start, rows] of chunks(batch, this.blockRows)) {
      const outputs = await run(`${this.#name}/block:${group}:${rows}`, {
        start: scalar(BigInt(start), "int64"),
        "rows.query": cache.rows("query", start, rows),
        "rows.target": cache.rows("target", start, rows),
        ...(symmetric || sameSideNegatives ? { query: cache.rows("query") } : {}),
        target: cache.rows("target"),
        ...(hardNegatives > 0 && { hardNegatives: cache.rows("hardNegatives") }),
        ...(ownNegatives > 0 && {
          "rows.hardNegatives": grouped(
            cache.rows("hardNegatives", start * ownNegatives, rows * ownNegatives),
            ownNegatives,
          ),
        }),
        ...(this.#options.matches === true && { matches: matchesOf(feeds, start, rows) }),
      });
      total.loss += number(outputs["loss"]!);
      total.tau = number(outputs["tau"]!);
      total.maxWeight = Math.max(total.maxWeight, number(outputs["maxWeight"]!));
      for (const [name, value] of Object.entries(outputs)) {
        if (!name.startsWith("count/")) continue;
        const what = name.slice("count/".length);
        counts[what] = (counts[what] ?? 0) + number(value);
      }
      for (const side of cache.sides) {
        const whole = outputs[`gradient/${side}`];
        if (whole !== undefined) cache.addGradient(side, 0, whole);
        const own = outputs[`gradient/rows.${side}`];
        const each = side === "hardNegatives" ? ownNegatives : 1;
        if (own !== undefined) cache.addGradient(side, start * each, own);
      }
    }
    const of = (what: string): number => counts[what]!;
    return {
      ...total,
      maskRate: of("dropped") / Math.max(of("negatives"), 1),
      meanWeight: of("weight") / Math.max(of("kept"), 1),
      dropped: of("inBatch"),
      ...(this.#options.matches === true && { trueMatches: of("matches"), hits: of("hits") }),
    };
  }

  /** Chunks of a side: each is made while the one before it is computed on. */
  async *#ahead(
    cache: EmbeddingCache,
    side: Side,
    feeds: CachedFeeds,
  ): AsyncGenerator<{ start: number; rows: number; fed: Tensors; key: string }> {
    const own = feeds[side];
    if (own === undefined) throw new Error(`GradCache.step: there are no feeds of ${side}`);
    const of = typeof this.#options.encode === "function" ? ANY : side;
    const parts = chunks(cache.size(side), this.#options.chunk);
    let next = Promise.resolve(own(...parts[0]!));
    for (const [i, [start, rows]] of parts.entries()) {
      const { feeds: fed, shape = "" } = await next;
      const following = parts[i + 1];
      if (following !== undefined) {
        next = Promise.resolve(own(...following));
        next.catch(() => undefined); // seen when it is asked for
      }
      yield { start, rows, fed, key: `${of}:${rows}:${shape}` };
    }
  }

  #blockProgram(rows: number, group: string): Program {
    const { graph, loss, outputs } = lossBlock({ ...this.#options, rows }, group);
    return this.#program(graph, loss, outputs);
  }

  #program(graph: Graph, loss: Value, outputs: Readonly<Record<string, Value>>): Program {
    const { groups, clipNorm, lossScaling, beta1, beta2, epsilon } = this.#options;
    const own = groups(graph.parameters());
    if (own.every((group) => group.parameters.length === 0)) {
      return forwardProgram(graph, { ...outputs, loss });
    }
    return trainProgram({
      graph,
      loss,
      outputs,
      groups: own,
      ...(clipNorm !== undefined && { clipNorm }),
      ...(lossScaling !== undefined && { lossScaling }),
      ...(beta1 !== undefined && { beta1 }),
      ...(beta2 !== undefined && { beta2 }),
      ...(epsilon !== undefined && { epsilon }),
    });
  }

  #encoder(side: Side): Encode {
    const { encode } = this.#options;
    const found = typeof encode === "function" ? encode : encode[side];
    if (found === undefined) throw new Error(`GradCache: there is no encode.${side}`);
    return found;
  }
}

/** Feeds cut from whole tensors along their first axis. */
export function chunked(tensors: Tensors): ChunkFeeds {
  return (start, rows) => ({
    feeds: Object.fromEntries(
      Object.entries(tensors).map(([name, { dtype, shape, data }]): [string, Tensor] => {
        const width = sizeOf(shape.slice(1));
        const part = data.slice(start * width, (start + rows) * width);
        return [name, { dtype, shape: [rows, ...shape.slice(1)], data: part }];
      }),
    ),
  });
}

// --- internal ---

const GRADIENT = "cached.gradient";

/** The side in the buckets of an encoder that serves all. */
const ANY = "any";

function number({ data }: Tensor): number {
  return Number(data[0]);
}

/** Starts and sizes; the last one may be smaller. */
function chunks(size: number, chunk: number): (readonly [number, number])[] {
  const count = Math.ceil(size / chunk);
  return Array.from({ length: count }, (_, i) => [i * chunk, Math.min(chunk, size - i * chunk)]);
}

function matchesOf(feeds: CachedFeeds, start: number, rows: number): Tensor {
  const { matches } = feeds;
  if (matches === undefined) throw new Error("GradCache.step: there are no feeds of matches");
  return matches(start, rows);
}

function grouped({ dtype, shape, data }: Tensor, each: number): Tensor {
  return { dtype, shape: [shape[0]! / each, each, shape[1]!], data };
}
