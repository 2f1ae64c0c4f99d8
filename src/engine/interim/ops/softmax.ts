/** @file Softmax and its logarithm. */
import { type Value, unary } from "../graph.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { logSumExp, normalizeAxes, sum } from "./reduce.ts";

/** e^x / sum(e^x) along one axis. */
export function softmax(x: Value, { axis = -1 }: { axis?: number } = {}): Value {
  const [a] = normalizeAxes("softmax", x.shape, [axis]) as [number];
  return unary({
    type: "Softmax",
    inputs: [x],
    attributes: { axis: a },
    shape: x.shape,
    gradient: (g, y) => {
      const gy = mul(g, y);
      return [sub(gy, mul(y, sum(gy, { axes: [a], keepDims: true })))];
    },
  });
}

/** x - log(sum(e^x)) along one axis. */
export function logSoftmax(x: Value, { axis = -1 }: { axis?: number } = {}): Value {
  const [a] = normalizeAxes("logSoftmax", x.shape, [axis]) as [number];
  const lse = logSumExp(x, { axis: a, keepDims: true });
  const y = sub(x, lse);
  return unary({
    type: "Identity",
    inputs: [y, x],
    shape: x.shape,
    gradient: (g, out) => [null, sub(g, mul(exp(out), sum(g, { axes: [a], keepDims: true })))],
  });
}
