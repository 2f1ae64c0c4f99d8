import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Graph, attention, gather, layerNorm, linear, matmul } from "../../src/engine/index.ts";

const source = readFileSync(import.meta.filename, "utf8").split("\n");

/** Where in this file stands what is marked. */
function placeOf(mark: string): string {
  const line = source.findIndex((text) => text.endsWith(`// ${mark}`)) + 1;
  return `(at test/engine/located.test.ts:${line}:`;
}

test("a shape error names the operation, both shapes and the user's line", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 3]);
  const y = graph.input("y", [4, 5]);
  const wrong = (): unknown => matmul(x, y); // product
  expect(wrong).toThrow(`matmul: [2,3] and [4,5] do not multiply ${placeOf("product")}`);
});

test("the line is the user's also where the operation is made of others", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 1, 4, 8]);
  const mask = graph.input("mask", [3, 4]);
  const masked = (): unknown => attention({ query: x, key: x, value: x, mask }); // masked
  expect(masked).toThrow(placeOf("masked"));
  const weight = graph.input("w", [3]);
  const normed = (): unknown => layerNorm(x, weight, weight); // normed
  expect(normed).toThrow(placeOf("normed"));
  const picked = (): unknown => gather(x, x); // picked
  expect(picked).toThrow(placeOf("picked"));
});

test("of a model's helper functions the innermost line is named", () => {
  const graph = new Graph();
  const layer = (size: number): unknown =>
    linear(graph.input("x", [1, size]), graph.input("w", [2, 4])); // helper
  expect(() => layer(3)).toThrow(
    `linear: input [1,3] does not fit weight [2,4] [out, in] ${placeOf("helper")}`,
  );
});
