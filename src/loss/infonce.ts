/** @file InfoNCE and its relatives over a batch of embeddings (spec 1.2 to 1.5). */
import type { Value } from "../engine/index.ts";
import { add, matmul, mean, mul, slice, transpose } from "../engine/index.ts";
import type { Contrastive, ContrastiveRules, Debias } from "./contrastive.ts";
import { contrastive } from "./contrastive.ts";
import type { MaskRule } from "./masks.ts";
import { targetMask } from "./masks.ts";
import type { HardNegatives } from "./terms.ts";
import { batchTerms, identity, withColumns, withHardNegatives } from "./terms.ts";
import type { WeightRule } from "./weights.ts";
import { hardness } from "./weights.ts";

export type InfoNceOptions = {
  /** [batch, dim], unit rows. */
  readonly query: Value;
  /** [batch, dim], unit rows; row i is the positive of query i. */
  readonly target: Value;
  /** Divides the similarities: a number > 0, or `temperature(...)`. */
  readonly temperature: Value | number;
  /** Hardness weight exp(alpha s); 0 is off. Default 0; RzenEmbed and LLaVE use 9. */
  readonly alpha?: number;
  /** Whether the hardness weight is a constant (LLaVE). Default true. */
  readonly stopGradient?: boolean;
  /** False-negative mask: drops negatives whose target is closer than this to the positive. Null is off. */
  readonly delta?: number | null;
  /** A mask rule in place of `delta`. */
  readonly mask?: MaskRule;
  /** A weight rule in place of `alpha`. */
  readonly weight?: WeightRule;
  readonly debias?: Debias | null;
  /** The mask takes back drops until a query has this many negatives. Default 0. */
  readonly minKeptNegatives?: number;
  /** Mean of query -> target and target -> query. Default false: the paper's one direction. */
  readonly symmetric?: boolean;
  /**
   * What the mask compares in the target -> query half. "query" mirrors the rule: the negative
   * query's similarity to the row's own query. "target" reuses the similarities of the targets.
   * "none" keeps every negative. Default "query". [our choice, the sources are silent]
   */
  readonly symmetricMask?: "query" | "target" | "none";
  /** Mined negatives of the query -> target half; the mask applies to them too. */
  readonly hardNegatives?: HardNegatives;
  /** Qwen3's first stage: other queries and other targets are negatives of a query too. Default false. */
  readonly sameSideNegatives?: boolean;
};

export type InfoNce = {
  /** Mean over queries, in nats: [] */
  readonly loss: Value;
  /** [batch] */
  readonly perQuery: Value;
  /** Share of negatives dropped: [] */
  readonly maskRate: Value;
  /** Over the negatives kept; 0 if there is none: [] */
  readonly meanWeight: Value;
  readonly maxWeight: Value;
  /** In-batch negatives dropped, true = dropped, false on the diagonal: bool [batch, batch] */
  readonly mask: Value;
  /** s(q_i, k_j): [batch, batch] */
  readonly similarities: Value;
  /** s(k_i, k_j): [batch, batch] */
  readonly targetSimilarities: Value;
};

/**
 * InfoNCE over in-batch negatives with optional mask and weights:
 *
 *     mean_i log(1 + sum_{j in N(i)} w_ij exp((s_ij - s_ii) / t)),   s = query . target^T
 *     N(i) = { j != i : s(k_j, k_i) <= delta },   w_ij = exp(alpha s_ij)
 *
 * A constant encoder gives log(batch) without mask; with a mask it gives 0, since all targets are
 * alike. Weighted losses are not comparable in value with unweighted ones.
 *
 * The statistics are those of the query -> target half.
 */
export function infoNce(options: InfoNceOptions): InfoNce {
  const { query, target } = options;
  check(options);
  const excluded = identity(query.graph, query.shape[0]!);
  const { perQuery, forward, ...rest } = rowLosses(options, { query, target, excluded });
  return {
    loss: mean(perQuery),
    perQuery,
    maskRate: forward.maskRate,
    meanWeight: forward.meanWeight,
    maxWeight: forward.maxWeight,
    mask: slice(forward.mask, { axis: 1, start: 0, end: query.shape[0]! }),
    ...rest,
  };
}

/** Some of a batch's pairs. */
export type Rows = {
  /** [rows, dim] */
  readonly query: Value;
  readonly target: Value;
  /** True where the column is the row's own pair: bool [rows, batch] */
  readonly excluded: Value;
};

export type RowLosses = {
  /** [rows] */
  readonly perQuery: Value;
  readonly forward: Contrastive;
  /** [rows, batch] */
  readonly similarities: Value;
  readonly targetSimilarities: Value;
};

/**
 * The losses of `rows` against the whole batch: no matrix is larger than rows x columns. A query's own
 * mined negatives ([rows, negatives, dim]) are those of `rows`.
 */
export function rowLosses(options: InfoNceOptions, rows: Rows): RowLosses {
  const { query, target, symmetric = false, hardNegatives, sameSideNegatives = false } = options;
  const similarities = products(rows.query, target); // [rows, batch]
  const targetSimilarities = products(rows.target, target); // [rows, batch]
  const rules = rulesOf(options);
  let terms = batchTerms(similarities, targetSimilarities, rows.excluded, options.temperature);
  if (hardNegatives !== undefined) {
    terms = withHardNegatives(terms, rows.query, rows.target, hardNegatives);
  }
  if (sameSideNegatives) {
    const columns = [products(rows.query, query), targetSimilarities];
    for (const own of columns) terms = withColumns(terms, own, targetSimilarities, rows.excluded);
  }
  const forward = contrastive(terms, rules);
  const perQuery = symmetric
    ? mul(
        add(forward.perQuery, backward(options, rows, rules, similarities, targetSimilarities)),
        0.5,
      )
    : forward.perQuery;
  return { perQuery, forward, similarities, targetSimilarities };
}

/** The target -> query half: [rows] */
function backward(
  { query, temperature, symmetricMask = "query" }: InfoNceOptions,
  rows: Rows,
  rules: ContrastiveRules,
  similarities: Value,
  targetSimilarities: Value,
): Contrastive["perQuery"] {
  const compared = symmetricMask === "query" ? products(rows.query, query) : targetSimilarities;
  const mirrored = symmetricMask === "none" ? { ...rules, mask: null } : rules;
  // Of the whole batch, the other direction is known already.
  const own = rows.query === query ? transpose(similarities, [1, 0]) : products(rows.target, query);
  return contrastive(batchTerms(own, compared, rows.excluded, temperature), mirrored).perQuery;
}

function products(rows: Value, columns: Value): Value {
  return matmul(rows, columns, { transposeB: true });
}

function rulesOf({
  alpha = 0,
  stopGradient = true,
  delta = null,
  mask,
  weight,
  debias = null,
  minKeptNegatives = 0,
}: InfoNceOptions): ContrastiveRules {
  const fromAlpha = alpha === 0 ? null : hardness({ alpha, stopGradient });
  const fromDelta = delta === null ? null : targetMask(delta);
  return { mask: mask ?? fromDelta, weight: weight ?? fromAlpha, debias, minKeptNegatives };
}

function check({ query, target, temperature, hardNegatives, ...rest }: InfoNceOptions): void {
  const shape = (value: Value): string => `[${value.shape.join(",")}]`;
  const [batch, dim] = query.shape;
  if (query.shape.length !== 2 || shape(query) !== shape(target)) {
    throw new RangeError(
      `infoNce: query and target must both be [batch, dim], got ${shape(query)} and ${shape(target)}`,
    );
  }
  if (typeof temperature === "number" && !(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`infoNce: temperature must be > 0 and finite, got ${temperature}`);
  }
  if (rest.alpha !== undefined && rest.weight !== undefined) {
    throw new RangeError("infoNce: alpha and weight are two weightings, give one");
  }
  if (rest.delta !== undefined && rest.mask !== undefined) {
    throw new RangeError("infoNce: delta and mask are two masks, give one");
  }
  if (hardNegatives === undefined) return;
  const { shape: own } = hardNegatives;
  const fits = own.length === 2 || (own.length === 3 && own[0] === batch);
  if (!fits || own.at(-1) !== dim) {
    throw new RangeError(
      `infoNce: hardNegatives must be [negatives, ${dim}] or [${batch}, negatives, ${dim}], got ${shape(hardNegatives)}`,
    );
  }
}
