/** @file Two cells of an ablation compared: paired by data set and seed (DESIGN D5). */
import { EvalError } from "../error.ts";
import type { Uniform } from "./describe.ts";
import { mean, standardDeviation } from "./describe.ts";
import type { Interval } from "./intervals.ts";
import { bootstrapInterval, tInterval } from "./intervals.ts";
import { benjaminiHochberg, holm } from "./multiple.ts";
import type { TestResult } from "./tests.ts";
import { pairedTTest, signFlipTest, wilcoxonTest } from "./tests.ts";

/** One measured score. */
export type Observation = {
  readonly dataset: string;
  readonly seed: number;
  readonly value: number;
};

/** What is resampled and flipped: each pair, or the pairs' means by data set or by seed. */
export type Unit = "pair" | "dataset" | "seed";

export type CompareOptions = {
  readonly random: Uniform;
  /**
   * Default "pair". Pairs of one seed share a model and are not quite independent, so "pair" speaks
   * about these data sets and overstates what other seeds would give; `overSeeds` in the result is the
   * cautious answer to that. "dataset" asks whether other data sets would agree.
   */
  readonly unit?: Unit;
  readonly confidence?: number;
  readonly resamples?: number;
};

export type Comparison = {
  /** Mean of treatment - control over all pairs. */
  readonly delta: number;
  /** Bootstrap (BCa) over the unit. */
  readonly interval: Interval;
  readonly permutation: TestResult;
  readonly wilcoxon: TestResult;
  readonly effect: EffectSize;
  readonly unit: Unit;
  readonly pairs: number;
  readonly seeds: number;
  readonly datasets: number;
  /** Mean difference of each seed: t interval and t test over them; null with one seed. */
  readonly overSeeds: { readonly interval: Interval; readonly test: TestResult } | null;
  /** Share of seeds, and of data sets, whose mean difference has the sign of `delta`. */
  readonly agreeing: { readonly seeds: number; readonly datasets: number };
};

/** Standardised mean difference of paired values; 0 where all differences are 0. */
export type EffectSize = {
  /** Mean over standard deviation of the differences. */
  readonly cohenDz: number;
  /** The same, less its small-sample bias. */
  readonly hedgesG: number;
};

/** Compares `treatment` with `control`; both must hold the same pairs. */
export function compare(
  treatment: readonly Observation[],
  control: readonly Observation[],
  options: CompareOptions,
): Comparison {
  return summarise(pairDifferences(treatment, control), options);
}

/** treatment - control of every data set and seed; a pair that only one side has is an error naming it. */
export function pairDifferences(
  treatment: readonly Observation[],
  control: readonly Observation[],
): Observation[] {
  const controlBy = byPair(control, "control");
  const treatmentBy = byPair(treatment, "treatment");
  for (const [key, { dataset, seed }] of controlBy) {
    if (!treatmentBy.has(key)) throw unpaired(dataset, seed, "control");
  }
  return treatment.map(({ dataset, seed, value }) => {
    const other = controlBy.get(pairKey(dataset, seed));
    if (other === undefined) throw unpaired(dataset, seed, "treatment");
    return { dataset, seed, value: value - other.value };
  });
}

/** The comparison from differences, or from a factorial contrast (factorial.ts). */
export function summarise(
  differences: readonly Observation[],
  { random, unit = "pair", confidence = 0.95, resamples = 10_000 }: CompareOptions,
): Comparison {
  const bySeed = groupMeans(differences, (d) => String(d.seed));
  const byDataset = groupMeans(differences, (d) => d.dataset);
  const pairs = differences.map((d) => d.value);
  const units = { pair: pairs, dataset: byDataset, seed: bySeed }[unit];
  const delta = mean(pairs);
  const overSeeds =
    bySeed.length < 2
      ? null
      : { interval: tInterval(bySeed, { confidence }), test: pairedTTest(bySeed) };
  const agree = (means: readonly number[]): number =>
    means.filter((m) => Math.sign(m) === Math.sign(delta)).length / means.length;
  return {
    delta,
    interval: bootstrapInterval(units, { random, confidence, resamples }),
    permutation: signFlipTest(units, { random }),
    wilcoxon: wilcoxonTest(units),
    effect: effectSize(units),
    unit,
    pairs: pairs.length,
    seeds: bySeed.length,
    datasets: byDataset.length,
    overSeeds,
    agreeing: { seeds: agree(bySeed), datasets: agree(byDataset) },
  };
}

/** Adds to each comparison its permutation p corrected for all of them together. */
export function adjustComparisons<C extends { readonly permutation: TestResult }>(
  comparisons: readonly C[],
  method: "holm" | "benjamini-hochberg" = "holm",
): (C & { readonly adjustedP: number })[] {
  const correct = method === "holm" ? holm : benjaminiHochberg;
  const adjusted = correct(comparisons.map((c) => c.permutation.p));
  return comparisons.map((comparison, i) => ({ ...comparison, adjustedP: adjusted[i]! }));
}

/** Effect size of at least two differences. */
export function effectSize(differences: readonly number[]): EffectSize {
  const centre = mean(differences);
  const spread = standardDeviation(differences);
  const cohenDz = spread > 0 ? centre / spread : centre === 0 ? 0 : Math.sign(centre) * Infinity;
  const df = differences.length - 1;
  return { cohenDz, hedgesG: df > 1 ? cohenDz * (1 - 3 / (4 * df - 1)) : cohenDz };
}

function groupMeans(
  differences: readonly Observation[],
  key: (d: Observation) => string,
): number[] {
  return [...Map.groupBy(differences, key).values()].map((group) =>
    mean(group.map((d) => d.value)),
  );
}

function byPair(observations: readonly Observation[], side: string): Map<string, Observation> {
  const map = new Map<string, Observation>();
  for (const observation of observations) {
    const key = pairKey(observation.dataset, observation.seed);
    if (map.has(key)) {
      const where = `data set ${observation.dataset}, seed ${observation.seed}`;
      throw new EvalError("BAD_PAIRS", `${where} occurs twice in the ${side}`);
    }
    map.set(key, observation);
  }
  return map;
}

function unpaired(dataset: string, seed: number, side: string): EvalError {
  return new EvalError("BAD_PAIRS", `data set ${dataset}, seed ${seed} is only in the ${side}`);
}

function pairKey(dataset: string, seed: number): string {
  return `${seed}\n${dataset}`;
}
