import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  Graph,
  add,
  exp,
  gather,
  greater,
  interpret,
  linear,
  mul,
  reshape,
  silu,
  softmax,
  sum,
  tensor,
  writeOnnx,
} from "../../src/engine/index.ts";
import { folded } from "../../src/engine/onnx/fold.ts";
import { peakBytes } from "../../src/engine/onnx/memory.ts";
import type { Plan } from "../../src/engine/onnx/plan.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { Message } from "../../src/engine/onnx/protobuf.ts";

describe("protobuf", () => {
  // By hand from the encoding guide of Protocol Buffers.
  test.each([
    ["a small integer", new Message().int(1, 5), [0x08, 0x05]],
    ["150, the guide's example", new Message().int(1, 150), [0x08, 0x96, 0x01]],
    ["-1 in ten bytes", new Message().int(1, -1), [0x08, ...Array(9).fill(0xff), 0x01]],
    ["a field number above 15", new Message().int(20, 1), [0xa0, 0x01, 0x01]],
    ["text", new Message().string(2, "testing"), [0x12, 7, ...Buffer.from("testing")]],
    [
      "a nested message",
      new Message().message(3, new Message().int(1, 150)),
      [0x1a, 3, 0x08, 0x96, 0x01],
    ],
    ["a float", new Message().float(2, 1), [0x15, 0, 0, 0x80, 0x3f]],
  ])("%s", (_, message, bytes) => {
    expect([...message.finish()]).toEqual(bytes);
  });
});

test("a written model stands alone and computes what the graph does", async () => {
  const graph = new Graph();
  const ids = graph.input("ids", [2, 3], "int64");
  const rows = gather(graph.parameter("table", [4, 2]), ids);
  const scores = linear(rows, graph.parameter("weight", [3, 2]), graph.parameter("bias", [3]));
  graph.output("scores", softmax(scores));
  graph.output("large", greater(scores, 0));
  const numbers = (n: number, k: number) =>
    Float32Array.from({ length: n }, (_, i) => Math.sin(i + k));
  const state = new Map([
    ["table", tensor(numbers(8, 1), [4, 2])],
    ["weight", tensor(numbers(6, 2), [3, 2])],
    ["bias", tensor(numbers(3, 3), [3])],
    ["adam.m/bias", tensor(numbers(3, 3), [3])],
  ]);
  const fed = BigInt64Array.from([0n, 3n, 3n, 1n, 2n, 0n]);
  const session = await InferenceSession.create(writeOnnx(graph, state));
  expect(session.inputNames).toEqual(["ids"]);
  const out = await session.run({ ids: new OrtTensor("int64", fed, [2, 3]) });
  const expected = interpret(planOf(graph), { ids: tensor(fed, [2, 3]) }, state);
  expect(out["scores"]!.dims).toEqual([2, 3, 3]);
  expect(out["scores"]!.data as Float32Array).toBeAllclose(
    expected["scores"]!.data as Float64Array,
  );
  expect([...(out["large"]!.data as Uint8Array)]).toEqual([
    ...(expected["large"]!.data as Uint8Array),
  ]);
  await session.release();
});

test("an input, a constant and one value under two names may be outputs", async () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  graph.output("same", x);
  graph.output("two", graph.scalar(2));
  const y = add(x, 1);
  graph.output("a", y);
  graph.output("b", y);
  const session = await InferenceSession.create(writeOnnx(graph));
  const out = await session.run({ x: new OrtTensor("float32", [3, 4], [2]) });
  const plain = Object.fromEntries(
    Object.entries(out).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
  expect(plain).toEqual({ same: [3, 4], two: [2], a: [4, 5], b: [4, 5] });
  await session.release();
});

test("a state without a parameter, or with another shape, is refused", () => {
  const graph = new Graph();
  graph.output("y", exp(graph.parameter("p", [2])));
  expect(() => writeOnnx(graph, new Map())).toThrow("state has no parameter p [2]");
  expect(() => writeOnnx(graph, new Map([["p", tensor([1], [1])]]))).toThrow(
    "parameter p is float32 [2] in the graph, but float32 [1] in the state",
  );
});

describe("the graph holds no waste", () => {
  test("equal expressions are one node", () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    expect(exp(mul(x, 2))).toBe(exp(mul(x, 2)));
    expect(exp(mul(x, 2))).not.toBe(exp(mul(x, 3)));
    expect(graph.scalar(2)).toBe(graph.scalar(2));
    expect(graph.scalar(0)).not.toBe(graph.scalar(-0));
  });

  test("what no output needs is left out", () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const unused = graph.input("unused", [3]);
    exp(unused);
    graph.output("y", sum(x));
    const plan = planOf(graph);
    expect(plan.nodes.map((node) => node.op)).toEqual(["ReduceSum"]);
    expect(plan.inputs).toEqual([x]);
  });

  test("adding 0, multiplying by 1 and reshaping back are no nodes", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    expect(add(x, 0)).toBe(x);
    expect(mul(1, x)).toBe(x);
    expect(reshape(reshape(x, [6]), [2, 3])).toBe(x);
  });

  test("a constant factor between matrix products costs no pass of its own", () => {
    const graph = new Graph();
    const hidden = mul(linear(graph.input("x", [4, 3]), graph.parameter("w", [8, 3])), 1.702);
    graph.output("y", linear(mul(silu(hidden), 1 / 1.702), graph.parameter("v", [2, 8])));
    const ops = (plan: Plan): string[] => plan.nodes.map((node) => node.op);
    expect(ops(planOf(graph))).toEqual(["Gemm", "Mul", "Sigmoid", "Mul", "Mul", "Gemm"]);
    expect(ops(folded(planOf(graph)))).toEqual(["Gemm", "Sigmoid", "Mul", "Gemm"]);
  });

  test("the peak of memory is what lives together", () => {
    const graph = new Graph();
    const x = graph.input("x", [100]);
    graph.output("y", sum(exp(exp(exp(x)))));
    // At any time one result and the one it is made from: 2 vectors.
    expect(peakBytes(planOf(graph))).toBe(2 * 100 * 4);
  });
});
