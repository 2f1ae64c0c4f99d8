/** @file The scorer for large corpora: matrix products through an executor, a chunk at a time. */
import { availableParallelism } from "node:os";
import type { Executor, Tensor } from "../engine/index.ts";
import { Evaluator, tensor } from "../engine/index.ts";
import { BlockTop } from "./blocktop.ts";
import type { Chunk } from "./chunks.ts";
import { cut, PART_ROWS, ROW_STEP, roundUp, shared } from "./chunks.ts";
import { orderPositives } from "./rank.ts";
import type { ScoredQuery, Scorer, ScoreRequest } from "./scorer.ts";
import type { Product } from "./scoregraph.ts";
import { buildGraph, TIE_SAMPLE } from "./scoregraph.ts";
import { plainScorer } from "./scorer.ts";

export type EngineScorerOptions = {
  /** Best with one thread: `workers` of it run side by side and never wait for each other. */
  readonly executor: Executor;
  /** Default: one a core. */
  readonly workers?: number;
  /** Candidates a run; a multiple of 512, the rows whose scores are held at a time. */
  readonly chunkRows?: number;
  /** Queries a product; a multiple of 64. */
  readonly queryRows?: number;
};

/** Holds a compiled graph for each shape; close it when done. */
export type EngineScorer = Scorer & { close(): Promise<void> };

/** Positives of a query counted in one product. */
const SLOTS = 4;
const QUERY_STEP = 64;

/**
 * Ranks global pools by counting in the graph: for each query the candidates that score at least as
 * high as its positive. Positives are scored by the same product as everything else, so equal rows tie
 * to the last bit. Besides the counts only the maximum of each 8 candidates is read back; the few
 * blocks that can hold the top are scored again here.
 *
 * Memory: two chunks of candidates and one of scores a worker, whatever the size of the corpus. Local pools
 * go to the plain scorer. Ties are counted for a sample of the queries.
 */
export async function createEngineScorer({
  executor,
  workers = availableParallelism(),
  chunkRows = 4096,
  queryRows = 1024,
}: EngineScorerOptions): Promise<EngineScorer> {
  checkMultiple("chunkRows", chunkRows, PART_ROWS);
  checkMultiple("queryRows", queryRows, QUERY_STEP);
  checkMultiple("workers", workers, 1);
  const evaluators = await Promise.all(
    Array.from({ length: workers }, () =>
      Evaluator.create({ executor, state: new Map(), build: buildGraph }),
    ),
  );
  return {
    name: "engine",
    async score(request) {
      if (request.pools.some((pool) => pool.rows !== null)) return plainScorer.score(request);
      const results: ScoredQuery[] = [];
      for (let start = 0; start < request.queries.rows; start += queryRows) {
        const block = new QueryBlock(request, start, queryRows, chunkRows, evaluators);
        results.push(...(await block.score()));
      }
      return results;
    },
    close: async () => {
      await Promise.all(evaluators.map((evaluator) => evaluator.close()));
    },
  };
}

/** Some queries against the whole corpus. */
class QueryBlock {
  readonly #request: ScoreRequest;
  readonly #start: number;
  readonly #count: number;
  readonly #padded: number;
  readonly #chunkRows: number;
  readonly #evaluators: readonly Evaluator[];
  readonly #queries: Tensor;

  constructor(
    request: ScoreRequest,
    start: number,
    queryRows: number,
    chunkRows: number,
    evaluators: readonly Evaluator[],
  ) {
    const { rows, dim, data } = request.queries;
    this.#request = request;
    this.#start = start;
    this.#count = Math.min(queryRows, rows - start);
    this.#padded = roundUp(this.#count, QUERY_STEP);
    this.#chunkRows = chunkRows;
    this.#evaluators = evaluators;
    const own = data.subarray(start * dim, (start + this.#count) * dim);
    this.#queries = tensor(shared(own, this.#padded * dim), [this.#padded, dim]);
  }

  async score(): Promise<ScoredQuery[]> {
    const { candidates, pools, queries, topK } = this.#request;
    const own = pools.slice(this.#start, this.#start + this.#count).map((pool) => pool.positives);
    const scores = await this.#positiveScores(own.map((list) => list.map((p) => p.index)));
    const most = Math.max(...own.map((list) => list.length));
    const counts = own.map((list) => list.map(() => 0));
    const ties = new Float64Array(this.#count);
    const top = new BlockTop(this.#count, topK);
    for (let first = 0; first < most; first += SLOTS) {
      const slots = Math.min(SLOTS, most - first);
      await this.#sweep(scores, { first, slots, counts, ties, top: first === 0 ? top : null });
    }
    return own.map((list, q) => {
      // What ties with or beats a positive, less the positives among it, itself included.
      const ahead = (score: number, count: number): number =>
        count - scores[q]!.filter((other) => other >= score).length;
      const positives = orderPositives(
        list.map((p, i) => {
          const score = scores[q]![i]!;
          return { ...p, score, ahead: ahead(score, counts[q]![i]!) };
        }),
      );
      const row = this.#start + q;
      const isPositive = new Set(list.map((p) => p.index));
      return {
        positives,
        top: top.best(q, queries, row, candidates, (index) => isPositive.has(index)),
        ties:
          q < TIE_SAMPLE ? ties[q]! - scores[q]!.filter((s) => s === scores[q]![0]).length : null,
        poolSize: candidates.rows,
      };
    });
  }

  /** Scores of each query's positives, by the product that also scores the chunks. */
  async #positiveScores(own: readonly (readonly number[])[]): Promise<number[][]> {
    const { candidates } = this.#request;
    const { dim } = candidates;
    const pairs = own.flatMap((rows, q) => rows.map((row) => ({ q, row })));
    const scores = own.map((): number[] => []);
    for (let start = 0; start < pairs.length; start += this.#chunkRows) {
      const part = pairs.slice(start, start + this.#chunkRows);
      const rows = Math.min(this.#chunkRows, roundUp(part.length, ROW_STEP));
      const chunk = shared(new Float32Array(0), rows * dim);
      for (const [i, { row }] of part.entries()) {
        chunk.set(candidates.data.subarray(row * dim, (row + 1) * dim), i * dim);
      }
      const product = { rows, parts: 1, queries: this.#padded, dim, slots: 0, block: 0 };
      const { scores: block } = await this.#run(0, product, chunk, []);
      for (const [i, { q }] of part.entries()) {
        scores[q]!.push((block!.data as Float32Array)[i * this.#padded + q]!);
      }
    }
    return scores;
  }

  /** One pass over the corpus; each worker has the next run waiting while results are read. */
  async #sweep(scores: readonly number[][], sums: Sums): Promise<void> {
    const { candidates } = this.#request;
    const { slots } = sums;
    const owns = Array.from({ length: slots }, (_, slot) => {
      const own = new Float32Array(this.#padded).fill(Infinity);
      for (let q = 0; q < this.#count; q++) own[q] = scores[q]![sums.first + slot] ?? Infinity;
      return own;
    });
    const pending: { chunk: Chunk; outputs: Promise<Record<string, Tensor>> }[] = [];
    const readFirst = async (): Promise<void> => {
      const { chunk, outputs } = pending.shift()!;
      this.#read(chunk, await outputs, owns, sums);
    };
    const inFlight = 2 * this.#evaluators.length;
    const buffers = Array.from({ length: inFlight }, () => new Float32Array(0));
    for (let run = 0, start = 0; start < candidates.rows; run++, start += this.#chunkRows) {
      if (pending.length === inFlight) await readFirst(); // frees the buffer this run may need
      const chunk = cut(
        candidates,
        start,
        this.#chunkRows,
        buffers,
        run % inFlight,
        sums.top !== null,
      );
      const { rows, parts, block } = chunk;
      const product = { rows, parts, queries: this.#padded, dim: candidates.dim, slots, block };
      const outputs = this.#run(run % this.#evaluators.length, product, chunk.data, owns);
      outputs.catch(() => {}); // it is awaited below; until then a failure must not end the process
      pending.push({ chunk, outputs });
    }
    while (pending.length > 0) await readFirst();
  }

  #read(
    chunk: Chunk,
    outputs: Record<string, Tensor>,
    owns: readonly Float32Array[],
    { first, slots, counts, ties, top }: Sums,
  ): void {
    const padding = chunk.rows * chunk.parts - chunk.used; // rows of zeros: they score 0
    const total = (name: string): Float64Array => {
      const sum = new Float64Array(this.#padded);
      for (let part = 0; part < chunk.parts; part++) {
        const counted = outputs[`${name}/${part}`]!.data as Float32Array;
        for (let q = 0; q < counted.length; q++) sum[q] = sum[q]! + counted[q]!;
      }
      return sum;
    };
    for (let slot = 0; slot < slots; slot++) {
      const count = total(`count${slot}`);
      for (const [q, own] of counts.entries()) {
        if (first + slot >= own.length) continue;
        const zeros = owns[slot]![q]! <= 0 ? padding : 0;
        own[first + slot] = own[first + slot]! + count[q]! - zeros;
      }
    }
    if (top === null) return;
    const equals = total("ties");
    for (let q = 0; q < Math.min(TIE_SAMPLE, ties.length); q++) {
      ties[q] = ties[q]! + equals[q]! - (owns[0]![q] === 0 ? padding : 0);
    }
    for (let part = 0; part < chunk.parts; part++) {
      const maxima = outputs[`top${part}`]!.data as Float32Array;
      const used = Math.min(chunk.rows, chunk.used - part * chunk.rows);
      const start = chunk.start + part * chunk.rows;
      top.offer(maxima, this.#padded, Math.ceil(used / chunk.block), start, chunk.block);
    }
  }

  #run(
    worker: number,
    product: Product,
    chunk: Float32Array,
    owns: readonly Float32Array[],
  ): Promise<Record<string, Tensor>> {
    const { rows, parts, dim, queries } = product;
    const feeds: Record<string, Tensor> = { queries: this.#queries };
    for (let part = 0; part < parts; part++) {
      const rowsOfPart = chunk.subarray(part * rows * dim, (part + 1) * rows * dim);
      feeds[`chunk${part}`] = tensor(rowsOfPart, [rows, dim]);
    }
    for (const [slot, own] of owns.entries()) feeds[`own${slot}`] = tensor(own, [1, queries]);
    return this.#evaluators[worker]!.run(JSON.stringify(product), feeds);
  }
}

/** What a pass adds up. */
type Sums = {
  /** Number of the first positive counted, and how many. */
  readonly first: number;
  readonly slots: number;
  readonly counts: number[][];
  readonly ties: Float64Array;
  /** Null after the first pass. */
  readonly top: BlockTop | null;
};

function checkMultiple(name: string, value: number, of: number): void {
  if (Number.isInteger(value) && value > 0 && value % of === 0) return;
  throw new RangeError(`createEngineScorer: ${name} must be a multiple of ${of}, got ${value}`);
}
