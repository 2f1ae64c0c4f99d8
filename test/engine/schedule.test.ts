import { expect, test } from "vitest";
import { schedule } from "../../src/engine/index.ts";

const at = (f: (step: number) => number, steps: readonly number[]): number[] => steps.map(f);

test("constant stays at the peak, after a linear rise", () => {
  const rate = schedule({ kind: "constant", peak: 2, warmupSteps: 4 });
  expect(at(rate, [0, 1, 2, 3, 4, 1000])).toEqual([0.5, 1, 1.5, 2, 2, 2]);
});

test("linear falls to zero at the last step and stays there", () => {
  const rate = schedule({ kind: "linear", peak: 1, warmupSteps: 2, totalSteps: 6 });
  expect(at(rate, [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0]);
});

test("cosine is half way down half way through, and ends at the floor", () => {
  const rate = schedule({ kind: "cosine", peak: 1, totalSteps: 100, floor: 0.1 });
  expect(rate(0)).toBe(1);
  expect(rate(50)).toBeCloseTo(0.55, 12);
  expect(rate(25)).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 12);
  expect(at(rate, [100, 500])).toEqual([0.1, 0.1]);
});

test("settings that make no schedule are named", () => {
  expect(() => schedule({ kind: "constant", peak: -1 })).toThrow(
    "schedule: peak must be >= 0, got -1",
  );
  expect(() => schedule({ kind: "constant", peak: 1, warmupSteps: 0.5 })).toThrow(
    "schedule: warmupSteps must be an integer from 0 up, got 0.5",
  );
  expect(() => schedule({ kind: "cosine", peak: 1 })).toThrow(
    "schedule: cosine needs totalSteps > warmupSteps, got Infinity and 0",
  );
  expect(() => schedule({ kind: "linear", peak: 1, warmupSteps: 5, totalSteps: 5 })).toThrow(
    "schedule: linear needs totalSteps > warmupSteps, got 5 and 5",
  );
  expect(() => schedule({ kind: "constant", peak: 1, floor: 2 })).toThrow(
    "schedule: floor must be in [0, 1], got 2",
  );
});
