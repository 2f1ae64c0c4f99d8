/** @file The one implementation of every variant: similarities, a mask rule and a weight rule -> loss. */
import type { Value } from "../engine/index.ts";
import {
  add,
  and,
  cast,
  concat,
  div,
  exp,
  expand,
  log,
  logSumExp,
  maximum,
  max,
  mul,
  not,
  sub,
  sum,
  where,
} from "../engine/index.ts";
import type { MaskRule } from "./masks.ts";
import { keepingAtLeast, NEVER } from "./masks.ts";
import type { Terms } from "./terms.ts";
import { constantMask } from "./terms.ts";
import type { Kept, WeightRule } from "./weights.ts";

export type ContrastiveRules = {
  /** Null keeps every negative. */
  readonly mask?: MaskRule | null;
  /** Null weighs every negative 1. */
  readonly weight?: WeightRule | null;
  /** Corrects a query's summed negatives for the positives among them; null: not. */
  readonly debias?: Debias | null;
  /** The mask takes back drops until a query has this many negatives; default 0. */
  readonly minKeptNegatives?: number;
};

/** HCL's correction, spec 1.4. */
export type Debias = {
  /** The share tau+ of negatives that are truly positives, in [0, 1). */
  readonly classPrior: number;
};

export type Contrastive = {
  /** [batch], in nats */
  readonly perQuery: Value;
  /** True = dropped; never on excluded places: bool [batch, negatives] */
  readonly mask: Value;
  /** Dropped over all negatives of the batch: [] */
  readonly maskRate: Value;
  /** Over the kept negatives; 0 if there is none: [] */
  readonly meanWeight: Value;
  readonly maxWeight: Value;
  /** What the rates above are made of, all []: sums, which may be added over blocks of queries. */
  readonly counts: Counts;
};

export type Counts = {
  readonly dropped: Value;
  readonly negatives: Value;
  readonly kept: Value;
  readonly weight: Value;
};

/**
 * The loss of each query, in one stable sum:
 *
 *     L_i = log(1 + sum_{j kept} w_ij exp((s_ij - s_ii) / t))
 *
 * which is -log of the positive's weighted share. First the mask, then the weights.
 */
export function contrastive(terms: Terms, rules: ContrastiveRules = {}): Contrastive {
  const { positive, similarities, excluded, temperature } = terms;
  const { mask: maskRule = null, weight: weightRule = null, debias = null } = rules;
  const [batch, negatives] = similarities.shape as readonly [number, number];
  const { graph } = similarities;
  const none = (): Value => constantMask(graph, [batch, negatives], () => false);
  const dropped =
    maskRule === null ? none() : and(withMinimum(maskRule, rules)(terms), not(excluded));
  const keptMask = and(not(dropped), not(excluded)); // [batch, negatives]
  const kept: Kept = { mask: keptMask, count: keptCount(keptMask) };
  const logWeights = weightRule === null ? null : weightRule(terms, kept); // [batch, negatives]

  const margins = div(sub(similarities, positive), temperature); // [batch, negatives]
  const weighted = logWeights === null ? margins : add(margins, logWeights);
  const surviving = where(keptMask, weighted, NEVER);
  const columns = debias === null ? surviving : debiased(surviving, terms, kept, debias);
  const zero = expand(graph.scalar(0), [batch, 1]); // the positive against itself
  const perQuery = logSumExp(concat([zero, columns], { axis: 1 }), { axis: 1 }); // [batch]
  return { perQuery, mask: dropped, ...statistics(dropped, excluded, keptMask, logWeights) };
}

function withMinimum(rule: MaskRule, { minKeptNegatives = 0 }: ContrastiveRules): MaskRule {
  if (!(Number.isInteger(minKeptNegatives) && minKeptNegatives >= 0)) {
    throw new RangeError(`minKeptNegatives must be an integer from 0 up, got ${minKeptNegatives}`);
  }
  return minKeptNegatives === 0 ? rule : keepingAtLeast(minKeptNegatives, rule);
}

function keptCount(mask: Value): Value {
  return maximum(sum(cast(mask, "float32"), { axes: [1], keepDims: true }), 1); // [batch, 1]
}

/**
 * HCL: the sum S of a query's weighted negatives becomes (S - tau+ n exp(s_ii/t)) / (1 - tau+), not
 * below n exp(-1/t). In log space and relative to the positive: [batch, 1]
 */
function debiased(margins: Value, terms: Terms, { count }: Kept, { classPrior }: Debias): Value {
  if (!(classPrior >= 0 && classPrior < 1)) {
    throw new RangeError(`debias: classPrior must be in [0, 1), got ${classPrior}`);
  }
  const { positive, temperature } = terms;
  const total = logSumExp(margins, { axis: 1, keepDims: true }); // [batch, 1]
  const floor = sub(log(count), div(add(positive, 1), temperature));
  if (classPrior === 0) return maximum(total, floor);
  const expected = log(mul(count, classPrior));
  const ratio = exp(sub(expected, maximum(total, expected))); // in (0, 1]; 1 if nothing would be left
  const rest = maximum(sub(1, ratio), 1e-30);
  const corrected = sub(add(total, log(rest)), Math.log(1 - classPrior));
  return maximum(corrected, floor);
}

function statistics(
  dropped: Value,
  excluded: Value,
  kept: Value,
  logWeights: Value | null,
): Pick<Contrastive, "maskRate" | "meanWeight" | "maxWeight" | "counts"> {
  const count = (mask: Value): Value => sum(cast(mask, "float32"));
  const ones = cast(kept, "float32");
  const weights = logWeights === null ? ones : where(kept, exp(where(kept, logWeights, 0)), 0);
  const counts: Counts = {
    dropped: count(dropped),
    negatives: count(not(excluded)),
    kept: count(kept),
    weight: sum(weights),
  };
  return {
    maskRate: div(counts.dropped, maximum(counts.negatives, 1)),
    meanWeight: div(counts.weight, maximum(counts.kept, 1)),
    maxWeight: max(weights),
    counts,
  };
}
