import { expect, test } from "vitest";
import { Graph, linear, softmax, tensor, writeOnnx } from "../../src/engine/index.ts";
import { onnxSummary } from "../../src/ui/server/onnx.ts";

test("a model's summary: inputs without its weights, outputs, operations, parameters", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 4]);
  graph.output("y", softmax(linear(x, graph.parameter("weight", [3, 4]))));
  const state = new Map([["weight", tensor(new Float32Array(12), [3, 4])]]);
  const { inputs, outputs, operations, opset } = onnxSummary(
    "m.onnx",
    Buffer.from(writeOnnx(graph, state)),
  );
  expect(inputs).toEqual([{ name: "x", type: "float32", shape: ["2", "4"] }]);
  expect(outputs).toEqual([{ name: "y", type: "float32", shape: ["2", "3"] }]);
  expect(new Map(operations).get("Softmax")).toBe(1);
  expect(opset).toBeGreaterThan(12);
});

test("what is no model says so", () => {
  expect(() => onnxSummary("m.onnx", Buffer.from("hello"))).toThrow("m.onnx: no ONNX model");
});
