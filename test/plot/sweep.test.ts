import { expect, test } from "vitest";
import {
  importances,
  sweepContour,
  sweepScatter,
  varying,
  type SweepRun,
} from "../../src/plot/index.ts";

const run = (value: number, settings: Record<string, string>): SweepRun => ({
  name: `run ${value}`,
  settings,
  value,
});

test("importance is Kelley's epsilon squared", () => {
  // SST 5, SSB 4, SSW 1, MSW 1/2: (4 - 1/2) / 5
  const runs = [
    run(1, { a: "x", b: "p", c: "0", d: "same" }),
    run(2, { a: "x", b: "q", c: "1", d: "same" }),
    run(3, { a: "y", b: "q", c: "2", d: "same" }),
    run(4, { a: "y", b: "p", c: "3", d: "same" }),
  ];
  expect(varying(runs)).toEqual(["a", "b", "c"]);
  const [first, ...rest] = importances(runs);
  expect(first).toMatchObject({ setting: "a", levels: 2 });
  expect(first!.share).toBeCloseTo(0.7, 12);
  // b explains nothing; c never repeats and d never changes
  expect(rest).toEqual([{ setting: "b", levels: 2, share: 0 }]);
});

test("runs of one value leave nothing to explain", () => {
  expect(importances([run(1, { a: "x" }), run(1, { a: "x" }), run(1, { a: "y" })])).toEqual([]);
});

test("a setting of numbers has a number axis, one of words a category axis", () => {
  const runs = [run(1, { rate: "1e-3", loss: "hw" }), run(2, { rate: "0.01" })];
  const numbers = sweepScatter(runs, "rate", "test/overall");
  expect(numbers.data[0]!["x"]).toEqual([0.001, 0.01]);
  const words = sweepScatter(runs, "loss", "test/overall");
  expect(words.data[0]!["x"]).toEqual(["hw", "not set"]);
  expect(words.layout["xaxis"]).toMatchObject({ type: "category" });
  expect(words.layout.meta.description).toBe("test/overall of 2 runs over loss.");
});

test("a contour has the mean of each pair of values, and gaps where no run is", () => {
  const runs = [
    run(1, { alpha: "2", delta: "0.9" }),
    run(3, { alpha: "2", delta: "0.9" }),
    run(5, { alpha: "1", delta: "0.9" }),
    run(7, { alpha: "1", delta: "0.8" }),
    run(9, { alpha: "none", delta: "0.8" }),
  ];
  const { data } = sweepContour(runs, ["alpha", "delta"], "loss")!;
  expect(data[0]).toMatchObject({ x: [1, 2], y: [0.8, 0.9] });
  expect(data[0]!["z"]).toEqual([
    [7, null],
    [5, 2],
  ]);
  expect(sweepContour(runs.slice(0, 2), ["alpha", "delta"], "loss")).toBeUndefined();
});
