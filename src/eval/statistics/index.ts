/** @file Public names of the statistics. */
export { mean, median, quantile, standardDeviation, standardError, variance } from "./describe.ts";
export type { Uniform } from "./describe.ts";
export { bootstrapInterval, tInterval } from "./intervals.ts";
export type { BootstrapOptions, Interval } from "./intervals.ts";
export { pairedTTest, signFlipTest, wilcoxonTest } from "./tests.ts";
export type { SignFlipOptions, TestResult } from "./tests.ts";
export { benjaminiHochberg, holm } from "./multiple.ts";
export { adjustComparisons, compare, effectSize, pairDifferences, summarise } from "./compare.ts";
export type { CompareOptions, Comparison, EffectSize, Observation, Unit } from "./compare.ts";
export { contrasts, factorialEffects } from "./factorial.ts";
export type { CellObservation, Contrast } from "./factorial.ts";
export {
  erfc,
  incompleteBeta,
  logGamma,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from "./special.ts";
