import { expect, test } from "vitest";
import type { Value } from "../../src/engine/index.ts";
import * as engine from "../../src/engine/index.ts";

const graph = new engine.Graph();
let count = 0;
const f32 = (...shape: number[]): Value => graph.input(`f${count++}`, shape);
const i64 = (...shape: number[]): Value => graph.input(`i${count++}`, shape, "int64");
const bool = (...shape: number[]): Value => graph.input(`b${count++}`, shape, "bool");

/** What is called, and what the message must say. */
const CASES: readonly (readonly [() => unknown, string])[] = [
  [() => engine.add(f32(4, 2), f32(3, 2)), "add: shapes [4,2] and [3,2] do not broadcast"],
  [
    () => engine.add(f32(1), i64(1)),
    "add: both must have one dtype, got float32 [1] and int64 [1]",
  ],
  [() => engine.mul(bool(2), bool(2)), "mul: wants float32 or int64, got bool [2]"],
  [() => engine.add(1, 2), "add: one of the two must be a value of a graph, got 1 and 2"],
  [
    () => engine.add(f32(1), new engine.Graph().input("x", [1])),
    "add: values belong to different graphs",
  ],
  [() => engine.exp(i64(2)), "exp: wants float32, got int64 [2]"],
  [() => engine.gelu(i64(2)), "gelu: wants float32, got int64 [2]"],
  [() => engine.clamp(f32(1), 2, 1), "clamp: min must be <= max, got 2 and 1"],
  [() => engine.where(f32(1), 1, 2), "where: wants bool, got float32 [1]"],
  [() => engine.where(bool(2), f32(3), 1), "where: shapes [2] and [3] do not broadcast"],
  [() => engine.greater(bool(2), bool(2)), "greater: wants float32 or int64, got bool [2]"],
  [() => engine.and(bool(2), f32(2)), "and: wants bool, got float32 [2]"],
  [() => engine.sum(f32(2, 3), { axes: [2] }), "sum: axis 2 is not one of [2,3]"],
  [() => engine.sum(f32(2, 3), { axes: [1, -1] }), "sum: axes [1,-1] name one of [2,3] twice"],
  [() => engine.softmax(f32(2, 3), { axis: 5 }), "softmax: axis 5 is not one of [2,3]"],
  [() => engine.matmul(f32(2, 3), f32(4, 5)), "matmul: [2,3] and [4,5] do not multiply"],
  [
    () => engine.matmul(f32(2, 3), f32(3, 4), { transposeB: true }),
    "matmul: [2,3] and [3,4] transposed do not multiply",
  ],
  [() => engine.matmul(f32(3), f32(3, 4)), "matmul: [3] and [3,4] do not multiply"],
  [() => engine.matmul(f32(2, 1, 3), f32(3, 3, 1)), "matmul: shapes [2] and [3] do not broadcast"],
  [
    () => engine.linear(f32(2, 3), f32(4, 5)),
    "linear: input [2,3] does not fit weight [4,5] [out, in]",
  ],
  [
    () => engine.linear(f32(2, 3), f32(4, 3), f32(3)),
    "linear: bias [3] does not fit weight [4,3] [out, in]",
  ],
  [
    () => engine.adaptedLinear(f32(2, 3), f32(4, 3), { down: f32(2, 3), up: f32(4, 1), scale: 2 }),
    "adaptedLinear: down [2,3] and up [4,1] do not fit weight [4,3] [out, in]",
  ],
  [() => engine.reshape(f32(2, 3), [4, -1]), "reshape: [2,3] does not fit [4,-1]"],
  [() => engine.reshape(f32(2, 3), [-1, -1]), "reshape: [2,3] does not fit [-1,-1]"],
  [
    () => engine.transpose(f32(2, 3), [0, 0]),
    "transpose: perm [0,0] does not order the axes of [2,3]",
  ],
  [
    () => engine.slice(f32(2, 3), { axis: 1, start: 2, end: 5 }),
    "slice: 2 to 5 is not within axis 1 of [2,3]",
  ],
  [
    () => engine.slice(f32(2, 3), { axis: 1, start: 3 }),
    "slice: 3 to the end is not within axis 1 of [2,3]",
  ],
  [
    () => engine.split(f32(2, 3), { axis: 1, sizes: [1, 1] }),
    "split: sizes [1,1] do not make up axis 1 of [2,3]",
  ],
  [() => engine.concat([], { axis: 0 }), "concat: needs at least one value"],
  [
    () => engine.concat([f32(2, 3), f32(2, 4)], { axis: 0 }),
    "concat: float32 [2,3] and float32 [2,4] do not join along axis 0",
  ],
  [
    () => engine.pad(f32(2), { axis: 0, before: -1 }),
    "pad: before and after must be integers from 0 up, got -1 and 0",
  ],
  [() => engine.expand(f32(2, 3), [3]), "expand: [2,3] does not expand to [3]"],
  [() => engine.squeeze(f32(2, 1), [0]), "squeeze: axes [0] of [2,1] are not all of size 1"],
  [() => engine.unsqueeze(f32(2), [0, 0]), "unsqueeze: axes [0,0] name one axis twice"],
  [() => engine.gather(f32(2, 3), f32(2)), "gather: wants int64, got float32 [2]"],
  [
    () => engine.layerNorm(f32(2, 3), f32(2), f32(3)),
    "layerNorm: input [2,3] and weight or bias [2] do not fit, wanted [3]",
  ],
  [
    () => engine.rmsNorm(f32(2, 3), f32(1, 3)),
    "rmsNorm: input [2,3] and weight or bias [1,3] do not fit, wanted [3]",
  ],
  [
    () =>
      engine.attention({ query: f32(1, 3, 2, 4), key: f32(1, 2, 2, 4), value: f32(1, 2, 2, 4) }),
    "heads are no multiple: query [1,3,2,4], key [1,2,2,4], value [1,2,2,4]",
  ],
  [
    () => engine.attention({ query: f32(2, 4), key: f32(2, 4), value: f32(2, 4) }),
    "attention: all must be [batch, heads, tokens, dim], got query [2,4], key [2,4], value [2,4]",
  ],
  [
    () =>
      engine.attention({
        query: f32(1, 1, 2, 4),
        key: f32(1, 1, 2, 4),
        value: f32(1, 1, 2, 4),
        mask: bool(3, 3),
      }),
    "attention: shapes [1,1,2,2] and [3,3] do not broadcast",
  ],
  [
    () =>
      engine.attention({
        query: f32(1, 1, 2, 4),
        key: f32(1, 1, 2, 4),
        value: f32(1, 1, 2, 4),
        mask: bool(3, 1, 2, 2),
      }),
    "attention: mask [3,1,2,2] does not broadcast to scores [1,1,2,2]",
  ],
  [
    () =>
      engine.attention({
        query: f32(1, 1, 3, 4),
        key: f32(1, 1, 2, 4),
        value: f32(1, 1, 2, 4),
        causal: true,
      }),
    "attention: causal needs at least as many keys as tokens, got 3 tokens and 2 keys",
  ],
  [
    () => engine.rotary(f32(2, 3), f32(2, 3), f32(2, 3)),
    "rotary: input [2,3] and table [2,3] do not fit",
  ],
  [
    () => engine.rotary(f32(2, 4), f32(3, 4), f32(2, 4)),
    "rotary: shapes [2,4] and [3,4] do not broadcast",
  ],
  [
    () => engine.rotary(f32(2, 4), f32(1, 2, 4), f32(2, 4)),
    "rotary: input [2,4] and table [1,2,4] do not fit",
  ],
  [
    () => engine.patchEmbed(f32(1, 3, 5, 4), f32(8, 3, 2, 2)),
    "patchEmbed: input [1,3,5,4] does not divide into patches of weight [8,3,2,2]",
  ],
  [
    () => engine.dropout(f32(2), { rate: 1, seed: i64() }),
    "dropout: rate must be in [0, 1), got 1",
  ],
  [
    () => engine.dropout(f32(2), { rate: 0.1, seed: i64(1) }),
    "dropout: seed must be one number, got [1]",
  ],
  [
    () => engine.gradients(f32(2), []),
    "gradients: loss must be one float32 number, got float32 [2]",
  ],
  [() => engine.gradients(f32(), [i64(1)]), "only float32 has gradients"],
  [
    () => engine.gradients(f32(), [new engine.Graph().input("x", [1])]),
    "gradients: x is a value of another graph",
  ],
  [() => engine.tensor([1, 2], [3]), "tensor: shape [3] holds 3 elements, got 2"],
  [() => engine.tensor([1], [-1, -1]), "tensor: shape must be integers from 0 up, got [-1,-1]"],
  [() => engine.writeOnnx(new engine.Graph()), "writeOnnx: the graph has no outputs"],
];

test.each(CASES.map(([f, message]) => ({ f, message })))("$message", ({ f, message }) => {
  expect(f).toThrow(message);
});

test("names in a graph are unique, and not its own", () => {
  const own = new engine.Graph();
  own.input("x", [1]);
  own.parameter("p", [2]);
  expect(own.parameter("p", [2])).toBe(own.parameter("p", [2]));
  expect(() => own.parameter("p", [3])).toThrow("parameter p is [2], asked for again as [3]");
  expect(() => own.input("p", [2])).toThrow("input p is already in the graph");
  expect(() => own.parameter("x", [1])).toThrow("parameter x is already in the graph");
  expect(() => own.input("%1", [1])).toThrow(
    'input name must not be empty or start with %, got "%1"',
  );
  expect(() => own.input("y", [0])).toThrow("input y: sizes must be whole and at least 1, got [0]");
  own.output("o", own.scalar(1));
  expect(() => own.output("o", own.scalar(1))).toThrow("output o is already named");
  expect(() => own.output("q", new engine.Graph().scalar(1))).toThrow(
    "output q is a value of another graph",
  );
  expect(() => own.output("%0", own.scalar(1))).toThrow(
    'output name must not be empty or start with %, got "%0"',
  );
});

test("an output must not have the name of what it is computed from", () => {
  const named = (output: string): (() => unknown) => {
    const own = new engine.Graph();
    const [x, p] = [own.input("x", [2]), own.parameter("p", [2])];
    own.input("unused", [2]);
    own.output(output, engine.add(x, p));
    return () => engine.writeOnnx(own);
  };
  expect(named("x")).toThrow("output x has the name of an input of the graph, choose another");
  expect(named("p")).toThrow("output p has the name of a parameter of the graph, choose another");
  expect(named("unused")).not.toThrow();
});
