import { expect, test } from "vitest";
import { bandOf, everyNth, smooth, tInterval } from "../../src/plot/index.ts";

test("the interval is Student's: mean -+ t s / sqrt(n)", () => {
  // mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776: half = 2.776 * sqrt(2.5 / 5)
  const { mean, low, high } = tInterval([1, 2, 3, 4, 5]);
  expect(mean).toBe(3);
  expect(high! - 3).toBeCloseTo(2.776 * Math.sqrt(0.5), 12);
  expect(3 - low!).toBeCloseTo(2.776 * Math.sqrt(0.5), 12);
});

test("one value has no interval", () => {
  expect(tInterval([4])).toEqual({ mean: 4, low: null, high: null });
});

test("a band is over the seeds that have a value at the step", () => {
  const band = bandOf({
    name: "a",
    members: [
      { seed: 0, steps: [1, 2, 3], values: [1, 5, null] },
      { seed: 1, steps: [1, 3], values: [3, NaN] },
    ],
  });
  expect(band.steps).toEqual([1, 2]);
  expect(band.mean).toEqual([2, 5]);
  expect(band.low[0]).toBeLessThan(2);
  expect([band.low[1], band.high[1], band.n]).toEqual([null, null, 2]);
});

test("smoothing is a running mean, shorter at the ends, that leaves gaps and a window of 1 alone", () => {
  const series = { seed: 0, steps: [0, 1, 2, 3, 4], values: [0, 3, 6, null, 2] };
  expect(smooth(series, 3).values).toEqual([1.5, 3, 4.5, null, 2]);
  expect(smooth(series, 1).values).toEqual(series.values);
  expect(() => smooth(series, 0)).toThrow("smooth: window must be >= 1, got 0");
});

test("thinning keeps first and last, and the same steps for series with the same steps", () => {
  const of = (seed: number) => ({
    seed,
    steps: Array.from({ length: 1_000 }, (_, i) => i),
    values: Array.from({ length: 1_000 }, (_, i) => i * seed),
  });
  const [a, b] = [everyNth(of(1), 100), everyNth(of(2), 100)];
  expect(a.steps).toEqual(b.steps);
  expect(a.steps.length).toBeLessThanOrEqual(101);
  expect([a.steps[0], a.steps.at(-1), b.values.at(-1)]).toEqual([0, 999, 1_998]);
  expect(everyNth(of(1), 5_000).steps).toHaveLength(1_000);
});
