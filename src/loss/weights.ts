/** @file How much a negative counts (spec 1.4): log weights that are added to its logit. */
import type { Value } from "../engine/index.ts";
import { div, log, logSumExp, mul, stopGradient, sub, where } from "../engine/index.ts";
import { NEVER } from "./masks.ts";
import type { Terms } from "./terms.ts";

/** A row's surviving negatives. */
export type Kept = {
  /** bool [batch, negatives], true where the negative is in the denominator. */
  readonly mask: Value;
  /** Their number, at least 1 so that it can divide: [batch, 1] */
  readonly count: Value;
};

/** Log weights [batch, negatives]; the positive's is 0. `null` is "all weigh 1". */
export type WeightRule = (terms: Terms, kept: Kept) => Value;

export type HardnessOptions = {
  /** Exponent on the cosine, 9 in the paper; > 0. */
  readonly alpha: number;
  /**
   * True (LLaVE): the weight is a constant, the gradient of a negative is p / t. False (RzenEmbed's
   * formula read literally): it is p (1 / t + alpha). The loss value is the same.
   */
  readonly stopGradient?: boolean;
};

/** w_ij = exp(alpha s(q_i, k_j)), not normalised. */
export function hardness({ alpha, stopGradient: detach = true }: HardnessOptions): WeightRule {
  if (!(alpha > 0 && alpha < Infinity)) {
    throw new RangeError(`hardness: alpha must be > 0 and finite, got ${alpha}`);
  }
  return ({ similarities }) => mul(detach ? stopGradient(similarities) : similarities, alpha);
}

/** The weights of `rule` divided by their mean over each query's kept negatives. */
export function rowNormalised(rule: WeightRule): WeightRule {
  return (terms, kept) => {
    const logWeights = rule(terms, kept); // [batch, negatives]
    return sub(logWeights, logMean(logWeights, kept));
  };
}

/** HCL (Robinson et al. 2021): w_ij = exp(beta s_ij / t) over the row's mean; exponent on the logit. */
export function hclWeight({ beta = 1 } = {}): WeightRule {
  return rowNormalised(({ similarities, temperature }) =>
    div(mul(similarities, beta), temperature),
  );
}

/** log of the mean of exp(x) over the kept columns: [batch, 1] */
function logMean(x: Value, { mask, count }: Kept): Value {
  return sub(logSumExp(where(mask, x, NEVER), { axis: 1, keepDims: true }), log(count));
}
