/** @file Sums, means and maxima over axes. */
import { type Value, unary } from "../graph.ts";
import { type Shape, sameShape, sizeOf } from "../tensor.ts";
import { add, div, exp, log, mul, stopGradient, sub } from "./elementwise.ts";
import { cast, equal } from "./compare.ts";
import { expand, reshape } from "./shape.ts";

export type ReduceOptions = {
  /** Axes to reduce, negative from the end; all of them if absent. */
  readonly axes?: readonly number[];
  /** Keep reduced axes as size 1. */
  readonly keepDims?: boolean;
};

/** Axes counted from the front, in order. @throws if one is out of range, naming the op and the shape */
export function normalizeAxes(op: string, shape: Shape, axes: readonly number[]): number[] {
  const found = axes.map((axis) => {
    const a = axis < 0 ? axis + shape.length : axis;
    if (!Number.isInteger(a) || a < 0 || a >= shape.length) {
      throw new RangeError(`${op}: axis ${axis} is out of range for shape [${shape}]`);
    }
    return a;
  });
  if (new Set(found).size < found.length) throw new RangeError(`${op}: axes [${axes}] repeat`);
  return found.sort((a, b) => a - b);
}

function reduce(
  op: string,
  type: string,
  x: Value,
  { axes = x.shape.map((_, i) => i), keepDims = false }: ReduceOptions,
  rule: (g: Value, y: Value, count: number) => Value,
): Value {
  const over = normalizeAxes(op, x.shape, axes);
  if (over.length === 0) return x;
  const kept = x.shape.map((n, i) => (over.includes(i) ? 1 : n));
  const count = over.reduce((product, i) => product * x.shape[i]!, 1);
  const full = unary({
    type,
    inputs: [x, x.graph.integers(over)],
    attributes: { keepdims: 1 },
    shape: kept,
    gradient: (g, y) => [rule(g, y, count), null],
  });
  return keepDims
    ? full
    : reshape(
        full,
        x.shape.filter((_, i) => !over.includes(i)),
      );
}

/** Sum over `axes`. */
export function sum(x: Value, options: ReduceOptions = {}): Value {
  return reduce("sum", "ReduceSum", x, options, (g) => expand(g, x.shape));
}

/** Mean over `axes`. */
export function mean(x: Value, options: ReduceOptions = {}): Value {
  return reduce("mean", "ReduceMean", x, options, (g, _, n) => expand(mul(g, 1 / n), x.shape));
}

/** Largest over `axes`. Equal largest values share the gradient. */
export function max(x: Value, options: ReduceOptions = {}): Value {
  return reduce("max", "ReduceMax", x, options, (g, y) => {
    const hit = cast(equal(x, y), "float32");
    const axes = x.shape.flatMap((n, i) => (y.shape[i] === n && n !== 1 ? [] : [i]));
    return mul(hit, div(g, sum(hit, { axes, keepDims: true })));
  });
}

/** log(sum(e^x)) over one axis, safe for large values. A row of only -Infinity gives NaN. */
export function logSumExp(
  x: Value,
  { axis = -1, keepDims = false }: { axis?: number; keepDims?: boolean } = {},
): Value {
  const top = stopGradient(max(x, { axes: [axis], keepDims: true }));
  const total = sum(exp(sub(x, top)), { axes: [axis], keepDims: true });
  const result = add(log(total), top);
  const [over] = normalizeAxes("logSumExp", x.shape, [axis]);
  return keepDims
    ? result
    : reshape(
        result,
        x.shape.filter((_, i) => i !== over),
      );
}

/** Sums `x` down to `shape`, from which it was broadcast. */
export function reduceTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(x.shape) === sizeOf(shape)) return reshape(x, shape);
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) =>
    i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : [],
  );
  return reshape(sum(x, { axes, keepDims: true }), shape);
}
