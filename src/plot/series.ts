/** @file Curves of several seeds: smoothed, thinned alike, and made one line with a band. */
import type { CurveGroup, Series } from "./types.ts";

/** A mean over seeds at each step. Ends of the band are null where fewer than two seeds have a value. */
export type Band = {
  readonly steps: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** Seeds. */
  readonly n: number;
};

/** 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom; beyond, the normal's. */
const T975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];

/**
 * Mean and 95 % t-interval over the members of a group, at every step that any of them has. A value
 * that is missing or not finite takes no part in its step.
 */
export function bandOf({ members }: CurveGroup): Band {
  const at = new Map<number, number[]>();
  for (const { steps, values } of members) {
    for (const [i, step] of steps.entries()) {
      const value = values[i];
      if (value === null || value === undefined || !Number.isFinite(value)) continue;
      const group = at.get(step);
      if (group) group.push(value);
      else at.set(step, [value]);
    }
  }
  const steps = [...at.keys()].sort((a, b) => a - b);
  const ends = steps.map((step) => tInterval(at.get(step)!));
  return {
    steps,
    mean: ends.map((end) => end.mean),
    low: ends.map((end) => end.low),
    high: ends.map((end) => end.high),
    n: members.length,
  };
}

/** Mean and its 95 % interval by Student's t. */
export function tInterval(values: readonly number[]): {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
} {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, low: null, high: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = (T975[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half };
}

/** Running mean over `window` points of a series, shorter at its ends; gaps stay gaps. */
export function smooth(series: Series, window: number): Series {
  if (!(window >= 1)) throw new RangeError(`smooth: window must be >= 1, got ${window}`);
  const half = Math.floor(window / 2);
  const values = series.values.map((own, i) => {
    if (own === null) return null;
    const near = series.values.slice(Math.max(0, i - half), i + half + 1);
    const known = near.filter((value) => value !== null && Number.isFinite(value)) as number[];
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
  return { ...series, values };
}

/** Every k-th point and the last, at most about `limit`: series with equal steps keep equal steps. */
export function everyNth(series: Series, limit: number): Series {
  const every = Math.ceil(series.steps.length / limit);
  const last = series.steps.length - 1;
  const keep = (_: unknown, i: number): boolean => i % every === 0 || i === last;
  return { ...series, steps: series.steps.filter(keep), values: series.values.filter(keep) };
}
