/** @file Normalisations over the last axis. */
import type { Value } from "../graph.ts";
import { showShape } from "../tensor.ts";
import { add, div, maximum, mul, sub } from "./arithmetic.ts";
import { axisOf, emit, reduceTo, wantDtype } from "./emit.ts";
import { sqrt } from "./math.ts";
import { mean, sum } from "./reduce.ts";
import { located } from "./located.ts";

export type NormOptions = { readonly epsilon?: number };

/** (x - mean) / sqrt(variance + epsilon) weight + bias over the last axis: [.., dim], weight and bias [dim] */
export function layerNorm(
  x: Value,
  weight: Value,
  bias: Value,
  { epsilon = 1e-5 }: NormOptions = {},
): Value {
  checkNorm("layerNorm", x, weight, bias);
  const { graph } = x;
  const kept = [...x.shape.slice(0, -1), 1];
  const statistic = { shape: kept, dtype: "float32" as const };
  const [y, center, inverse] = graph.node(
    "LayerNormalization",
    [x, weight, bias],
    [{ shape: x.shape, dtype: "float32" }, statistic, statistic],
    { axis: { int: -1 }, epsilon: { float: epsilon } },
  ) as [Value, Value, Value];
  const normal = (): Value => mul(sub(x, center), inverse);
  graph.record(
    [x, weight, bias],
    [y],
    [
      (g) => {
        const own = mul(g, weight);
        const along = mean(mul(own, normal()), LAST);
        return mul(inverse, sub(sub(own, mean(own, LAST)), mul(normal(), along)));
      },
      (g) => reduceTo(mul(g, normal()), weight.shape),
      (g) => reduceTo(g, bias.shape),
    ],
  );
  return y;
}

/** x / sqrt(mean x^2 + epsilon) weight over the last axis: [.., dim], weight [dim] */
export function rmsNorm(x: Value, weight: Value, { epsilon = 1e-6 }: NormOptions = {}): Value {
  checkNorm("rmsNorm", x, weight);
  const { graph, shape } = x;
  const power = mean(mul(x, x), LAST);
  const inverse = emit("Reciprocal", [sqrt(add(power, epsilon))], power.shape, "float32");
  const normal = emit("Mul", [x, inverse], shape, "float32");
  const y = emit("Mul", [normal, weight], shape, "float32");
  graph.record(
    [x, weight],
    [y],
    [
      (g) => {
        const own = mul(g, weight);
        return mul(inverse, sub(own, mul(normal, mean(mul(own, normal), LAST))));
      },
      (g) => reduceTo(mul(g, normal), weight.shape),
    ],
  );
  return y;
}

export type L2Options = { readonly axis?: number; readonly epsilon?: number };

/** x / max(|x|, epsilon), |x| over one axis; a zero row stays zero. */
export function l2Normalize(x: Value, { axis = -1, epsilon = 1e-12 }: L2Options = {}): Value {
  wantDtype("l2Normalize", x, "float32");
  const along = { axes: [axisOf("l2Normalize", axis, x.shape.length, x.shape)], keepDims: true };
  const length = sqrt(sum(mul(x, x), along));
  const divisor = maximum(length, epsilon);
  const y = emit("Div", [x, divisor], x.shape, "float32");
  x.graph.record(
    [x],
    [y],
    [
      (g) => {
        // Below epsilon the divisor is constant.
        const grows = emit("Greater", [length, x.graph.scalar(epsilon)], length.shape, "bool");
        const moving = emit("Cast", [grows], length.shape, "float32", { to: { int: 1 } });
        return div(sub(g, mul(y, mul(sum(mul(g, y), along), moving))), divisor);
      },
    ],
  );
  return y;
}

const LAST = { axes: [-1], keepDims: true } as const;

function checkNorm(op: string, x: Value, ...scales: readonly Value[]): void {
  wantDtype(op, x, "float32");
  for (const scale of scales) {
    if (scale.shape.length === 1 && scale.shape[0] === x.shape.at(-1)) continue;
    throw located(
      new RangeError(
        `${op}: input ${showShape(x.shape)} and weight or bias ${showShape(scale.shape)} do not fit, wanted [${x.shape.at(-1)}]`,
      ),
    );
  }
}
