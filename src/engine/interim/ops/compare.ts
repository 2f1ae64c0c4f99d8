/** @file Comparisons, logic and selection. Masks carry no gradient. */
import { type Value, unary } from "../graph.ts";
import type { DType } from "../tensor.ts";
import { type Operand, broadcastShape, mul, operands } from "./elementwise.ts";
import { reduceTo } from "./reduce.ts";

function compare(op: string, type: string, a: Operand, b: Operand): Value {
  const [x, y] = operands(op, a, b);
  const shape = broadcastShape(op, x.shape, y.shape);
  return unary({ type, inputs: [x, y], shape, dtype: "bool" });
}

/** a > b, as bool */
export function greater(a: Operand, b: Operand): Value {
  return compare("greater", "Greater", a, b);
}

/** a >= b, as bool */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return compare("greaterOrEqual", "GreaterOrEqual", a, b);
}

/** a < b, as bool */
export function less(a: Operand, b: Operand): Value {
  return compare("less", "Less", a, b);
}

/** a <= b, as bool */
export function lessOrEqual(a: Operand, b: Operand): Value {
  return compare("lessOrEqual", "LessOrEqual", a, b);
}

/** a = b, as bool */
export function equal(a: Operand, b: Operand): Value {
  return compare("equal", "Equal", a, b);
}

/** Both of two bools. */
export function and(a: Value, b: Value): Value {
  return compare("and", "And", a, b);
}

/** Either of two bools. */
export function or(a: Value, b: Value): Value {
  return compare("or", "Or", a, b);
}

/** The other bool. */
export function not(a: Value): Value {
  return unary({ type: "Not", inputs: [a], shape: a.shape, dtype: "bool" });
}

const ONNX_TYPE: Record<DType, number> = { float32: 1, int64: 7, bool: 9 };

/** The same values as another type; no gradient. */
export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  const attributes = { to: ONNX_TYPE[dtype] };
  return unary({ type: "Cast", inputs: [x], attributes, shape: x.shape, dtype });
}

/** `a` where `condition` holds, else `b`; the gradient goes to the one that was taken. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  if (condition.dtype !== "bool") {
    throw new TypeError(`where: the condition must be bool, got ${condition.dtype} ${condition}`);
  }
  const lift = (x: Operand) => (typeof x === "number" ? condition.graph.scalar(x) : x);
  const [x, y] = [lift(a), lift(b)];
  const shape = broadcastShape("where", condition.shape, broadcastShape("where", x.shape, y.shape));
  return unary({
    type: "Where",
    inputs: [condition, x, y],
    shape,
    dtype: x.dtype,
    gradient: (g) => {
      const taken = where(condition, g, 0);
      const other = where(condition, 0, g);
      return [null, reduceTo(taken, x.shape), reduceTo(other, y.shape)];
    },
  });
}

/** The larger of two; equal values pass the gradient to the first. */
export function maximum(a: Operand, b: Operand): Value {
  return extreme("maximum", "Max", a, b, greaterOrEqual);
}

/** The smaller of two; equal values pass the gradient to the first. */
export function minimum(a: Operand, b: Operand): Value {
  return extreme("minimum", "Min", a, b, lessOrEqual);
}

function extreme(
  op: string,
  type: string,
  a: Operand,
  b: Operand,
  first: (a: Operand, b: Operand) => Value,
): Value {
  const [x, y] = operands(op, a, b);
  return unary({
    type,
    inputs: [x, y],
    shape: broadcastShape(op, x.shape, y.shape),
    gradient: (g) => {
      const taken = first(x, y);
      return [reduceTo(where(taken, g, 0), x.shape), reduceTo(where(taken, 0, g), y.shape)];
    },
  });
}

/** `x` held between two numbers; the gradient is 0 outside them and 1 on the bounds. */
export function clamp(x: Value, low: number, high: number): Value {
  if (!(low <= high)) throw new RangeError(`clamp: expected low <= high, got ${low} and ${high}`);
  const { graph } = x;
  return unary({
    type: "Clip",
    inputs: [x, graph.scalar(low), graph.scalar(high)],
    shape: x.shape,
    gradient: (g) => {
      const inside = and(greaterOrEqual(x, low), lessOrEqual(x, high));
      return [mul(g, cast(inside, "float32")), null, null];
    },
  });
}
