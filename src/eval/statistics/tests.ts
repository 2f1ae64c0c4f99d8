/** @file Tests that paired differences are centred on 0. All are two-sided. */
import type { Uniform } from "./describe.ts";
import { checkList, mean, standardError } from "./describe.ts";
import { erfc, studentTwoSided } from "./special.ts";

export type TestResult = {
  readonly test: "sign-flip" | "paired-t" | "wilcoxon";
  /** Mean difference, t or the sum of positive ranks. */
  readonly statistic: number;
  readonly p: number;
  /** Differences that took part. */
  readonly n: number;
  /** Whether p is the exact share of all assignments, not sampled or approximated. */
  readonly exact: boolean;
  /** The least p the test can give with this n: above 0.05 it can't reject at 5 %, whatever the data. */
  readonly smallestP: number;
};

export type SignFlipOptions = {
  /** Needed beyond `exactUpTo` differences. */
  readonly random?: Uniform;
  /** Default 18: 262,144 assignments. */
  readonly exactUpTo?: number;
  /** Sampled assignments beyond that; default 100,000. */
  readonly resamples?: number;
};

/**
 * Paired permutation test: under the null each difference could as well have had the other sign. p is
 * the share of sign assignments whose mean is at least as far from 0 as the observed one.
 */
export function signFlipTest(
  differences: readonly number[],
  { random, exactUpTo = 18, resamples = 100_000 }: SignFlipOptions = {},
): TestResult {
  checkList(differences, 1, "signFlipTest");
  const n = differences.length;
  const observed = Math.abs(mean(differences)) * n;
  // Sums of the same numbers in another order differ in their last bits.
  const reached = observed - 1e-12 * differences.reduce((sum, d) => sum + Math.abs(d), 0);
  const statistic = mean(differences);
  if (n <= exactUpTo) {
    const count = countFlips(differences, reached);
    const smallestP = 2 ** (1 - n);
    return { test: "sign-flip", statistic, p: count / 2 ** n, n, exact: true, smallestP };
  }
  if (random === undefined) {
    throw new RangeError(`signFlipTest: ${n} differences need a random generator, none was given`);
  }
  const groups = signedSums(differences);
  let count = 1; // the observed assignment is one of them, so p is never 0
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    let bits = 0;
    for (let g = 0; g < groups.length; g++) {
      bits = g % 4 === 0 ? Math.floor(random() * 2 ** 32) : bits >>> 8; // four bytes a number
      sum += groups[g]![bits & 255]!;
    }
    if (Math.abs(sum) >= reached) count++;
  }
  const total = resamples + 1;
  return { test: "sign-flip", statistic, p: count / total, n, exact: false, smallestP: 1 / total };
}

/** Of all 2^n sign assignments those that reach as far. */
function countFlips(differences: readonly number[], reached: number): number {
  const groups = signedSums(differences);
  const all = 2 ** differences.length;
  let count = 0;
  for (let signs = 0; signs < all; signs++) {
    let sum = 0;
    for (let g = 0; g < groups.length; g++) sum += groups[g]![(signs >>> (8 * g)) & 255]!;
    if (Math.abs(sum) >= reached) count++;
  }
  return count;
}

/** For each eight differences their 256 signed sums, by byte: a set bit is a plus. */
function signedSums(differences: readonly number[]): Float64Array[] {
  return Array.from({ length: Math.ceil(differences.length / 8) }, (_, g) => {
    const own = differences.slice(8 * g, 8 * g + 8);
    return Float64Array.from({ length: 256 }, (__, byte) =>
      own.reduce((sum, d, i) => sum + (byte & (1 << i) ? d : -d), 0),
    );
  });
}

/** Student's t on the differences; n >= 2. Differences that are all equal give p = 0, or 1 if all 0. */
export function pairedTTest(differences: readonly number[]): TestResult {
  checkList(differences, 2, "pairedTTest");
  const n = differences.length;
  const centre = mean(differences);
  const error = standardError(differences);
  const statistic = error > 0 ? centre / error : centre === 0 ? 0 : Math.sign(centre) * Infinity;
  const p = Number.isFinite(statistic) ? studentTwoSided(statistic, n - 1) : 0;
  return { test: "paired-t", statistic, p, n, exact: true, smallestP: 0 };
}

/**
 * Wilcoxon's signed-rank test. Zeros are dropped; ties share their mean rank. Exact over all sign
 * assignments up to 50 differences (ties included), beyond by the normal approximation with tie
 * correction.
 */
export function wilcoxonTest(differences: readonly number[]): TestResult {
  checkList(differences, 1, "wilcoxonTest");
  const kept = differences.filter((d) => d !== 0);
  const n = kept.length;
  const ranks = midRanks(kept.map(Math.abs));
  let statistic = 0;
  for (const [i, d] of kept.entries()) if (d > 0) statistic += ranks[i]!;
  if (n === 0) return { test: "wilcoxon", statistic, p: 1, n, exact: true, smallestP: 1 };
  if (n > 50) {
    const squares = ranks.reduce((sum, r) => sum + r * r, 0);
    const z = (statistic - (n * (n + 1)) / 4) / Math.sqrt(squares / 4);
    const p = erfc(Math.abs(z) / Math.SQRT2);
    return { test: "wilcoxon", statistic, p, n, exact: false, smallestP: 2 ** (1 - n) };
  }
  const p = exactRankP(ranks, statistic);
  return { test: "wilcoxon", statistic, p, n, exact: true, smallestP: 2 ** (1 - n) };
}

/** Number of assignments by twice their rank sum (mid-ranks are halves), then both tails. */
function exactRankP(ranks: readonly number[], statistic: number): number {
  const doubled = ranks.map((r) => Math.round(2 * r));
  const total = doubled.reduce((sum, r) => sum + r, 0);
  const share = new Float64Array(total + 1);
  share[0] = 1;
  for (const rank of doubled) {
    for (let s = total; s >= 0; s--)
      share[s] = (share[s]! + (s >= rank ? share[s - rank]! : 0)) / 2;
  }
  const distance = Math.abs(2 * statistic - total / 2);
  let p = 0;
  for (const [s, mass] of share.entries()) if (Math.abs(s - total / 2) >= distance) p += mass;
  return Math.min(1, p);
}

/** Ranks from 1; equal values share the mean of their places. */
export function midRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = Array.from({ length: values.length }, () => 0);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
