/** @file The best candidates of many queries from maxima over blocks of candidates. */
import type { Matrix } from "./embeddings.ts";
import type { Scored } from "./topk.ts";
import { TopK } from "./topk.ts";

/** The k best candidates lie in the k blocks with the highest maxima: only those are kept. */
export class BlockTop {
  readonly #k: number;
  readonly #queries: number;
  /** [queries, k], falling. */
  readonly #maxima: Float32Array;
  /** First row and size of each block kept. */
  readonly #starts: Int32Array;
  readonly #sizes: Int32Array;
  /** The least maximum kept of each query. */
  readonly #thresholds: Float32Array;

  constructor(queries: number, k: number) {
    this.#k = k;
    this.#queries = queries;
    this.#maxima = new Float32Array(queries * k).fill(-Infinity);
    this.#starts = new Int32Array(queries * k);
    this.#sizes = new Int32Array(queries * k);
    this.#thresholds = new Float32Array(queries).fill(-Infinity);
  }

  /** Takes maxima [blocks, stride] of consecutive blocks of `size` rows from row `start` on. */
  offer(maxima: Float32Array, stride: number, blocks: number, start: number, size: number): void {
    for (let b = 0; b < blocks; b++) {
      const at = b * stride;
      for (let q = 0; q < this.#queries; q++) {
        if (maxima[at + q]! > this.#thresholds[q]!)
          this.#keep(q, maxima[at + q]!, start + b * size, size);
      }
    }
  }

  /** Scores the kept blocks of a query and returns its best candidates. */
  best(
    q: number,
    queries: Matrix,
    queryRow: number,
    candidates: Matrix,
    isPositive: (row: number) => boolean,
  ): Scored[] {
    const top = new TopK(this.#k, isPositive);
    const blocks = Array.from({ length: this.#k }, (_, i) => q * this.#k + i)
      .filter((i) => this.#sizes[i]! > 0)
      .sort((a, b) => this.#starts[a]! - this.#starts[b]!);
    const { dim } = queries;
    const query = new Float64Array(queries.data.subarray(queryRow * dim, (queryRow + 1) * dim));
    const four = new Float64Array(4);
    for (const i of blocks) {
      const end = Math.min(this.#starts[i]! + this.#sizes[i]!, candidates.rows);
      for (let row = this.#starts[i]!; row < end; row += 4) {
        fourDots(four, query, candidates.data, row * dim, Math.min(4, end - row));
        for (let r = row; r < Math.min(row + 4, end); r++) {
          const score = four[r - row]!;
          if (score >= top.threshold) top.offer(r, score);
        }
      }
    }
    return top.best();
  }

  #keep(q: number, maximum: number, start: number, size: number): void {
    const first = q * this.#k;
    let at = first + this.#k - 1;
    for (; at > first && this.#maxima[at - 1]! < maximum; at--) {
      this.#maxima[at] = this.#maxima[at - 1]!;
      this.#starts[at] = this.#starts[at - 1]!;
      this.#sizes[at] = this.#sizes[at - 1]!;
    }
    this.#maxima[at] = maximum;
    this.#starts[at] = start;
    this.#sizes[at] = size;
    this.#thresholds[q] = this.#maxima[first + this.#k - 1]!;
  }
}

/**
 * Products of `a` with up to four consecutive rows of `b`: four independent sums keep the processor
 * busy, and each row's sum runs in the same order wherever the row stands.
 */
function fourDots(
  out: Float64Array,
  a: Float64Array,
  b: Float32Array,
  start: number,
  rows: number,
): void {
  const dim = a.length;
  // Rows that aren't there repeat the first one: no branch in the loop, no read past the end.
  const second = rows > 1 ? start + dim : start;
  const third = rows > 2 ? start + 2 * dim : start;
  const fourth = rows > 3 ? start + 3 * dim : start;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < dim; i++) {
    const x = a[i]!;
    s0 += x * b[start + i]!;
    s1 += x * b[second + i]!;
    s2 += x * b[third + i]!;
    s3 += x * b[fourth + i]!;
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}
