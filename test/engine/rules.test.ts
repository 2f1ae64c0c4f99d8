/** What gradients must do beyond agreeing with differences: kinks, constants, second order. */
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/engine/index.ts";
import {
  Graph,
  attention,
  clamp,
  exp,
  gradients,
  interpret,
  l2Normalize,
  logSumExp,
  max,
  maximum,
  mul,
  relu,
  stopGradient,
  sum,
  tensor,
  where,
} from "../../src/engine/index.ts";
import { erf } from "../../src/engine/executor/reference/erf.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";

/** Gradient of sum f(x), and f(x). */
function slope(
  f: (x: Value) => Value,
  at: readonly number[],
  shape = [at.length],
): { y: number[]; g: number[] } {
  const graph = new Graph();
  const x = graph.input("x", shape);
  const y = f(x);
  graph.output("y", y);
  graph.output("g", gradients(sum(y), [x])[0]!);
  const out = interpret(planOf(graph), { x: tensor(Float64Array.from(at), shape) }, new Map());
  return { y: [...(out["y"]!.data as Float64Array)], g: [...(out["g"]!.data as Float64Array)] };
}

describe("at kinks", () => {
  test("relu and clamp follow PyTorch: 0 at relu's, 1 at clamp's", () => {
    expect(slope(relu, [-1, 0, 1]).g).toEqual([0, 0, 1]);
    expect(slope((x) => clamp(x, -1, 1), [-2, -1, 0, 1, 2]).g).toEqual([0, 1, 1, 1, 0]);
  });
  test("max shares its gradient among ties", () => {
    expect(slope((x) => max(x), [2, 1, 2]).g).toEqual([0.5, 0, 0.5]);
  });
  test("maximum gives a tie to the first", () => {
    expect(slope((x) => maximum(x, mul(x, 1.0)), [3]).g).toEqual([1]);
    expect(slope((x) => maximum(x, 3), [3]).g).toEqual([1]);
    expect(slope((x) => maximum(3, x), [3]).g).toEqual([0]);
  });
});

describe("no NaN leaks out of", () => {
  test("a branch of where that is not taken, if what it hides is finite", () => {
    const mask = (x: Value) => x.graph.constant(tensor([1, 0], [2], "bool"));
    expect(slope((x) => where(mask(x), x, -1e30), [1, 2]).g).toEqual([1, 0]);
  });
  test("logSumExp with -Infinity, or nothing else", () => {
    const some = slope((x) => logSumExp(x), [0, -Infinity, 0]);
    expect(some.y[0]).toBeCloseTo(Math.log(2), 14);
    expect(some.g).toEqual([0.5, 0, 0.5]);
    expect(slope((x) => logSumExp(x), [-Infinity, -Infinity]).y).toEqual([-Infinity]);
    expect(slope((x) => logSumExp(x), [1000, 1000]).y[0]).toBeCloseTo(1000 + Math.log(2), 10);
  });
  test("l2Normalize of a zero row: the row stays zero", () => {
    const { y, g } = slope((x) => l2Normalize(x, { epsilon: 1e-3 }), [0, 0, 3, 4], [2, 2]);
    expect(y).toEqual([0, 0, 0.6, 0.8]);
    expect(g.slice(0, 2)).toEqual([1000, 1000]); // constant divisor
  });
  test("attention where a row sees nothing", () => {
    const attend = (x: Value): Value => {
      const mask = x.graph.constant(tensor([0, 0], [1, 1, 1, 2], "bool"));
      return attention({ query: x, key: x, value: x, mask });
    };
    const { y, g } = slope(attend, [1, 2, 3, 4], [1, 1, 2, 2]);
    expect([...y, ...g].every(Number.isFinite)).toBe(true);
  });
});

test("attention is causal: a token's output ignores later ones", () => {
  const run = (last: number): number[] => {
    const graph = new Graph();
    const x = graph.input("x", [1, 1, 3, 2]);
    graph.output("y", attention({ query: x, key: x, value: x, causal: true }));
    const feeds = { x: tensor([1, 2, 3, -1, last, 5], [1, 1, 3, 2]) };
    return [...(interpret(planOf(graph), feeds, new Map())["y"]!.data as Float64Array)];
  };
  expect(run(0).slice(0, 4)).toEqual(run(100).slice(0, 4));
  expect(run(0).slice(4)).not.toEqual(run(100).slice(4));
});

test("stopGradient passes the value and no gradient", () => {
  const { y, g } = slope((x) => mul(stopGradient(x), x), [3]);
  expect([y, g]).toEqual([[9], [3]]);
});

test("a value the loss does not depend on has gradient zero", () => {
  const graph = new Graph();
  const [x, other] = [graph.input("x", [2]), graph.input("other", [2, 2])];
  const [g] = gradients(sum(x), [other]);
  expect(g!.shape).toEqual([2, 2]);
});

test("gradients of gradients: the second derivative of e^2x is 4 e^2x", () => {
  const graph = new Graph();
  const x = graph.input("x", []);
  const [first] = gradients(exp(mul(x, 2)), [x]);
  graph.output("second", gradients(first!, [x])[0]!);
  const { second } = interpret(planOf(graph), { x: tensor([0.3], []) }, new Map());
  expect(second!.data[0]).toBeCloseTo(4 * Math.exp(0.6), 6);
});

test("erf to 15 digits", () => {
  // From Abramowitz and Stegun table 7.1 and mpmath 1.3 (mp.dps = 30).
  const known: readonly (readonly [number, number])[] = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.999, 0.9999777698314002],
    [3.5, 0.9999992569016276],
    [7, 1],
  ];
  for (const [x, y] of known) {
    expect(erf(x)).toBeCloseTo(y, 14);
    expect(erf(-x)).toBeCloseTo(-y, 14);
  }
  expect(erf(NaN)).toBeNaN();
});
