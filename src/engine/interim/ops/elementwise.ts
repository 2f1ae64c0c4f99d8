/** @file Elementwise arithmetic with numpy's broadcasting. A number stands for a scalar constant. */
import { type Value, unary } from "../graph.ts";
import { type Shape, sameShape } from "../tensor.ts";
import { reduceTo } from "./reduce.ts";

export type Operand = Value | number;

/** Shape of `a op b`. @throws naming the op and both shapes */
export function broadcastShape(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const n = a[a.length - rank + i] ?? 1;
    const m = b[b.length - rank + i] ?? 1;
    if (n !== m && n !== 1 && m !== 1) {
      throw new RangeError(`${op}: shapes [${a}] and [${b}] do not broadcast`);
    }
    return n === 1 ? m : n;
  });
}

/** Both operands as values of one graph. */
export function operands(op: string, a: Operand, b: Operand): [Value, Value] {
  const known = typeof a === "number" ? b : a;
  if (typeof known === "number") throw new TypeError(`${op}: one operand must be a value`);
  const lift = (x: Operand) => (typeof x === "number" ? known.graph.scalar(x) : x);
  return [lift(a), lift(b)];
}

type BinaryRule = (g: Value, a: Value, b: Value, y: Value) => [Value, Value];

function binary(op: string, type: string, a: Operand, b: Operand, rule: BinaryRule): Value {
  const [x, y] = operands(op, a, b);
  return unary({
    type,
    inputs: [x, y],
    shape: broadcastShape(op, x.shape, y.shape),
    gradient: (g, out) => {
      const [dx, dy] = rule(g, x, y, out);
      return [reduceTo(dx, x.shape), reduceTo(dy, y.shape)];
    },
  });
}

/** a + b */
export function add(a: Operand, b: Operand): Value {
  return binary("add", "Add", a, b, (g) => [g, g]);
}

/** a - b */
export function sub(a: Operand, b: Operand): Value {
  return binary("sub", "Sub", a, b, (g) => [g, neg(g)]);
}

/** a * b */
export function mul(a: Operand, b: Operand): Value {
  return binary("mul", "Mul", a, b, (g, x, y) => [mul(g, y), mul(g, x)]);
}

/** a / b */
export function div(a: Operand, b: Operand): Value {
  return binary("div", "Div", a, b, (g, _, y, out) => {
    const dx = div(g, y);
    return [dx, neg(mul(dx, out))];
  });
}

function map(type: string, x: Value, rule: (g: Value, y: Value) => Value): Value {
  return unary({ type, inputs: [x], shape: x.shape, gradient: (g, y) => [rule(g, y)] });
}

/** -x */
export function neg(x: Value): Value {
  return map("Neg", x, (g) => neg(g));
}

/** e^x */
export function exp(x: Value): Value {
  return map("Exp", x, (g, y) => mul(g, y));
}

/** Natural logarithm. */
export function log(x: Value): Value {
  return map("Log", x, (g) => div(g, x));
}

/** Square root. */
export function sqrt(x: Value): Value {
  return map("Sqrt", x, (g, y) => div(mul(g, 0.5), y));
}

/** x^2 */
export function square(x: Value): Value {
  return mul(x, x);
}

/** 1 / x */
export function reciprocal(x: Value): Value {
  return map("Reciprocal", x, (g, y) => neg(mul(g, mul(y, y))));
}

/** Hyperbolic tangent. */
export function tanh(x: Value): Value {
  return map("Tanh", x, (g, y) => mul(g, sub(1, mul(y, y))));
}

/** Error function, 2/sqrt(pi) * integral of e^(-t^2) from 0 to x. */
export function erf(x: Value): Value {
  return map("Erf", x, (g) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: Value): Value {
  return map("Sigmoid", x, (g, y) => mul(g, mul(y, sub(1, y))));
}

/** x if x > 0, else 0; the gradient at 0 is 0. */
export function relu(x: Value): Value {
  return map("Relu", x, (g, y) => mul(g, sign(y)));
}

/** -1, 0 or 1; no gradient. */
export function sign(x: Value): Value {
  return unary({ type: "Sign", inputs: [x], shape: x.shape });
}

/** |x|; the gradient at 0 is 0. */
export function abs(x: Value): Value {
  return map("Abs", x, (g) => mul(g, sign(x)));
}

/** x * sigmoid(x), also called swish. */
export function silu(x: Value): Value {
  const s = sigmoid(x);
  return withGradient(mul(x, s), x, (g, y) => mul(g, add(s, mul(y, sub(1, s)))));
}

/** x * sigmoid(1.702 x), the approximation Qwen2-VL's vision tower uses. */
export function quickGelu(x: Value): Value {
  const s = sigmoid(mul(x, 1.702));
  return withGradient(mul(x, s), x, (g, y) => mul(g, add(s, mul(mul(y, 1.702), sub(1, s)))));
}

/**
 * x * Phi(x), Phi the standard normal distribution.
 *
 * @param approximate `tanh` uses 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 */
export function gelu(
  x: Value,
  { approximate = "none" }: { approximate?: "none" | "tanh" } = {},
): Value {
  if (approximate === "none") {
    const phi = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = () => mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return withGradient(mul(x, phi), x, (g) => mul(g, add(phi, mul(x, density()))));
  }
  const c = Math.sqrt(2 / Math.PI);
  const x2 = mul(x, x);
  const t = tanh(mul(x, add(mul(x2, c * 0.044715), c)));
  const half = mul(add(t, 1), 0.5);
  return withGradient(mul(x, half), x, (g) => {
    const inner = add(mul(x2, 3 * c * 0.044715), c);
    return mul(g, add(half, mul(mul(mul(x, 0.5), sub(1, mul(t, t))), inner)));
  });
}

/**
 * `y` as a function of `x` alone with a hand-written gradient: fewer nodes than the chain rule's.
 * An Identity that ONNX Runtime removes on load.
 */
export function withGradient(y: Value, x: Value, rule: (g: Value, y: Value) => Value): Value {
  if (!sameShape(x.shape, y.shape)) {
    throw new RangeError(`withGradient: shapes [${y.shape}] and [${x.shape}] differ`);
  }
  // The second input only carries the gradient; an ONNX Identity has one, so the writer drops it.
  return unary({
    type: "Identity",
    inputs: [y, x],
    shape: y.shape,
    gradient: (g) => [null, rule(g, y)],
  });
}

/** The same numbers; nothing flows back through it. */
export function stopGradient(x: Value): Value {
  return unary({ type: "Identity", inputs: [x], shape: x.shape, dtype: x.dtype });
}
