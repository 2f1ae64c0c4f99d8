/** @file Means and paired differences as the records that reports show (DESIGN D5). */
import type { Observation } from "../eval/index.ts";
import { bootstrapInterval, holm, mean, summarise, tInterval } from "../eval/index.ts";
import { Random } from "../engine/index.ts";
import type { Delta, Estimate } from "../plot/types.ts";

const RESAMPLES = 4_000;

export const STATISTICS =
  "Means are over seeds with a t interval; differences are paired by data set and seed, with a 95 % bootstrap interval (BCa) over pairs and a two-sided sign-flip permutation test, Holm-corrected over the family. Seeds of one model family share data, so intervals speak of these data sets.";

/** Mean over seeds; no interval from a single one. */
export function estimateOf(values: readonly number[]): Estimate {
  const none = { low: null, high: null, n: values.length };
  // Runs on text tasks alone have no overall mean: NaN, shown as a dash.
  if (values.some(Number.isNaN)) return { mean: Number.NaN, ...none };
  if (values.length < 2) return { mean: mean(values), ...none };
  const { low, high } = tInterval(values);
  return { mean: mean(values), low, high, n: values.length };
}

/** Mean over queries with a bootstrap interval: for what has no seeds. */
export function queryEstimate(values: readonly number[]): Estimate {
  const { low, high } = bootstrapInterval(values, { random: draws(), resamples: RESAMPLES });
  return { mean: mean(values), low, high, n: values.length };
}

/** A paired difference; `pHolm` is set by `correctFamily`. */
export function deltaOf(pairs: readonly Observation[]): Delta {
  const { delta, interval, permutation } = summarise(pairs, {
    random: draws(),
    resamples: RESAMPLES,
  });
  return {
    mean: delta,
    low: interval.low,
    high: interval.high,
    n: pairs.length,
    p: permutation.p,
    pHolm: null,
  };
}

/** Corrects the p-values of one family together; rows without a difference stay without. */
export function correctFamily(deltas: readonly (Delta | null)[]): (Delta | null)[] {
  const family = deltas.filter((delta) => delta !== null);
  const corrected = holm(family.map(({ p }) => p));
  let next = 0;
  return deltas.map((delta) => (delta === null ? null : { ...delta, pHolm: corrected[next++]! }));
}

/** Every interval draws the same stream, so that a report made twice is the same. */
function draws(): () => number {
  const random = Random.from(0, "report");
  return () => random.uniform();
}
