/** @file Reductions, softmax and their kin. */
import type { Value } from "../graph.ts";
import type { Shape } from "../tensor.ts";
import { showShape } from "../tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { axisOf, differentiable, dims, emit, reshapeNode, wantDtype } from "./emit.ts";
import { exp } from "./math.ts";
import { expand } from "./shape.ts";
import { located } from "./located.ts";

export type ReduceOptions = {
  /** Default all. */
  readonly axes?: readonly number[];
  /** Whether reduced axes stay, with size 1. Default false. */
  readonly keepDims?: boolean;
};

/** Sum over `axes`. */
export function sum(x: Value, options: ReduceOptions = {}): Value {
  const { axes, kept, shape } = plan("sum", x, options);
  if (axes.length === 0) return x;
  const keepdims = { int: options.keepDims === true ? 1 : 0 };
  const output = emit("ReduceSum", [x, dims(x.graph, axes)], shape, x.dtype, { keepdims });
  if (x.dtype === "float32") {
    x.graph.record([x], [output], [(g) => expand(reshapeNode(g, kept), x.shape)]);
  }
  return output;
}

/** Mean over `axes`. */
export function mean(x: Value, options: ReduceOptions = {}): Value {
  wantDtype("mean", x, "float32");
  const { axes, kept, shape, count } = plan("mean", x, options);
  if (axes.length === 0) return x;
  const keepdims = { int: options.keepDims === true ? 1 : 0 };
  const output = emit("ReduceMean", [x, dims(x.graph, axes)], shape, "float32", { keepdims });
  x.graph.record([x], [output], [(g) => expand(reshapeNode(mul(g, 1 / count), kept), x.shape)]);
  return output;
}

/** Maximum over `axes`; its gradient is shared evenly among equal maxima. */
export function max(x: Value, options: ReduceOptions = {}): Value {
  wantDtype("max", x, "float32");
  const { axes, kept, shape } = plan("max", x, options);
  if (axes.length === 0) return x;
  const keepdims = { int: options.keepDims === true ? 1 : 0 };
  const output = emit("ReduceMax", [x, dims(x.graph, axes)], shape, "float32", { keepdims });
  x.graph.record(
    [x],
    [output],
    [
      (g) => {
        const isTop = emit("Equal", [x, reshapeNode(output, kept)], x.shape, "bool");
        const top = emit("Cast", [isTop], x.shape, "float32", { to: { int: 1 } });
        const ties = emit("ReduceSum", [top, dims(x.graph, axes)], kept, "float32", {
          keepdims: { int: 1 },
        });
        return mul(top, div(reshapeNode(g, kept), ties));
      },
    ],
  );
  return output;
}

export type AxisOptions = { readonly axis?: number; readonly keepDims?: boolean };

/** log sum_axis e^x, without overflow; -Infinity where every element is. Default axis -1. */
export function logSumExp(x: Value, { axis = -1, keepDims = false }: AxisOptions = {}): Value {
  wantDtype("logSumExp", x, "float32");
  const options = { axes: [axisOf("logSumExp", axis, x.shape.length, x.shape)] };
  const { axes, kept, shape } = plan("logSumExp", x, options);
  const over = dims(x.graph, axes);
  const keepdims = { int: 1 };
  const raw = emit("ReduceMax", [x, over], kept, "float32", { keepdims });
  // Finite, so that a row of -Infinity is not -Infinity - -Infinity.
  const top = emit("Clip", [raw, x.graph.scalar(-3e38), x.graph.scalar(3e38)], kept, "float32");
  const shifted = emit("Sub", [x, top], x.shape, "float32");
  const powers = emit("Exp", [shifted], x.shape, "float32");
  const total = emit("ReduceSum", [powers, over], kept, "float32", { keepdims });
  const logs = emit("Log", [total], kept, "float32");
  const inner = emit("Add", [logs, top], kept, "float32");
  const output = keepDims ? inner : reshapeNode(inner, shape);
  x.graph.record(
    [x],
    [output],
    [
      // softmax(x) g
      (g) => mul(powers, div(reshapeNode(g, kept), total)),
    ],
  );
  return output;
}

/** e^x / sum_axis e^x. Default axis -1. */
export function softmax(x: Value, { axis = -1 }: { readonly axis?: number } = {}): Value {
  wantDtype("softmax", x, "float32");
  const at = axisOf("softmax", axis, x.shape.length, x.shape);
  const y: Value = differentiable(
    "Softmax",
    [x],
    x.shape,
    // y (g - sum g y)
    [(g) => mul(y, sub(g, sum(mul(g, y), { axes: [at], keepDims: true })))],
    { axis: { int: at } },
  );
  return y;
}

/** x - logSumExp(x). Default axis -1. */
export function logSoftmax(x: Value, { axis = -1 }: { readonly axis?: number } = {}): Value {
  wantDtype("logSoftmax", x, "float32");
  const at = axisOf("logSoftmax", axis, x.shape.length, x.shape);
  const y: Value = differentiable(
    "LogSoftmax",
    [x],
    x.shape,
    // g - softmax(x) sum g
    [(g) => sub(g, mul(exp(y), sum(g, { axes: [at], keepDims: true })))],
    { axis: { int: at } },
  );
  return y;
}

type Plan = {
  readonly axes: readonly number[];
  /** The result's shape with the reduced axes as 1. */
  readonly kept: Shape;
  readonly shape: Shape;
  /** How many elements go into one. */
  readonly count: number;
};

function plan(op: string, x: Value, { axes, keepDims = false }: ReduceOptions): Plan {
  const rank = x.shape.length;
  const over = new Set((axes ?? x.shape.keys().toArray()).map((a) => axisOf(op, a, rank, x.shape)));
  if (axes !== undefined && over.size !== axes.length) {
    throw located(
      new RangeError(`${op}: axes [${axes.join(",")}] name one of ${showShape(x.shape)} twice`),
    );
  }
  const kept = x.shape.map((d, i) => (over.has(i) ? 1 : d));
  let count = 1;
  for (const axis of over) count *= x.shape[axis]!;
  const shape = keepDims ? kept : x.shape.filter((_, i) => !over.has(i));
  return { axes: [...over].sort((a, b) => a - b), kept, shape, count };
}
