/** @file What every operation is made of: checks, broadcasting, one node out. */
import type { Attributes, Graph, Rule, Value } from "../graph.ts";
import type { DType, Shape } from "../tensor.ts";
import { sameShape, showShape, sizeOf, tensor } from "../tensor.ts";
import { located } from "./located.ts";

/** A value, or a number taken as a constant of shape []. */
export type Operand = Value | number;

/** `[4,2]` or `bool [4,2]`: a value in an error message. */
export function show(value: Value): string {
  return value.dtype === "float32"
    ? showShape(value.shape)
    : `${value.dtype} ${showShape(value.shape)}`;
}

/** Appends a node with one output. */
export function emit(
  op: string,
  inputs: readonly (Value | null)[],
  shape: Shape,
  dtype: DType,
  attributes: Attributes = {},
  domain = "",
): Value {
  const graph = inputs.find((v) => v !== null)!.graph;
  return graph.node(op, inputs, [{ shape, dtype }], attributes, domain)[0]!;
}

/** Appends a node and its gradient rules. */
export function differentiable(
  op: string,
  inputs: readonly Value[],
  shape: Shape,
  rules: readonly (Rule | null)[],
  attributes: Attributes = {},
): Value {
  const output = emit(op, inputs, shape, "float32", attributes);
  output.graph.record(inputs, [output], rules);
  return output;
}

/** A constant with every element `x`. */
export function filled(graph: Graph, shape: Shape, x: number): Value {
  if (shape.length === 0) return graph.scalar(x);
  // A big one is made by a node, to keep it out of the model file.
  if (sizeOf(shape) > 64) {
    return graph.node(
      "Expand",
      [graph.scalar(x), dims(graph, shape)],
      [{ shape, dtype: "float32" }],
    )[0]!;
  }
  return graph.constant(tensor(new Float64Array(sizeOf(shape)).fill(x), shape));
}

/** An int64 constant list, e.g. the shape input of Reshape: [n] */
export function dims(graph: Graph, list: Shape): Value {
  return graph.constant(tensor(BigInt64Array.from(list, BigInt), [list.length]));
}

/** Both operands as values of one graph and one dtype. */
export function operands(op: string, a: Operand, b: Operand): readonly [Value, Value] {
  if (typeof a === "number" && typeof b === "number") {
    throw located(
      new TypeError(`${op}: one of the two must be a value of a graph, got ${a} and ${b}`),
    );
  }
  const x = typeof a === "number" ? (b as Value).graph.scalar(a, (b as Value).dtype) : a;
  const y = typeof b === "number" ? x.graph.scalar(b, x.dtype) : b;
  sameGraph(op, x, y);
  if (x.dtype !== y.dtype) {
    throw located(
      new TypeError(
        `${op}: both must have one dtype, got ${x.dtype} ${showShape(x.shape)} and ${y.dtype} ${showShape(y.shape)}`,
      ),
    );
  }
  return [x, y];
}

export function sameGraph(op: string, ...values: readonly Value[]): void {
  if (values.some((v) => v.graph !== values[0]!.graph)) {
    throw located(new Error(`${op}: values belong to different graphs`));
  }
}

export function wantDtype(op: string, value: Value, ...dtypes: readonly DType[]): void {
  if (dtypes.includes(value.dtype)) return;
  throw located(
    new TypeError(
      `${op}: wants ${dtypes.join(" or ")}, got ${value.dtype} ${showShape(value.shape)}`,
    ),
  );
}

/** numpy's rule: sizes aligned at the right, equal or 1. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) {
      throw located(
        new RangeError(`${op}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast`),
      );
    }
    shape.push(p === 1 ? q : p);
  }
  return shape;
}

/** An axis counted from the front; negative ones count from the end. */
export function axisOf(op: string, axis: number, rank: number, shape?: Shape): number {
  const found = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && found >= 0 && found < rank) return found;
  const of = shape === undefined ? `rank ${rank}` : showShape(shape);
  throw located(new RangeError(`${op}: axis ${axis} is not one of ${of}`));
}

/** Sums a gradient over the axes along which its value was broadcast. */
export function reduceTo(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const { graph } = gradient;
  const lead = gradient.shape.length - shape.length;
  const axes: number[] = [];
  const kept: number[] = [];
  for (const [i, size] of gradient.shape.entries()) {
    const target = i < lead ? 1 : shape[i - lead]!;
    if (target !== size || i < lead) axes.push(i);
    kept.push(target === size && i >= lead ? size : 1);
  }
  const reduced = emit("ReduceSum", [gradient, dims(graph, axes)], kept, "float32", {
    keepdims: { int: 1 },
  });
  return lead === 0 ? reduced : reshapeNode(reduced, shape);
}

/** A Reshape node without a gradient rule. */
export function reshapeNode(x: Value, shape: Shape): Value {
  const from = reshapeRoot(x);
  if (sameShape(from.shape, shape)) return from;
  return emit("Reshape", [from, dims(x.graph, shape)], shape, x.dtype);
}

/** What a chain of reshapes began with. */
export function reshapeRoot(x: Value): Value {
  const { source } = x;
  return source.kind === "node" && source.node.op === "Reshape"
    ? reshapeRoot(source.node.inputs[0]!)
    : x;
}
