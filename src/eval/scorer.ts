/** @file What a scorer is, and the plain one: TypeScript only, for tasks up to some millions of pairs. */
import type { Matrix } from "./embeddings.ts";
import type { Pool } from "./pool.ts";
import type { RankedPositive } from "./rank.ts";
import { rankPositives } from "./rank.ts";
import type { Scored } from "./topk.ts";
import { TopK } from "./topk.ts";

export type ScoreRequest = {
  /** [queries, dim] */
  readonly queries: Matrix;
  /** [corpus, dim] */
  readonly candidates: Matrix;
  /** One pool a query; `Positive.index` is a corpus row. */
  readonly pools: readonly Pool[];
  /** How many of the best candidates to return with each query. */
  readonly topK: number;
};

/** What is known of a query after its pool was ranked by dot product. */
export type ScoredQuery = {
  /** Every positive, best first. */
  readonly positives: readonly RankedPositive[];
  /** The best candidates, best first; `index` is a corpus row. */
  readonly top: readonly Scored[];
  /** Non-positives that score exactly like the best positive; null where a scorer didn't count them. */
  readonly ties: number | null;
  readonly poolSize: number;
};

/** Ranks every query's pool. Implementations differ in speed and memory, never in ranks. */
export type Scorer = {
  readonly name: string;
  score(request: ScoreRequest): Promise<ScoredQuery[]>;
};

/** Products summed in f64; holds the candidates in f64, and a row of scores for each of four queries: [4, corpus]. */
export const plainScorer: Scorer = {
  name: "plain",
  score({ queries, candidates, pools, topK }) {
    const wide = { ...candidates, data: Float64Array.from(candidates.data) };
    const scored: ScoredQuery[] = [];
    while (scored.length < pools.length) {
      const first = scored.length;
      const four = pools.slice(first, first + 4);
      if (four.length === 4 && four.every(({ rows }) => rows === null)) {
        const scores = wholeScores(queries, first, wide);
        scored.push(...four.map((pool, i) => rankPool(scores[i]!, pool, topK)));
      } else {
        const pool = four[0]!;
        scored.push(rankPool(poolScores(queries, first, wide, pool.rows), pool, topK));
      }
    }
    return Promise.resolve(scored);
  },
};

/** Ranks one pool from its scores; `scores[i]` belongs to `pool.rows[i]`, or to row i. */
export function rankPool(scores: ArrayLike<number>, pool: Pool, topK: number): ScoredQuery {
  const { rows } = pool;
  const local =
    rows === null
      ? pool.positives
      : pool.positives.map(({ grade, index }) => ({ grade, index: rows.indexOf(index) }));
  const ranked = rankPositives(scores, local);
  const positiveAt = new Set(local.map((p) => p.index));
  const top = new TopK(topK, (i) => positiveAt.has(i));
  const own = ranked[0]!.score;
  let ties = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (score >= top.threshold) top.offer(i, score);
    if (score === own && !positiveAt.has(i)) ties++;
  }
  const rowOf = (i: number): number => (rows === null ? i : rows[i]!);
  return {
    positives: ranked.map((p) => ({ ...p, index: rowOf(p.index) })),
    top: top.best().map(({ index, score }) => ({ index: rowOf(index), score })),
    ties,
    poolSize: scores.length,
  };
}

/** A corpus in f64: products and sums are, and converting once is cheaper than at every use. */
type WideMatrix = { readonly rows: number; readonly dim: number; readonly data: Float64Array };

/** Dot products of one query with the rows of its pool: [pool]. */
function poolScores(
  queries: Matrix,
  query: number,
  candidates: WideMatrix,
  rows: readonly number[] | null,
): Float64Array {
  const { dim } = queries;
  const q = new Float64Array(queries.data.subarray(query * dim, (query + 1) * dim));
  const scores = new Float64Array(rows === null ? candidates.rows : rows.length);
  for (let i = 0; i < scores.length; i++) {
    scores[i] = dot(q, candidates.data, (rows === null ? i : rows[i]!) * dim);
  }
  return scores;
}

/**
 * The dot product of `a` and as many numbers of `b` from `start` on. Four running sums hide the latency
 * of the additions; their order never changes, so equal rows score equal to the last bit and tie.
 */
function dot(a: Float64Array, b: Float64Array, start: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    s0 += a[i]! * b[start + i]!;
    s1 += a[i + 1]! * b[start + i + 1]!;
    s2 += a[i + 2]! * b[start + i + 2]!;
    s3 += a[i + 3]! * b[start + i + 3]!;
  }
  for (; i < a.length; i++) s0 += a[i]! * b[start + i]!;
  return s0 + s1 + (s2 + s3);
}

/** Dot products of four queries with the whole corpus, a candidate's row read once: four times [corpus]. */
function wholeScores(queries: Matrix, first: number, candidates: WideMatrix): Float64Array[] {
  const { dim, rows, data } = candidates;
  const q = new Float64Array(queries.data.subarray(first * dim, (first + 4) * dim));
  const scores = Array.from({ length: 4 }, () => new Float64Array(rows));
  const [a, b, c, d] = scores as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < dim; i++) {
      const x = data[start + i]!;
      s0 += x * q[i]!;
      s1 += x * q[dim + i]!;
      s2 += x * q[2 * dim + i]!;
      s3 += x * q[3 * dim + i]!;
    }
    a[row] = s0;
    b[row] = s1;
    c[row] = s2;
    d[row] = s3;
  }
  return scores;
}
