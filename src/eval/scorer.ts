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

/** One query at a time, products summed in f64. Holds one row of scores: [corpus]. */
export const plainScorer: Scorer = {
  name: "plain",
  score: ({ queries, candidates, pools, topK }) =>
    Promise.resolve(
      pools.map((pool, q) => {
        const scores = poolScores(queries, q, candidates, pool.rows);
        return rankPool(scores, pool, topK);
      }),
    ),
};

/** Ranks one pool from its scores; `scores[i]` belongs to `pool.rows[i]`, or to row i. */
export function rankPool(scores: ArrayLike<number>, pool: Pool, topK: number): ScoredQuery {
  const { rows } = pool;
  const place = rows === null ? null : new Map(rows.map((row, i) => [row, i]));
  const local = pool.positives.map((p) => ({
    grade: p.grade,
    index: place === null ? p.index : place.get(p.index)!,
  }));
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

/** Dot products of one query with the rows of its pool: [pool]. */
function poolScores(
  queries: Matrix,
  query: number,
  candidates: Matrix,
  rows: readonly number[] | null,
): Float64Array {
  const { dim } = queries;
  const q = Float64Array.from(queries.data.subarray(query * dim, (query + 1) * dim));
  const scores = new Float64Array(rows === null ? candidates.rows : rows.length);
  const data = candidates.data;
  for (let i = 0; i < scores.length; i++) {
    const start = (rows === null ? i : rows[i]!) * dim;
    // Four running sums hide the latency of the additions; the order of the additions is the same
    // for every row, so equal rows score equal to the last bit and tie.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let j = 0;
    for (; j + 3 < dim; j += 4) {
      a += q[j]! * data[start + j]!;
      b += q[j + 1]! * data[start + j + 1]!;
      c += q[j + 2]! * data[start + j + 2]!;
      d += q[j + 3]! * data[start + j + 3]!;
    }
    for (; j < dim; j++) a += q[j]! * data[start + j]!;
    scores[i] = a + b + (c + d);
  }
  return scores;
}
