/** @file Confidence intervals of a mean: Student's t and the bootstrap. */
import type { Uniform } from "./describe.ts";
import { checkList, mean, quantileSorted, standardError } from "./describe.ts";
import { normalCdf, normalQuantile, studentQuantile } from "./special.ts";

export type Interval = {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Nominal coverage, e.g. 0.95. */
  readonly confidence: number;
  readonly method: "t" | "percentile" | "bca";
  /** Number of units it rests on. */
  readonly n: number;
};

/** mean +- t standard errors. Right for normal values however few; n >= 2. */
export function tInterval(values: readonly number[], { confidence = 0.95 } = {}): Interval {
  checkList(values, 2, "tInterval");
  checkConfidence(confidence);
  const n = values.length;
  const estimate = mean(values);
  const reach = studentQuantile((1 + confidence) / 2, n - 1) * standardError(values);
  return { estimate, low: estimate - reach, high: estimate + reach, confidence, method: "t", n };
}

export type BootstrapOptions = {
  readonly random: Uniform;
  /** Bias-corrected and accelerated, or plain percentiles. Default "bca". */
  readonly method?: "percentile" | "bca";
  /** Default 10,000. */
  readonly resamples?: number;
  readonly confidence?: number;
};

/**
 * Bootstrap interval of the mean over exchangeable units (n >= 2). Both methods undercover when n is
 * small (at n = 5 a nominal 95 % holds about 85 %): prefer `tInterval` over a handful of seeds.
 */
export function bootstrapInterval(values: readonly number[], options: BootstrapOptions): Interval {
  const { random, method = "bca", resamples = 10_000, confidence = 0.95 } = options;
  checkList(values, 2, "bootstrapInterval");
  checkConfidence(confidence);
  if (!(Number.isInteger(resamples) && resamples >= 100)) {
    throw new RangeError(`bootstrapInterval: needs at least 100 resamples, got ${resamples}`);
  }
  const estimate = mean(values);
  const means = bootstrapMeans(values, resamples, random);
  const tail = (1 - confidence) / 2;
  const adjust = method === "bca" ? bcaLevel(values, means, estimate) : (p: number): number => p;
  const low = quantileSorted(means, adjust(tail));
  const high = quantileSorted(means, adjust(1 - tail));
  return { estimate, low, high, confidence, method, n: values.length };
}

/** Means of resamples with replacement, ascending. */
function bootstrapMeans(
  values: readonly number[],
  resamples: number,
  random: Uniform,
): Float64Array {
  const n = values.length;
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(random() * n)]!;
    means[r] = sum / n;
  }
  return means.sort();
}

/** Efron's correction of a quantile level: bias from the resamples, acceleration from the jackknife. */
function bcaLevel(
  values: readonly number[],
  sortedMeans: Float64Array,
  estimate: number,
): (level: number) => number {
  let below = 0;
  let equal = 0;
  for (const value of sortedMeans) {
    if (value < estimate) below++;
    else if (value === estimate) equal++;
  }
  const share = (below + equal / 2) / sortedMeans.length;
  // Constant values: every resample is the estimate, and no correction is defined or needed.
  if (!(share > 0 && share < 1)) return (level) => level;
  const bias = normalQuantile(share);
  const acceleration = meanAcceleration(values, estimate);
  return (level) => {
    const z = bias + normalQuantile(level);
    return normalCdf(bias + z / (1 - acceleration * z));
  };
}

/** For the mean the jackknife's third moment over its second comes down to that of the values. */
function meanAcceleration(values: readonly number[], estimate: number): number {
  let second = 0;
  let third = 0;
  for (const value of values) {
    const d = value - estimate;
    second += d * d;
    third += d * d * d;
  }
  return second > 0 ? third / (6 * second ** 1.5) : 0;
}

function checkConfidence(confidence: number): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence must be in (0, 1), got ${confidence}`);
  }
}
