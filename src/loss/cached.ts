/** @file GradCache (spec 1.11): a step on a batch of any size, within memory that chunks and blocks set. */
import type {
  AdamOptions,
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

/** Declares the inputs of a chunk of `rows` in the graph and returns unit rows [rows, dim]. */
export type Encode = (graph: Graph, rows: number) => Value;

/** Feeds for items `start` to `start + rows`: called twice for each chunk, must give the same. */
export type ChunkFeeds = (start: number, rows: number) => Tensors | Promise<Tensors>;

export type CachedOptions = Omit<BlockOptions, "rows"> &
  AdamOptions & {
    /** Tells the buckets of several of these in one trainer apart, e.g. a task. Default "cached". */
    readonly name?: string;
    /** Items encoded at once. */
    readonly chunk: number;
    readonly encode: Readonly<Partial<Record<Side, Encode>> & Record<"query" | "target", Encode>>;
    /** Of the parameters of any one graph, those to train; called for each graph. */
    readonly groups: (parameters: readonly Value[]) => readonly ParameterGroup[];
    readonly clipNorm?: number;
    /** The largest matrix of scores, masks or weights. Default 32 MiB. */
    readonly blockBytes?: number;
  };

export type CachedFeeds = Readonly<
  Partial<Record<Side, ChunkFeeds>> & Record<"query" | "target", ChunkFeeds>
>;

export type CachedResult = {
  /** As `infoNce` of the whole batch has them. */
  readonly loss: number;
  readonly maskRate: number;
  readonly meanWeight: number;
  readonly maxWeight: number;
  /** Before clipping. */
  readonly gradNorm: number;
};

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
    const [phase, side, rows] = bucket.slice(this.#name.length + 1).split(":");
    const size = Number(rows);
    if (phase === "block") return this.#blockProgram(size);
    const encode = this.#encoder(side as Side);
    const graph = new Graph();
    const embeddings = encode(graph, size);
    const { dim } = this.#options;
    if (showShape(embeddings.shape) !== showShape([size, dim])) {
      throw new RangeError(
        `GradCache: encode.${side} of ${size} items must give [${size},${dim}], got ${showShape(embeddings.shape)}`,
      );
    }
    if (phase === "embed") return forwardProgram(graph, { embeddings });
    const loss = surrogate(embeddings, graph.input(GRADIENT, [size, dim]));
    return this.#program(graph, loss, {});
  }

  /** One update. `trainer` must build by `build`. */
  async step(
    trainer: Trainer,
    feeds: CachedFeeds,
    { learningRate }: { readonly learningRate: number },
  ): Promise<CachedResult> {
    const { result, gradNorm } = await trainer.sum(
      async (run) => {
        const cache = new EmbeddingCache(this.#sizes(), this.#options.dim);
        for (const side of cache.sides) await this.#embed(run, cache, side, feeds);
        const totals = await this.#blocks(run, cache);
        for (const side of cache.sides) await this.#descend(run, cache, side, feeds);
        return totals;
      },
      { learningRate },
    );
    return { ...result, gradNorm: Number(gradNorm.data[0]) };
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
    for (const [start, rows] of chunks(cache.size(side), this.#options.chunk)) {
      const fed = await feedsOf(feeds, side, start, rows);
      const { embeddings } = await run(`${this.#name}/embed:${side}:${rows}`, fed);
      cache.setEmbeddings(side, start, embeddings!);
    }
  }

  async #descend(
    run: SumRun,
    cache: EmbeddingCache,
    side: Side,
    feeds: CachedFeeds,
  ): Promise<void> {
    for (const [start, rows] of chunks(cache.size(side), this.#options.chunk)) {
      const fed = await feedsOf(feeds, side, start, rows);
      await run(`${this.#name}/descend:${side}:${rows}`, {
        ...fed,
        [GRADIENT]: cache.gradient(side, start, rows),
      });
    }
  }

  async #blocks(run: SumRun, cache: EmbeddingCache): Promise<Omit<CachedResult, "gradNorm">> {
    const { batch, ownNegatives = 0, hardNegatives = 0 } = this.#options;
    const total = { loss: 0, dropped: 0, negatives: 0, kept: 0, weight: 0, maxWeight: 0 };
    const { symmetric = false, sameSideNegatives = false } = this.#options;
    for (const [start, rows] of chunks(batch, this.blockRows)) {
      const outputs = await run(`${this.#name}/block:all:${rows}`, {
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
      });
      const number = (name: string): number => Number(outputs[name]!.data[0]);
      total.loss += number("loss");
      for (const name of ["dropped", "negatives", "kept", "weight"] as const) {
        total[name] += number(`count/${name}`);
      }
      total.maxWeight = Math.max(total.maxWeight, number("maxWeight"));
      for (const side of cache.sides) {
        const whole = outputs[`gradient/${side}`];
        if (whole !== undefined) cache.addGradient(side, 0, whole);
        const own = outputs[`gradient/rows.${side}`];
        const each = side === "hardNegatives" ? ownNegatives : 1;
        if (own !== undefined) cache.addGradient(side, start * each, own);
      }
    }
    const { loss, dropped, negatives, kept, weight, maxWeight } = total;
    return {
      loss,
      maskRate: dropped / Math.max(negatives, 1),
      meanWeight: weight / Math.max(kept, 1),
      maxWeight,
    };
  }

  #blockProgram(rows: number): Program {
    const { graph, loss, outputs } = lossBlock({ ...this.#options, rows });
    return this.#program(graph, loss, outputs);
  }

  #program(graph: Graph, loss: Value, outputs: Readonly<Record<string, Value>>): Program {
    const { groups, clipNorm, beta1, beta2, epsilon } = this.#options;
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
      ...(beta1 !== undefined && { beta1 }),
      ...(beta2 !== undefined && { beta2 }),
      ...(epsilon !== undefined && { epsilon }),
    });
  }

  #encoder(side: Side): Encode {
    const found = this.#options.encode[side];
    if (found === undefined) throw new Error(`GradCache: there is no encode.${side}`);
    return found;
  }
}

/** Feeds cut from whole tensors along their first axis. */
export function chunked(tensors: Tensors): ChunkFeeds {
  return (start, rows) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { dtype, shape, data }]): [string, Tensor] => {
        const width = sizeOf(shape.slice(1));
        const part = data.slice(start * width, (start + rows) * width);
        return [name, { dtype, shape: [rows, ...shape.slice(1)], data: part }];
      }),
    );
}

// --- internal ---

const GRADIENT = "cached.gradient";

/** Starts and sizes; the last one may be smaller. */
function chunks(size: number, chunk: number): (readonly [number, number])[] {
  const count = Math.ceil(size / chunk);
  return Array.from({ length: count }, (_, i) => [i * chunk, Math.min(chunk, size - i * chunk)]);
}

async function feedsOf(
  feeds: CachedFeeds,
  side: Side,
  start: number,
  rows: number,
): Promise<Tensors> {
  const own = feeds[side];
  if (own === undefined) throw new Error(`GradCache.step: there are no feeds of ${side}`);
  return own(start, rows);
}

function grouped({ dtype, shape, data }: Tensor, each: number): Tensor {
  return { dtype, shape: [shape[0]! / each, each, shape[1]!], data };
}
