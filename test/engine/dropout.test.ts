import { expect, test } from "vitest";
import { Graph, dropout, interpret, tensor } from "../../src/engine/index.ts";
import type { DropoutOptions, Value } from "../../src/engine/index.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";

const SHAPE = [100, 100];

/** Masks (1 = kept) of dropouts in one graph. */
function masks(seed: bigint, options: readonly Omit<DropoutOptions, "seed">[]): number[][] {
  const graph = new Graph();
  const fed: Value = graph.input("seed", [], "int64");
  const ones = graph.input("ones", SHAPE);
  for (const [i, one] of options.entries())
    graph.output(`${i}`, dropout(ones, { ...one, seed: fed }));
  const feeds = {
    seed: tensor([seed], [], "int64"),
    ones: tensor(new Float32Array(100 * 100).fill(1), SHAPE),
  };
  const outputs = interpret(planOf(graph), feeds, new Map());
  return options.map((_, i) =>
    Array.from(outputs[`${i}`]!.data as Float64Array, (x) => (x === 0 ? 0 : 1)),
  );
}

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const agreement = (a: readonly number[], b: readonly number[]): number =>
  mean(a.map((x, i) => (x === b[i] ? 1 : 0)));

test("the share dropped is the rate, in every row and column", () => {
  for (const rate of [0.1, 0.5, 0.9]) {
    const [mask] = masks(1n, [{ rate }]);
    expect(mean(mask!)).toBeCloseTo(1 - rate, 1.5);
    for (let i = 0; i < 100; i++) {
      const row = mean(mask!.slice(i * 100, (i + 1) * 100));
      const column = mean(mask!.filter((_, j) => j % 100 === i));
      // Five deviations of a mean over 100.
      const limit = 5 * Math.sqrt((rate * (1 - rate)) / 100);
      expect(Math.abs(row - (1 - rate))).toBeLessThan(limit);
      expect(Math.abs(column - (1 - rate))).toBeLessThan(limit);
    }
  }
});

test("neighbours are independent", () => {
  const [mask] = masks(3n, [{ rate: 0.5 }]);
  for (const lag of [1, 2, 4, 16, 64, 100, 128]) {
    expect(agreement(mask!.slice(lag), mask!.slice(0, -lag)), `lag ${lag}`).toBeCloseTo(0.5, 1.3);
  }
});

test("seed and site decide the mask, nothing else", () => {
  const [a, b] = masks(1n, [{ rate: 0.5 }, { rate: 0.5 }]);
  expect(masks(1n, [{ rate: 0.5 }])).toEqual([a]);
  expect(masks(1n, [{ rate: 0.5, site: 1 }])).toEqual([b]);
  expect(agreement(a!, b!)).toBeCloseTo(0.5, 1.3);
  for (const seed of [2n, -1n])
    expect(agreement(a!, masks(seed, [{ rate: 0.5 }])[0]!)).toBeCloseTo(0.5, 1.3);
});

test("what is kept is scaled to keep the mean; rate 0 does nothing", () => {
  const graph = new Graph();
  const seed = graph.input("seed", [], "int64");
  const x = graph.input("x", [8]);
  graph.output("y", dropout(x, { rate: 0.75, seed }));
  const feeds = { seed: tensor([5n], []), x: tensor(new Float32Array(8).fill(2), [8]) };
  const { y } = interpret(planOf(graph), feeds, new Map());
  for (const v of y!.data as Float64Array) expect([0, 8]).toContain(v);
  expect(dropout(x, { rate: 0, seed })).toBe(x);
});
