import { expect, test } from "vitest";
import { augment } from "../../src/experiments/augment.ts";
import type { Pixels } from "../../src/data/types.ts";

const draws = (...values: number[]): { uniform(): number } => {
  let i = 0;
  return { uniform: () => values[i++ % values.length]! };
};
/** 20 x 20, a grey level per column, frame f is f levels brighter. */
const ramp = (frames: number): Pixels => ({
  frames,
  height: 20,
  width: 20,
  data: Uint8Array.from(
    { length: frames * 1200 },
    (_, i) => 100 + (Math.floor(i / 3) % 20) + Math.floor(i / 1200),
  ),
});

test("none is the picture itself", () => {
  const pixels = ramp(1);
  expect(augment(pixels, "none", draws(0))).toBe(pixels);
});

test("draws in the middle of their range change nothing", () => {
  expect(augment(ramp(2), "strong", draws(0.5))).toEqual(ramp(2));
});

test("a shift to the right repeats the left border", () => {
  // dx = round(1 * 0.1 * 20) = 2, dy = 0, contrast and brightness as they were
  const shifted = augment(ramp(1), "strong", draws(1, 0.5, 0.5, 0.5));
  const row = Array.from({ length: 20 }, (_, x) => shifted.data[3 * x]);
  expect(row.slice(0, 5)).toEqual([100, 100, 100, 101, 102]);
});

test("all frames change alike, so motion stays", () => {
  const { data } = augment(ramp(2), "light", draws(0.9, 0.1, 0.5, 0.5));
  for (let i = 0; i < 1200; i++) expect(data[1200 + i]! - data[i]!).toBe(1);
});

test("brightness is clamped, never wrapped", () => {
  const white: Pixels = { frames: 1, height: 1, width: 1, data: Uint8Array.of(255, 250, 0) };
  expect([...augment(white, "strong", draws(0.5, 0.5, 0.5, 1)).data]).toEqual([255, 255, 31]);
});
