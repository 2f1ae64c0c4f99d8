/** @file The scorer for large corpora: matrix products through an executor, a chunk at a time. */
import type { Executor, Tensor, Value } from "../engine/index.ts";
import {
  add,
  cast,
  equal,
  Evaluator,
  Graph,
  greaterOrEqual,
  matmul,
  max,
  reshape,
  slice,
  sum,
  tensor,
} from "../engine/index.ts";
import { BlockTop } from "./blocktop.ts";
import type { Matrix } from "./embeddings.ts";
import { orderPositives } from "./rank.ts";
import type { ScoredQuery, Scorer, ScoreRequest } from "./scorer.ts";
import { plainScorer } from "./scorer.ts";

export type EngineScorerOptions = {
  readonly executor: Executor;
  /** Candidates a run; a multiple of 256, the rows whose scores are held at a time. */
  readonly chunkRows?: number;
  /** Queries a product; a multiple of 64. */
  readonly queryRows?: number;
};

/** Holds a compiled graph for each shape; close it when done. */
export type EngineScorer = Scorer & { close(): Promise<void> };

/** Candidates a product: their scores stay in the cores' caches while they are counted. */
const PART_ROWS = 256;
/** Candidates whose scores leave the executor as one maximum. */
const BLOCK = 16;
/** Positives of a query counted in one product. */
const SLOTS = 4;
/** Queries of a block whose ties are counted: enough to notice a broken encoder, next to no work. */
const TIE_SAMPLE = 64;
/** Remainders are padded to this, so that few shapes are compiled. */
const ROW_STEP = 256;
const QUERY_STEP = 64;

/**
 * Ranks global pools by counting in the graph: for each query the candidates that score at least as
 * high as its positive. Positives are scored by the same product as everything else, so equal rows tie
 * to the last bit. Besides the counts only the maximum of each 16 candidates is read back; the few
 * blocks that can hold the top are scored again here.
 *
 * Memory: two chunks of candidates and one of scores, whatever the size of the corpus. Local pools
 * go to the plain scorer. Ties are counted for a sample of the queries.
 */
export async function createEngineScorer({
  executor,
  chunkRows = 4096,
  queryRows = 1024,
}: EngineScorerOptions): Promise<EngineScorer> {
  checkMultiple("chunkRows", chunkRows, PART_ROWS);
  checkMultiple("queryRows", queryRows, QUERY_STEP);
  const evaluator = await Evaluator.create({ executor, state: new Map(), build: buildGraph });
  return {
    name: "engine",
    async score(request) {
      if (request.pools.some((pool) => pool.rows !== null)) return plainScorer.score(request);
      const results: ScoredQuery[] = [];
      for (let start = 0; start < request.queries.rows; start += queryRows) {
        const block = new QueryBlock(request, start, queryRows, chunkRows, evaluator);
        results.push(...(await block.score()));
      }
      return results;
    },
    close: () => evaluator.close(),
  };
}

/** The shapes of one run; JSON of it names the compiled graph. */
type Product = {
  /** Candidates a product, and how many products. */
  readonly rows: number;
  readonly parts: number;
  readonly queries: number;
  readonly dim: number;
  /** Positives a query to count against; 0 asks for the scores themselves. */
  readonly slots: number;
  /** Candidates a maximum; 0 asks for none. */
  readonly block: number;
};

/**
 * Scores lie as [candidates, queries]: maxima and counts then run down columns, which is the fast
 * direction. Inputs `chunk<part>`, `queries`, `own0` ... [1, queries]; outputs `scores`, or
 * `count<slot>`, `ties` and `top<part>`.
 */
function buildGraph(bucket: string): Graph {
  const { rows, parts, queries: width, dim, slots, block } = JSON.parse(bucket) as Product;
  const graph = new Graph();
  const queries = graph.input("queries", [width, dim]);
  const owns = Array.from({ length: slots }, (_, slot) => graph.input(`own${slot}`, [1, width]));
  const totals = new Map<string, Value>();
  const count = (name: string, mask: Value): void => {
    const own = sum(cast(mask, "float32"), { axes: [0] }); // [queries]
    const sofar = totals.get(name);
    totals.set(name, sofar === undefined ? own : add(sofar, own));
  };
  const sample = (value: Value): Value => slice(value, { axis: 1, start: 0, end: TIE_SAMPLE });
  for (let part = 0; part < parts; part++) {
    const chunk = graph.input(`chunk${part}`, [rows, dim]);
    const scores = matmul(chunk, queries, { transposeB: true }); // [rows, queries]
    if (slots === 0) graph.output("scores", scores);
    for (const [slot, own] of owns.entries()) count(`count${slot}`, greaterOrEqual(scores, own));
    if (block === 0) continue;
    count("ties", equal(sample(scores), sample(owns[0]!)));
    graph.output(`top${part}`, max(reshape(scores, [rows / block, block, width]), { axes: [1] }));
  }
  for (const [name, total] of totals) graph.output(name, total);
  return graph;
}

/** Some queries against the whole corpus. */
class QueryBlock {
  readonly #request: ScoreRequest;
  readonly #start: number;
  readonly #count: number;
  readonly #padded: number;
  readonly #chunkRows: number;
  readonly #evaluator: Evaluator;
  readonly #queries: Tensor;

  constructor(
    request: ScoreRequest,
    start: number,
    queryRows: number,
    chunkRows: number,
    evaluator: Evaluator,
  ) {
    const { rows, dim, data } = request.queries;
    this.#request = request;
    this.#start = start;
    this.#count = Math.min(queryRows, rows - start);
    this.#padded = roundUp(this.#count, QUERY_STEP);
    this.#chunkRows = chunkRows;
    this.#evaluator = evaluator;
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
      const { scores: block } = await this.#run(product, chunk, []);
      for (const [i, { q }] of part.entries()) {
        scores[q]!.push((block!.data as Float32Array)[i * this.#padded + q]!);
      }
    }
    return scores;
  }

  /** One pass over the corpus; the next product runs while the last one's results are read. */
  async #sweep(scores: readonly number[][], sums: Sums): Promise<void> {
    const { candidates } = this.#request;
    const owns = Array.from({ length: sums.slots }, (_, slot) => {
      const own = new Float32Array(this.#padded).fill(Infinity);
      for (let q = 0; q < this.#count; q++) own[q] = scores[q]![sums.first + slot] ?? Infinity;
      return own;
    });
    let pending: { chunk: Chunk; outputs: Promise<Record<string, Tensor>> } | null = null;
    const buffers = [new Float32Array(0), new Float32Array(0)];
    for (let start = 0, turn = 0; start < candidates.rows; start += this.#chunkRows, turn ^= 1) {
      const chunk = cut(candidates, start, this.#chunkRows, buffers, turn, sums.top !== null);
      const { rows, parts, block } = chunk;
      const { slots } = sums;
      const product = { rows, parts, queries: this.#padded, dim: candidates.dim, slots, block };
      const outputs = this.#run(product, chunk.data, owns);
      if (pending !== null) this.#read(pending.chunk, await pending.outputs, owns, sums);
      pending = { chunk, outputs };
    }
    if (pending !== null) this.#read(pending.chunk, await pending.outputs, owns, sums);
  }

  #read(
    chunk: Chunk,
    outputs: Record<string, Tensor>,
    owns: readonly Float32Array[],
    { first, slots, counts, ties, top }: Sums,
  ): void {
    const padding = chunk.rows * chunk.parts - chunk.used; // rows of zeros: they score 0
    for (let slot = 0; slot < slots; slot++) {
      const count = outputs[`count${slot}`]!.data as Float32Array;
      for (const [q, own] of counts.entries()) {
        if (first + slot >= own.length) continue;
        const zeros = owns[slot]![q]! <= 0 ? padding : 0;
        own[first + slot] = own[first + slot]! + count[q]! - zeros;
      }
    }
    if (top === null) return;
    const equals = outputs["ties"]!.data as Float32Array;
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
    return this.#evaluator.run(JSON.stringify(product), feeds);
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

type Chunk = {
  readonly data: Float32Array;
  readonly start: number;
  /** Rows of a part, padding included. */
  readonly rows: number;
  readonly parts: number;
  readonly used: number;
  readonly block: number;
};

/** Rows from `start` on: a view where the matrix is shared memory, else copied to a buffer of two. */
function cut(
  matrix: Matrix,
  start: number,
  chunkRows: number,
  buffers: Float32Array[],
  turn: number,
  withTop: boolean,
): Chunk {
  const { rows, dim } = matrix;
  const used = Math.min(chunkRows, rows - start);
  const whole = used === chunkRows;
  const partRows = whole ? PART_ROWS : Math.min(chunkRows, roundUp(used, ROW_STEP));
  const parts = whole ? chunkRows / PART_ROWS : 1;
  const block = withTop ? (whole ? BLOCK : 1) : 0; // a remainder's scores are read one by one
  const layout = { start, rows: partRows, parts, used, block };
  const data = matrix.data.subarray(start * dim, (start + used) * dim);
  if (whole && data.buffer instanceof SharedArrayBuffer) return { ...layout, data };
  const length = partRows * parts * dim;
  if (buffers[turn]!.length !== length) buffers[turn] = shared(data, length);
  else buffers[turn]!.fill(0, data.length).set(data);
  return { ...layout, data: buffers[turn]! };
}

/** A copy in shared memory, which goes to the executor's thread without being copied again. */
function shared(data: Float32Array, length: number): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(length * 4));
  copy.set(data);
  return copy;
}

function roundUp(x: number, step: number): number {
  return Math.ceil(x / step) * step;
}

function checkMultiple(name: string, value: number, of: number): void {
  if (Number.isInteger(value) && value > 0 && value % of === 0) return;
  throw new RangeError(`createEngineScorer: ${name} must be a multiple of ${of}, got ${value}`);
}
