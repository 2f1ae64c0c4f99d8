/** @file Normalisations over the last axis. */
import type { Value } from "../graph.ts";
import { add, div, mul, sqrt, sub, withGradient } from "./elementwise.ts";
import { maximum } from "./compare.ts";
import { mean, sum } from "./reduce.ts";

type NormOptions = { readonly epsilon?: number };

function checkWidth(op: string, x: Value, weight: Value): void {
  if (weight.shape.length !== 1 || weight.shape[0] !== x.shape.at(-1)) {
    throw new RangeError(
      `${op}: input [${x.shape}] needs a weight [${x.shape.at(-1)}], got [${weight.shape}]`,
    );
  }
}

/** All axes but the last. */
const leading = (x: Value) => [...x.shape.keys()].slice(0, -1);

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis (Ba et al. 2016).
 *
 * @param x [..., width]
 * @param weight [width]
 * @param bias [width]
 */
export function layerNorm(
  x: Value,
  weight: Value,
  bias: Value,
  { epsilon = 1e-5 }: NormOptions = {},
): Value {
  checkWidth("layerNorm", x, weight);
  checkWidth("layerNorm", x, bias);
  const reduced = [...x.shape.slice(0, -1), 1];
  const node = x.graph.node({
    type: "LayerNormalization",
    inputs: [x, weight, bias],
    attributes: { axis: x.shape.length - 1, epsilon: { float: epsilon } },
    outputs: [{ shape: x.shape }, { shape: reduced }, { shape: reduced }],
    gradient: (g, y) => {
      const [, mu, inverse] = y.node!.outputs as [Value, Value, Value];
      const normal = mul(sub(x, mu), inverse);
      const gw = mul(g, weight);
      const along = (v: Value) => mean(v, { axes: [-1], keepDims: true });
      const centred = sub(sub(gw, along(gw)), mul(normal, along(mul(gw, normal))));
      return [
        mul(centred, inverse),
        sum(mul(g, normal), { axes: leading(x) }),
        sum(g, { axes: leading(x) }),
      ];
    },
  });
  return node[0]!;
}

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over the last axis (Zhang and Sennrich 2019).
 *
 * @param x [..., width]
 * @param weight [width]
 */
export function rmsNorm(x: Value, weight: Value, { epsilon = 1e-6 }: NormOptions = {}): Value {
  checkWidth("rmsNorm", x, weight);
  const inverse = div(1, sqrt(add(mean(mul(x, x), { axes: [-1], keepDims: true }), epsilon)));
  const normal = withGradient(mul(x, inverse), x, (g, y) =>
    mul(sub(g, mul(y, mean(mul(g, y), { axes: [-1], keepDims: true }))), inverse),
  );
  return mul(normal, weight);
}

/** x / max(|x|, epsilon) along one axis: unit rows. */
export function l2Normalize(
  x: Value,
  { axis = -1, epsilon = 1e-12 }: { axis?: number; epsilon?: number } = {},
): Value {
  const squares = sum(mul(x, x), { axes: [axis], keepDims: true });
  return div(x, maximum(sqrt(maximum(squares, epsilon * epsilon)), epsilon));
}
