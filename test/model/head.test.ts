import { expect, test } from "vitest";
import { Graph, tensor } from "../../src/engine/index.ts";
import { buildHead, headParameters, initHead } from "../../src/model/head.ts";
import { disturbed, evaluate } from "./helpers.ts";

const silu = (x: number) => x / (1 + Math.exp(-x));
const unit = (x: number[]) => x.map((value) => value / Math.hypot(...x));

function times(weight: ArrayLike<number | bigint>, x: readonly number[]): number[] {
  const rows = weight.length / x.length;
  return Array.from({ length: rows }, (_, row) =>
    x.reduce((sum, value, i) => sum + value * Number(weight[row * x.length + i]), 0),
  );
}

test.each([
  ["as wide as the features, with a residual connection", 3],
  ["narrower, with a linear one", 2],
])("the head is its formula: %s", async (_, out) => {
  const options = { dim: 3, hidden: 4, out };
  const state = disturbed(initHead(options, 0), 1, 0.5);
  const x = [0.3, -1.2, 0.7];
  const { y } = await evaluate(state, { x: tensor(x, [1, 3], "float32") }, (graph) => ({
    y: buildHead(graph, graph.input("x", [1, 3]), options),
  }));
  const weight = (part: string) => state.get(`head.${part}.weight`)!.data;
  const up = times(weight("up"), x);
  const gated = times(weight("gate"), x).map((g, i) => silu(g) * up[i]!);
  const skip = out === 3 ? x : times(weight("skip"), x);
  expect(y!).toBeAllclose(unit(times(weight("down"), gated).map((value, i) => value + skip[i]!)), {
    atol: 1e-6,
  });
});

test("a fresh head is near the features it is given", async () => {
  const options = { dim: 8, hidden: 16 };
  const x = [1, -1, 2, 0.5, -0.3, 0, 1, -2];
  const { y } = await evaluate(
    initHead(options, 0),
    { x: tensor(x, [1, 8], "float32") },
    (graph) => ({
      y: buildHead(graph, graph.input("x", [1, 8]), options),
    }),
  );
  const cosine = unit(x).reduce((sum, value, i) => sum + value * y![i]!, 0);
  expect(cosine).toBeGreaterThan(0.95);
  expect(headParameters(options).size).toBe(3);
});

test("features of another width are refused", () => {
  const graph = new Graph();
  expect(() => buildHead(graph, graph.input("x", [2, 5]), { dim: 4, hidden: 4 })).toThrow(
    "buildHead: features must be [batch, 4], got [2,5]",
  );
});
