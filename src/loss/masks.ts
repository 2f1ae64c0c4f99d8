/** @file Rules that drop negatives which may be positives in disguise (spec 1.3), as small functions. */
import type { Value } from "../engine/index.ts";
import {
  add,
  and,
  equal,
  greater,
  greaterOrEqual,
  max,
  neg,
  not,
  or,
  stopGradient,
  where,
} from "../engine/index.ts";
import type { Terms } from "./terms.ts";

/**
 * Says which negatives leave a query's denominator: bool [batch, negatives], true = dropped.
 * Comparisons carry no gradient, so a mask is a constant of the step.
 */
export type MaskRule = (terms: Terms) => Value;

/**
 * RzenEmbed: drops negative j of query i when s(k_j, k_i) > delta.
 *
 * A target-target test with an absolute threshold; the query takes no part. Identical targets (class
 * names, duplicates) are always dropped.
 */
export function targetMask(delta: number): MaskRule {
  if (!(delta >= -1 && delta < 1)) {
    const why = "off is null, not 1: rounding puts the cosine of equal vectors above 1";
    throw new RangeError(`targetMask: delta must be in [-1, 1), got ${delta} (${why})`);
  }
  return ({ targetSimilarities }) => greater(stopGradient(targetSimilarities), delta);
}

/** Drops what scores above the positive by more than `margin`: s(q_i, k_j) > s(q_i, k_i) + margin. */
export function queryMarginMask({ margin = 0.1 } = {}): MaskRule {
  return ({ similarities, positive }) =>
    greater(stopGradient(similarities), add(stopGradient(positive), margin));
}

/**
 * UniME: the query-side margin, then only the `hardest` of the remaining negatives are kept.
 * Equal similarities count as one, so that no choice between them is needed.
 */
export function unimeMask({ margin = 0.1, hardest = 8 } = {}): MaskRule {
  if (!(Number.isInteger(hardest) && hardest >= 1)) {
    throw new RangeError(`unimeMask: hardest must be an integer from 1 up, got ${hardest}`);
  }
  return (terms) => {
    const tooHigh = queryMarginMask({ margin })(terms);
    const out = or(tooHigh, terms.excluded);
    return or(tooHigh, not(amongLargest(terms.similarities, out, hardest)));
  };
}

/** Qwen3-Embedding and Qwen3-VL-Embedding: the query-side margin, or a target equal to the positive. */
export function qwenMask({ margin = 0.1 } = {}): MaskRule {
  // Equal unit vectors have a cosine of 1 up to float32 rounding over the width of the embedding.
  const equalTargets = targetMask(1 - 1e-5);
  return (terms) => or(queryMarginMask({ margin })(terms), equalTargets(terms));
}

/** Takes back drops until at least `count` negatives remain: those least similar to the positive. */
export function keepingAtLeast(count: number, rule: MaskRule): MaskRule {
  return (terms) => {
    const farthest = amongLargest(neg(terms.targetSimilarities), terms.excluded, count);
    return and(rule(terms), not(farthest));
  };
}

/** Stands in for "never" in float32: exp of it is 0, and it stays finite in sums. */
export const NEVER = -1e9;

/**
 * True for the `count` largest distinct values of each row among those not `out`: bool
 * [batch, negatives]. Peels off one maximum after another, a few small nodes each.
 */
function amongLargest(values: Value, out: Value, count: number): Value {
  let left = where(out, NEVER, stopGradient(values)); // [batch, negatives]
  let threshold = max(left, { axes: [1], keepDims: true }); // [batch, 1]
  for (let i = 1; i < count; i++) {
    left = where(equal(left, threshold), NEVER, left);
    // With fewer than `count` negatives the last maximum is NEVER, below all values: all are kept.
    threshold = max(left, { axes: [1], keepDims: true });
  }
  return and(greaterOrEqual(stopGradient(values), threshold), not(out));
}
