import { expect, test } from "vitest";
import { Graph, explain, exp, linear, matmul, transpose } from "../../src/engine/index.ts";

test("a graph is explained by what its outputs need", () => {
  const graph = new Graph();
  const x = graph.input("x", [3, 4]);
  const y = linear(x, graph.parameter("w", [5, 4])); // 2 * 3 * 5 * 4 = 120
  const z = matmul(y, y, { transposeA: true }); // [5, 5], 2 * 25 * 3 = 150
  const dead = exp(matmul(graph.parameter("unused", [9, 9]), graph.parameter("unused", [9, 9])));
  expect(dead.shape).toEqual([9, 9]);
  graph.output("z", transpose(z, [1, 0]));
  const found = explain(graph);
  expect(found.nodes).toBe(3);
  expect(Object.fromEntries(found.operators)).toEqual({ Gemm: 2, Transpose: 1 });
  expect(found.parameters).toBe(20);
  expect(found.productFlops).toBe(270);
  expect(found.activationBytes).toBe(4 * (25 + 25)); // y is gone when z is turned
  expect(String(found)).toBe(
    "nodes        3: 2 Gemm, 1 Transpose\nparameters   20\nproducts     270 FLOP a run\nactivations  200 bytes at once",
  );
});

test("a graph without outputs is refused", () => {
  expect(() => explain(new Graph())).toThrow("explain: the graph has no outputs");
});
