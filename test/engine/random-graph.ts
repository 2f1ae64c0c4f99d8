/** @file Random graphs of operations, with their gradients, that fast-check can shrink. */
import * as fc from "fast-check";
import type { Device } from "../../src/engine/executor/types.ts";
import type { Plan } from "../../src/engine/onnx/plan.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import type { Tensor, Value } from "../../src/engine/index.ts";
import { expectClose } from "./close.ts";
import {
  Graph,
  Random,
  abs,
  add,
  clamp,
  concat,
  div,
  erf,
  exp,
  expand,
  gather,
  gelu,
  gradients,
  interpret,
  layerNorm,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  mul,
  neg,
  pad,
  quickGelu,
  reciprocal,
  relu,
  reshape,
  rmsNorm,
  sigmoid,
  silu,
  sizeOf,
  slice,
  softmax,
  split,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  unsqueeze,
} from "../../src/engine/index.ts";

/** What makes a value of one or two. Where it does not fit their shapes, null. */
type Operation = (a: Value, b: Value, n: number) => Value | null;

const ones = (x: Value): Value =>
  x.graph.constant(tensor(new Float32Array(x.shape.at(-1)!).fill(1), [x.shape.at(-1)!]));
const ranked =
  (f: (a: Value, n: number) => Value): Operation =>
  (a, _, n) =>
    a.shape.length === 0 ? null : f(a, n);
const paired =
  (f: (a: Value, b: Value) => Value): Operation =>
  (a, b) =>
    broadcast(a, b) ? f(a, b) : null;

/** Numbers stay small: what grows is bounded by tanh first. */
const SMOOTH: Readonly<Record<string, Operation>> = {
  tanh,
  sigmoid,
  gelu: (a) => gelu(a),
  "gelu tanh": (a) => gelu(a, { approximate: "tanh" }),
  quickGelu,
  silu,
  erf,
  neg,
  exp: (a) => exp(tanh(a)),
  log: (a) => log(add(square(a), 1)),
  sqrt: (a) => sqrt(add(square(a), 1)),
  reciprocal: (a) => reciprocal(add(square(a), 1)),
  square: (a) => square(tanh(a)),
  scale: (a, _, n) => mul(a, (n - 4) / 4),
  "stop gradient": stopGradient,
  add: paired(add),
  sub: paired(sub),
  mul: paired((a, b) => mul(tanh(a), tanh(b))),
  div: paired((a, b) => div(a, add(square(b), 1))),
  matmul: ranked((a) => (a.shape.length < 2 ? a : matmul(tanh(a), a, { transposeB: true }))),
  "matmul of two": (a, b) =>
    a.shape.length === 2 && b.shape.length === 2 && a.shape[1] === b.shape[0] ? matmul(a, b) : null,
  softmax: ranked((a, n) => softmax(a, { axis: n % a.shape.length })),
  logSoftmax: ranked((a, n) => logSoftmax(a, { axis: n % a.shape.length })),
  logSumExp: ranked((a, n) => logSumExp(a, { axis: n % a.shape.length })),
  // Rows of nearly equal numbers would be noise, blown up: hence the epsilon.
  layerNorm: ranked((a) => layerNorm(a, ones(a), ones(a), { epsilon: 0.1 })),
  rmsNorm: ranked((a) => rmsNorm(a, ones(a), { epsilon: 0.1 })),
  sum: (a, _, n) => mul(sum(a, axesOf(a, n)), 0.25),
  mean: (a, _, n) => mean(a, axesOf(a, n)),
  flatten: (a) => reshape(a, [sizeOf(a.shape)]),
  unsqueeze: (a, _, n) => unsqueeze(a, n % (a.shape.length + 1)),
  transpose: (a) => transpose(a, [...a.shape.keys()].toReversed()),
  "concat with itself": ranked((a, n) => concat([a, a], { axis: n % a.shape.length })),
  "first half": ranked((a, n) => {
    const axis = n % a.shape.length;
    return slice(a, { axis, start: 0, end: Math.ceil(a.shape[axis]! / 2) });
  }),
  "split and swapped": ranked((a, n) => {
    const axis = n % a.shape.length;
    const size = a.shape[axis]!;
    if (size < 2) return a;
    const [first, rest] = split(a, { axis, sizes: [1, size - 1] }) as [Value, Value];
    return concat([rest, first], { axis });
  }),
  pad: ranked((a, n) => pad(a, { axis: n % a.shape.length, before: 1, after: 1 })),
  expand: (a) => expand(a, [2, ...a.shape]),
  gather: ranked((a, n) => {
    const axis = n % a.shape.length;
    const last = BigInt(a.shape[axis]! - 1);
    return gather(a, a.graph.constant(tensor([last, 0n, last], [3])), { axis });
  }),
};

/** With kinks: only of the given inputs, which are the same to the bit everywhere. */
const KINKED: Readonly<Record<string, Operation>> = {
  relu,
  abs,
  clamp: (a) => clamp(a, -0.5, 0.75),
  max: (a, _, n) => max(a, axesOf(a, n)),
  maximum: paired(maximum),
};

function axesOf(a: Value, n: number) {
  return a.shape.length === 0 ? {} : { axes: [n % a.shape.length], keepDims: n % 2 === 0 };
}

function broadcast(a: Value, b: Value): boolean {
  return a.shape
    .toReversed()
    .every((size, i) => [size, 1, undefined].includes(b.shape.toReversed()[i]) || size === 1);
}

/** One instruction: an operation on values made so far. */
const instruction = fc.record({
  op: fc.constantFrom(...Object.keys(SMOOTH), ...Object.keys(KINKED)),
  a: fc.nat(30),
  b: fc.nat(30),
  n: fc.nat(8),
});
/** Describes a graph and its data. */
export const sketches = fc.record({
  shapes: fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  instructions: fc.array(instruction, { minLength: 1, maxLength: 12 }),
  seed: fc.nat(1000),
});
export type Sketch = typeof sketches extends fc.Arbitrary<infer T> ? T : never;

const LARGEST = 200;

/** Every value that nothing else reads is an output; the gradients are those of the mean of their squares. */
export function graphOf({ shapes, instructions }: Sketch): Graph {
  const graph = new Graph();
  const leaves = shapes.map((shape, i) => graph.input(`x${i}`, shape));
  const values = [...leaves];
  for (const { op, a, b, n } of instructions) {
    const from = op in KINKED ? leaves : values;
    const [x, y] = [from[a % from.length]!, from[b % from.length]!];
    const made = (SMOOTH[op] ?? KINKED[op]!)(x, y, n);
    if (made !== null && sizeOf(made.shape) <= LARGEST && made.shape.length <= 4) values.push(made);
  }
  const ends = values.slice(-4);
  const losses = ends.map((end) => mean(square(tanh(end))));
  for (const [i, end] of ends.entries()) graph.output(`y${i}`, end);
  const loss = losses.reduce((one, other) => add(one, other));
  for (const [i, g] of gradients(loss, leaves).entries()) graph.output(`g${i}`, g);
  return graph;
}

/** Data of the inputs that a plan of it uses. */
export function feedsOf({ shapes, seed }: Sketch, plan: Plan): Record<string, Tensor> {
  const random = Random.from(seed, "random-graphs");
  const all = shapes.map((shape) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
    return tensor(data, shape);
  });
  return Object.fromEntries(plan.inputs.map(({ name }) => [name, all[Number(name.slice(1))]!]));
}

/** Sixty of them on a device give the reference's values and gradients: the number of their nodes. */
export async function checkOn(device: Device): Promise<number> {
  let nodes = 0;
  const check = async (sketch: Sketch): Promise<void> => {
    const plan = planOf(graphOf(sketch));
    const used = feedsOf(sketch, plan);
    const expected = interpret(plan, used, new Map());
    await device.compile("it", { plan, updates: new Map(), guards: [] });
    const [found] = await device.run("it", [used]);
    await device.release("it");
    nodes += plan.nodes.length;
    expectClose(found!.outputs, expected);
  };
  // The seed is fixed, so that it fails for everybody or for nobody.
  await fc.assert(fc.asyncProperty(sketches, check), { numRuns: 60, seed: 5 });
  return nodes;
}
