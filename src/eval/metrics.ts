/** @file The metrics of MMEB-V2 (spec 3.3) as functions of the ranks of a query's positives. */

export const CUTOFFS = [1, 5, 10] as const;
export const METRICS = [
  "hit",
  "ndcg_linear",
  "ndcg_exponential",
  "precision",
  "recall",
  "f1",
  "map",
  "mrr",
] as const;

export type MetricName = `${(typeof METRICS)[number]}@${(typeof CUTOFFS)[number]}`;
export type Metrics = Readonly<Record<MetricName, number>>;

/** Every metric's name in the order of the evaluator's score files. */
export const METRIC_NAMES: readonly MetricName[] = METRICS.flatMap((metric) =>
  CUTOFFS.map((k): MetricName => `${metric}@${k}`),
);

/** What a metric sees of a positive: rank 1 is best; a grade is > 0, 1 where the source has none. */
export type Ranked = { readonly rank: number; readonly grade: number };

/**
 * Every metric of one query. All positives must be given, also those that rank beyond 10: they
 * count in the denominators of recall, MAP and nDCG.
 *
 *     hit@k       1 if a positive ranks <= k
 *     precision@k positives ranked <= k, divided by k even if fewer candidates exist
 *     recall@k    the same, divided by the number of positives
 *     f1@k        harmonic mean of the two, 0 if both are
 *     map@k       sum over positives at rank r <= k of precision@r, divided by min(positives, k)
 *     mrr@k       1 / best rank if that is <= k
 *     ndcg@k      sum of gain / log2(rank + 1) over its largest possible value;
 *                 gain = grade (linear) or 2^grade - 1 (exponential)
 */
export function metricsOf(positives: readonly Ranked[]): Metrics {
  checkRanks(positives);
  const byRank = [...positives].sort((a, b) => a.rank - b.rank);
  const result = {} as Record<MetricName, number>;
  for (const k of CUTOFFS) {
    const found = byRank.filter((p) => p.rank <= k);
    const precision = found.length / k;
    const recall = found.length / byRank.length;
    const precisionSum = found.reduce((sum, p, i) => sum + (i + 1) / p.rank, 0);
    result[`hit@${k}`] = found.length > 0 ? 1 : 0;
    result[`precision@${k}`] = precision;
    result[`recall@${k}`] = recall;
    result[`f1@${k}`] = found.length > 0 ? (2 * precision * recall) / (precision + recall) : 0;
    result[`map@${k}`] = precisionSum / Math.min(byRank.length, k);
    result[`mrr@${k}`] = found.length > 0 ? 1 / found[0]!.rank : 0;
    result[`ndcg_linear@${k}`] = ndcg(byRank, k, linearGain);
    result[`ndcg_exponential@${k}`] = ndcg(byRank, k, exponentialGain);
  }
  return result;
}

/** Mean of each metric over queries; every query weighs the same. */
export function meanMetrics(queries: readonly Metrics[]): Metrics {
  if (queries.length === 0) throw new RangeError("meanMetrics: no queries to average");
  const mean = {} as Record<MetricName, number>;
  for (const name of METRIC_NAMES) {
    let sum = 0;
    for (const query of queries) sum += query[name];
    mean[name] = sum / queries.length;
  }
  return mean;
}

/** One metric of one query, without computing the others. */
export function metricOf(positives: readonly Ranked[], metric: "hit@1" | "ndcg_linear@5"): number {
  if (metric === "ndcg_linear@5") return ndcg(positives, 5, linearGain);
  return positives.some((p) => p.rank === 1) ? 1 : 0;
}

type Gain = (grade: number) => number;
const linearGain: Gain = (grade) => grade;
const exponentialGain: Gain = (grade) => 2 ** grade - 1;

function ndcg(positives: readonly Ranked[], k: number, gain: Gain): number {
  let dcg = 0;
  for (const { rank, grade } of positives) if (rank <= k) dcg += gain(grade) / Math.log2(rank + 1);
  return dcg / idealDcg(positives, k, gain);
}

function idealDcg(positives: readonly Ranked[], k: number, gain: Gain): number {
  const grades = positives.map((p) => p.grade).sort((a, b) => b - a);
  let ideal = 0;
  for (const [i, grade] of grades.slice(0, k).entries()) ideal += gain(grade) / Math.log2(i + 2);
  return ideal;
}

function checkRanks(positives: readonly Ranked[]): void {
  if (positives.length === 0) {
    throw new RangeError("metricsOf: a query without positives has no score");
  }
  const seen = new Set<number>();
  for (const { rank, grade } of positives) {
    if (!(Number.isInteger(rank) && rank >= 1)) {
      throw new RangeError(`metricsOf: a rank must be an integer from 1 up, got ${rank}`);
    }
    if (!(grade > 0 && grade < Infinity)) {
      throw new RangeError(`metricsOf: a grade must be > 0 and finite, got ${grade}`);
    }
    if (seen.has(rank)) throw new RangeError(`metricsOf: two positives share rank ${rank}`);
    seen.add(rank);
  }
}
