/** @file What a random ranking scores: exact expectations, pool by pool. */
import type { Task } from "../../data/types.ts";
import type { Metrics } from "../metrics.ts";
import { CUTOFFS } from "../metrics.ts";
import { poolsOf } from "../pool.ts";

/** Metrics whose expectation has a closed form here. */
export type ChanceMetric = Extract<
  keyof Metrics,
  `${"hit" | "precision" | "recall" | "ndcg_linear" | "ndcg_exponential"}@${number}`
>;

/**
 * Expected metrics of one query under a uniformly random order of `poolSize` candidates, of which
 * some are positives with the given grades. Each place holds each candidate equally often, so
 *
 *     E[hit@k]  = 1 - C(n - P, k) / C(n, k)
 *     E[dcg@k]  = (sum of gains / n) * sum_{r <= min(k, n)} 1 / log2(r + 1)
 */
export function chanceOfQuery(
  poolSize: number,
  grades: readonly number[],
): Record<ChanceMetric, number> {
  if (!(grades.length >= 1 && grades.length <= poolSize)) {
    throw new RangeError(`chance: ${grades.length} positives in a pool of ${poolSize}`);
  }
  const result = {} as Record<ChanceMetric, number>;
  for (const k of CUTOFFS) {
    const places = Math.min(k, poolSize);
    result[`hit@${k}`] = 1 - missAll(poolSize, grades.length, places);
    result[`precision@${k}`] = (places * grades.length) / poolSize / k;
    result[`recall@${k}`] = places / poolSize;
    result[`ndcg_linear@${k}`] = randomNdcg(poolSize, grades, k);
    result[`ndcg_exponential@${k}`] = randomNdcg(
      poolSize,
      grades.map((grade) => 2 ** grade - 1),
      k,
    );
  }
  return result;
}

/** Expected scores of a task: mean over its queries. */
export function chanceLevel(task: Task): Record<ChanceMetric, number> & { readonly score: number } {
  const total = {} as Record<ChanceMetric, number>;
  for (const pool of poolsOf(task)) {
    const size = pool.rows === null ? task.corpus.size : pool.rows.length;
    const own = chanceOfQuery(
      size,
      pool.positives.map((p) => p.grade),
    );
    for (const [name, value] of Object.entries(own) as [ChanceMetric, number][]) {
      total[name] = (total[name] ?? 0) + value / task.queries.length;
    }
  }
  return { ...total, score: total[task.metric] };
}

/** C(n - P, k) / C(n, k) as a product that stays in range. */
function missAll(n: number, positives: number, k: number): number {
  let chance = 1;
  for (let i = 0; i < k; i++) chance *= Math.max(0, n - positives - i) / (n - i);
  return chance;
}

function randomNdcg(n: number, gains: readonly number[], k: number): number {
  const meanGain = gains.reduce((sum, g) => sum + g, 0) / n;
  const sorted = [...gains].sort((a, b) => b - a);
  let random = 0;
  let ideal = 0;
  for (let rank = 1; rank <= k; rank++) {
    const discount = Math.log2(rank + 1);
    if (rank <= n) random += meanGain / discount;
    ideal += (sorted[rank - 1] ?? 0) / discount;
  }
  return random / ideal;
}
