/** @file Binary arithmetic with numpy broadcasting. */
import type { Value } from "../graph.ts";
import { sameShape } from "../tensor.ts";
import type { Operand } from "./emit.ts";
import { broadcastShapes, emit, operands, reduceTo, wantDtype } from "./emit.ts";

/** a + b */
export function add(a: Operand, b: Operand): Value {
  const [x, y] = pair("add", a, b);
  if (isScalar(y, 0)) return x;
  if (isScalar(x, 0)) return y;
  return binary(
    "Add",
    "add",
    x,
    y,
    (g) => g,
    (g) => g,
  );
}

/** a - b */
export function sub(a: Operand, b: Operand): Value {
  const [x, y] = pair("sub", a, b);
  if (isScalar(y, 0)) return x;
  return binary("Sub", "sub", x, y, (g) => g, neg);
}

/** a b */
export function mul(a: Operand, b: Operand): Value {
  const [x, y] = pair("mul", a, b);
  if (isScalar(y, 1)) return x;
  if (isScalar(x, 1)) return y;
  return binary(
    "Mul",
    "mul",
    x,
    y,
    (g) => mul(g, y),
    (g) => mul(g, x),
  );
}

/** a / b */
export function div(a: Operand, b: Operand): Value {
  const [x, y] = pair("div", a, b);
  if (typeof b === "number" && x.dtype === "float32") return mul(x, 1 / b);
  const output: Value = binary(
    "Div",
    "div",
    x,
    y,
    (g) => div(g, y),
    (g) => neg(div(mul(g, output), y)),
  );
  return output;
}

/** Elementwise larger one; on a tie the gradient goes to `a`. */
export function maximum(a: Operand, b: Operand): Value {
  const [x, y] = pair("maximum", a, b);
  const first = (g: Value): Value => masked("GreaterOrEqual", x, y, g);
  const second = (g: Value): Value => masked("Less", x, y, g);
  return binary("Max", "maximum", x, y, first, second);
}

/** Elementwise smaller one; on a tie the gradient goes to `a`. */
export function minimum(a: Operand, b: Operand): Value {
  const [x, y] = pair("minimum", a, b);
  const first = (g: Value): Value => masked("LessOrEqual", x, y, g);
  const second = (g: Value): Value => masked("Greater", x, y, g);
  return binary("Min", "minimum", x, y, first, second);
}

/** -x */
export function neg(x: Value): Value {
  wantDtype("neg", x, "float32", "int64");
  const { source } = x;
  if (source.kind === "node" && source.node.op === "Neg") return source.node.inputs[0]!;
  const output = emit("Neg", [x], x.shape, x.dtype);
  if (x.dtype === "float32") x.graph.record([x], [output], [neg]);
  return output;
}

type Binary = (g: Value) => Value;

function pair(op: string, a: Operand, b: Operand): readonly [Value, Value] {
  const [x, y] = operands(op, a, b);
  wantDtype(op, x, "float32", "int64");
  const shape = broadcastShapes(op, x.shape, y.shape);
  return [unexpanded(x, y, shape), unexpanded(y, x, shape)];
}

/** Gradients are given before the sum over broadcast axes, which is added here. */
function binary(
  op: string,
  name: string,
  x: Value,
  y: Value,
  first: Binary,
  second: Binary,
): Value {
  const output = emit(op, [x, y], broadcastShapes(name, x.shape, y.shape), x.dtype);
  if (x.dtype === "float32") {
    output.graph.record(
      [x, y],
      [output],
      [(g) => reduceTo(first(g), x.shape), (g) => reduceTo(second(g), y.shape)],
    );
  }
  return output;
}

/** What `x` was expanded from, when the other operand alone gives the result its shape. */
function unexpanded(x: Value, other: Value, shape: readonly number[]): Value {
  const { source } = x;
  if (source.kind !== "node" || source.node.op !== "Expand") return x;
  return sameShape(other.shape, shape) ? source.node.inputs[0]! : x;
}

/** g where the comparison holds, else 0. */
function masked(comparison: string, x: Value, y: Value, g: Value): Value {
  const condition = emit(comparison, [x, y], g.shape, "bool");
  return emit("Where", [condition, g, g.graph.scalar(0)], g.shape, "float32");
}

function isScalar(value: Value, x: number): boolean {
  const { source, shape, dtype } = value;
  if (source.kind !== "constant" || shape.length > 0 || dtype !== "float32") return false;
  return source.tensor.data[0] === x;
}
