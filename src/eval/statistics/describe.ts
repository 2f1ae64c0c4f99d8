/** @file Means, spreads and quantiles of a list of numbers. */

/** Draws uniform numbers in [0, 1). Every random choice here comes through one. */
export type Uniform = () => number;

export function mean(values: readonly number[]): number {
  checkList(values, 1, "mean");
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** With n - 1 in the denominator. */
export function variance(values: readonly number[]): number {
  checkList(values, 2, "variance");
  const middle = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - middle) ** 2;
  return sum / (values.length - 1);
}

export function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(variance(values));
}

/** Standard error of the mean. */
export function standardError(values: readonly number[]): number {
  return Math.sqrt(variance(values) / values.length);
}

/** Linear interpolation between order statistics (NumPy's default). `sorted` must be ascending. */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile: p must be in [0, 1], got ${p}`);
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined)
    throw new RangeError("quantile: the list is empty");
  return below + (above - below) * (place - Math.floor(place));
}

export function quantile(values: readonly number[], p: number): number {
  checkList(values, 1, "quantile");
  return quantileSorted(
    [...values].sort((a, b) => a - b),
    p,
  );
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Enough numbers, all finite; the message says which isn't. */
export function checkList(values: readonly number[], atLeast: number, name: string): void {
  if (values.length < atLeast) {
    throw new RangeError(`${name}: needs at least ${atLeast} numbers, got ${values.length}`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`${name}: number ${bad} is ${values[bad]}`);
}
