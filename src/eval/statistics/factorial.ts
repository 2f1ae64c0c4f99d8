/** @file Main effects and interactions of a two-level factorial grid, paired within data set and seed. */
import { EvalError } from "../error.ts";
import type { Comparison, CompareOptions, Observation } from "./compare.ts";
import { summarise } from "./compare.ts";

/** A score of one cell; `levels` says for every factor whether it is on. */
export type CellObservation = Observation & { readonly levels: Readonly<Record<string, boolean>> };

export type Contrast = {
  /** "hw" for a main effect, "hw:fn" for an interaction. */
  readonly name: string;
  readonly factors: readonly string[];
  /** One value a data set and seed. */
  readonly perBlock: readonly Observation[];
};

/**
 * The contrasts of a full grid of k factors, up to interactions of `order` factors (default 2).
 *
 * In each block (data set and seed):
 *
 *     main effect of A     = mean(A on) - mean(A off)
 *     interaction of A, B  = half of [effect of A with B on - effect of A with B off]
 *
 * A positive interaction says that the two help each other. Every block must hold all 2^k cells once.
 */
export function contrasts(
  observations: readonly CellObservation[],
  factors: readonly string[],
  { order = 2 } = {},
): Contrast[] {
  const blocks = Map.groupBy(observations, ({ dataset, seed }) => `${seed}\n${dataset}`);
  for (const block of blocks.values()) checkBlock(block, factors);
  return subsets(factors, order).map((subset) => ({
    name: subset.join(":"),
    factors: subset,
    perBlock: [...blocks.values()].map((block) => contrastOf(block, subset)),
  }));
}

/** Each contrast with interval and tests, e.g. for a table of effects. Correct with `adjustComparisons`. */
export function factorialEffects(
  observations: readonly CellObservation[],
  factors: readonly string[],
  options: CompareOptions & { readonly order?: number },
): (Comparison & { readonly name: string })[] {
  const { order = 2, ...rest } = options;
  return contrasts(observations, factors, { order }).map(({ name, perBlock }) => ({
    name,
    ...summarise(perBlock, rest),
  }));
}

/** Sum of sign * value over half the cells of the block, where sign is the product of the levels'. */
function contrastOf(block: readonly CellObservation[], subset: readonly string[]): Observation {
  let sum = 0;
  for (const { levels, value } of block) {
    let sign = 1;
    for (const factor of subset) if (levels[factor] !== true) sign = -sign;
    sum += sign * value;
  }
  const { dataset, seed } = block[0]!;
  return { dataset, seed, value: sum / (block.length / 2) };
}

function subsets(factors: readonly string[], order: number): string[][] {
  const all: string[][] = [[]];
  for (const factor of factors) all.push(...all.map((subset) => [...subset, factor]));
  return all
    .filter((subset) => subset.length > 0 && subset.length <= order)
    .sort((a, b) => a.length - b.length);
}

function checkBlock(block: readonly CellObservation[], factors: readonly string[]): void {
  const { dataset, seed } = block[0]!;
  const where = `data set ${dataset}, seed ${seed}`;
  const seen = new Set<string>();
  for (const { levels } of block) {
    for (const factor of factors) {
      if (levels[factor] === undefined) {
        throw new EvalError("BAD_PAIRS", `${where}: a cell doesn't say whether ${factor} is on`);
      }
    }
    const cell = factors.map((f) => `${f}=${levels[f] === true ? "on" : "off"}`).join(" ");
    if (seen.has(cell)) throw new EvalError("BAD_PAIRS", `${where}: cell ${cell} occurs twice`);
    seen.add(cell);
  }
  const expected = 2 ** factors.length;
  if (seen.size !== expected) {
    throw new EvalError("BAD_PAIRS", `${where}: ${seen.size} of the ${expected} cells of the grid`);
  }
}
