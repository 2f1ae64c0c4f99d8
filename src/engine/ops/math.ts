/** @file Elementwise functions of one value. */
import type { Value } from "../graph.ts";
import type { DType } from "../tensor.ts";
import { ONNX_TYPE } from "../onnx/element.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { differentiable, emit, show, wantDtype } from "./emit.ts";
import { located } from "./located.ts";

/** e^x */
export function exp(x: Value): Value {
  const y: Value = unary("Exp", "exp", x, (g) => mul(g, y));
  return y;
}

/** Natural logarithm. */
export function log(x: Value): Value {
  return unary("Log", "log", x, (g) => div(g, x));
}

/** Square root; its gradient at 0 is infinite. */
export function sqrt(x: Value): Value {
  const y: Value = unary("Sqrt", "sqrt", x, (g) => div(mul(g, 0.5), y));
  return y;
}

/** x^2 */
export function square(x: Value): Value {
  return mul(x, x);
}

/** 1 / x */
export function reciprocal(x: Value): Value {
  const y: Value = unary("Reciprocal", "reciprocal", x, (g) => neg(mul(g, mul(y, y))));
  return y;
}

export function tanh(x: Value): Value {
  const y: Value = unary("Tanh", "tanh", x, (g) => mul(g, sub(1, mul(y, y))));
  return y;
}

/** Gauss error function; derivative 2/sqrt(pi) e^(-x^2). */
export function erf(x: Value): Value {
  return unary("Erf", "erf", x, (g) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: Value): Value {
  const y: Value = unary("Sigmoid", "sigmoid", x, (g) => mul(g, mul(y, sub(1, y))));
  return y;
}

/** x sigmoid(x); derivative s + y (1 - s). */
export function silu(x: Value): Value {
  wantDtype("silu", x, "float32");
  const s = emit("Sigmoid", [x], x.shape, "float32");
  const y = emit("Mul", [x, s], x.shape, "float32");
  x.graph.record([x], [y], [(g) => mul(g, add(s, mul(y, sub(1, s))))]);
  return y;
}

/** x sigmoid(1.702 x), the approximation of GELU in CLIP's and Qwen2-VL's vision towers. */
export function quickGelu(x: Value): Value {
  wantDtype("quickGelu", x, "float32");
  const scaled = emit("Mul", [x, x.graph.scalar(1.702)], x.shape, "float32");
  const s = emit("Sigmoid", [scaled], x.shape, "float32");
  const y = emit("Mul", [x, s], x.shape, "float32");
  x.graph.record([x], [y], [(g) => mul(g, add(s, mul(mul(y, 1.702), sub(1, s))))]);
  return y;
}

/** -1, 0 or 1; no gradient passes. */
export function sign(x: Value): Value {
  wantDtype("sign", x, "float32");
  return emit("Sign", [x], x.shape, "float32");
}

/** |x|; gradient 0 at 0. */
export function abs(x: Value): Value {
  return unary("Abs", "abs", x, (g) => mul(g, sign(x)));
}

/** max(x, 0); gradient 0 at 0. */
export function relu(x: Value): Value {
  return unary("Relu", "relu", x, (g) => {
    const positive = emit("Greater", [x, x.graph.scalar(0)], x.shape, "bool");
    return emit("Where", [positive, g, g.graph.scalar(0)], x.shape, "float32");
  });
}

export type GeluOptions = {
  /** "none": x Phi(x) by erf. "tanh": the approximation of GPT-2 and ViT. Default "none". */
  readonly approximate?: "none" | "tanh";
};

/** Gaussian error linear unit. */
export function gelu(x: Value, { approximate = "none" }: GeluOptions = {}): Value {
  wantDtype("gelu", x, "float32");
  return approximate === "tanh" ? geluTanh(x) : geluErf(x);
}

/** x within [min, max]; the gradient passes inside and on the bounds. */
export function clamp(x: Value, min: number, max: number): Value {
  if (!(min <= max))
    throw located(new RangeError(`clamp: min must be <= max, got ${min} and ${max}`));
  wantDtype("clamp", x, "float32");
  const { graph, shape } = x;
  const [low, high] = [graph.scalar(min), graph.scalar(max)];
  return differentiable("Clip", [x, low, high], shape, [
    (g) => {
      const clipped = emit("Clip", [x, low, high], shape, "float32");
      const inside = emit("Equal", [x, clipped], shape, "bool");
      return emit("Where", [inside, g, graph.scalar(0)], shape, "float32");
    },
    null,
    null,
  ]);
}

/** The same values with gradient zero. */
export function stopGradient(x: Value): Value {
  return emit("Identity", [x], x.shape, x.dtype);
}

/** Another element type; bool gives 0 and 1. No gradient passes. */
export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  return emit("Cast", [x], x.shape, dtype, { to: { int: ONNX_TYPE[dtype] } });
}

// --- internal ---

function unary(op: string, name: string, x: Value, rule: (g: Value) => Value): Value {
  if (x.dtype !== "float32") throw located(new TypeError(`${name}: wants float32, got ${show(x)}`));
  return differentiable(op, [x], x.shape, [rule]);
}

/** x c, c = (1 + erf(x / sqrt 2)) / 2; derivative c + x e^(-x^2/2) / sqrt(2 pi). */
function geluErf(x: Value): Value {
  const { shape, graph } = x;
  const raw = (op: string, ...inputs: Value[]): Value => emit(op, inputs, shape, "float32");
  const u = raw("Mul", x, graph.scalar(Math.SQRT1_2));
  const c = raw("Add", raw("Mul", raw("Erf", u), graph.scalar(0.5)), graph.scalar(0.5));
  const y = raw("Mul", x, c);
  graph.record(
    [x],
    [y],
    [
      (g) => {
        const bell = mul(mul(u, exp(neg(mul(u, u)))), 1 / Math.sqrt(Math.PI));
        return mul(g, add(c, bell));
      },
    ],
  );
  return y;
}

/** x s, s = sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)) = (1 + tanh(..)) / 2. */
function geluTanh(x: Value): Value {
  const { shape, graph } = x;
  const raw = (op: string, ...inputs: Value[]): Value => emit(op, inputs, shape, "float32");
  const a = 2 * Math.sqrt(2 / Math.PI);
  const b = a * 0.044715;
  const xx = raw("Mul", x, x);
  const u = raw("Mul", x, raw("Add", raw("Mul", xx, graph.scalar(b)), graph.scalar(a)));
  const s = raw("Sigmoid", u);
  const y = raw("Mul", x, s);
  graph.record(
    [x],
    [y],
    [
      // s + y (1 - s) (a + 3 b x^2)
      (g) => mul(g, add(s, mul(mul(y, sub(1, s)), add(mul(xx, 3 * b), a)))),
    ],
  );
  return y;
}
