/** @file Linear layers of frozen weights that are kept small: 16-bit floats, or 8-bit integers. */
import type { Value } from "../graph.ts";
import type { Tensor } from "../tensor.ts";
import { showShape, tensor } from "../tensor.ts";
import { add, div, maximum, mul } from "./arithmetic.ts";
import { emit, reshapeNode, sameGraph, wantDtype } from "./emit.ts";
import { abs, cast } from "./math.ts";
import { linear } from "./matmul.ts";
import { max } from "./reduce.ts";
import { reshape } from "./shape.ts";

export type HalfLinearOptions = {
  /** What the product is computed in; "float16" casts at its edges, both ways. Default float32. */
  readonly compute?: "float32" | "float16";
};

/** As `linear`, of a float16 weight [out, in], which gets no gradient. */
export function halfLinear(
  x: Value,
  weight: Value,
  bias?: Value,
  { compute = "float32" }: HalfLinearOptions = {},
): Value {
  wantDtype("halfLinear", weight, "float16");
  if (compute === "float32") return linear(x, cast(weight, "float32"), bias);
  sameGraph("halfLinear", x, weight);
  const [out, input] = checkedSizes("halfLinear", x, weight);
  const flat = reshape(x, [-1, input]);
  const rows = flat.shape[0]!;
  const half = cast(flat, "float16");
  const transB = { transB: { int: 1 } };
  const y = cast(emit("Gemm", [half, weight], [rows, out], "float16", transB), "float32");
  x.graph.record(
    [flat],
    [y],
    [(g) => cast(emit("Gemm", [cast(g, "float16"), weight], [rows, input], "float16"), "float32")],
  );
  const shaped = reshape(y, [...x.shape.slice(0, -1), out]);
  return bias === undefined ? shaped : add(shaped, bias);
}

/** A weight in whole numbers: W[o][i] is about values[i][o] * scales[o]. */
export type Quantized = {
  /** int8 [in, out]. */
  readonly values: Tensor;
  /** float32 [out]. */
  readonly scales: Tensor;
};

/** Each row of `weight` [out, in] by its own largest number, to the nearest of 255 steps. */
export function quantize({ shape, data }: Tensor): Quantized {
  const [out, input] = shape as readonly [number, number];
  const source = data as Float32Array;
  const values = new Int8Array(input * out);
  const scales = new Float32Array(out);
  for (let o = 0; o < out; o++) {
    const row = source.subarray(o * input, (o + 1) * input);
    const scale = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127 || 1;
    scales[o] = scale;
    for (let i = 0; i < input; i++) values[i * out + o] = Math.round(row[i]! / scale);
  }
  return { values: tensor(values, [input, out], "int8"), scales: tensor(scales, [out]) };
}

/**
 * As `linear`, in 8-bit integers. Each row of `x` is rounded by its own largest number, so what a row
 * becomes does not depend on its batch. Has no gradient.
 */
export function quantizedLinear(x: Value, { values, scales }: Quantized, bias?: Value): Value {
  const { graph } = x;
  wantDtype("quantizedLinear", x, "float32");
  const [input, out] = values.shape as readonly [number, number];
  if (x.shape.at(-1) !== input) {
    throw new RangeError(
      `quantizedLinear: input ${showShape(x.shape)} does not fit weight ${showShape(values.shape)} [in, out]`,
    );
  }
  const rows = x.shape.slice(0, -1).reduce((product, d) => product * d, 1);
  const flat = reshapeNode(x, [rows, input]);
  const steps = div(maximum(max(abs(flat), { axes: [1] }), 1e-12), 127); // [rows]
  const middle = graph.constant(tensor(new Uint8Array(rows).fill(128), [rows], "uint8"));
  const whole = emit("QuantizeLinear", [flat, steps, middle], flat.shape, "uint8", {
    axis: { int: 0 },
  });
  const zero = graph.constant(tensor([128], [], "uint8"));
  const product = emit(
    "MatMulInteger",
    [whole, graph.constant(values), zero],
    [rows, out],
    "int32",
  );
  const scaled = mul(
    mul(cast(product, "float32"), reshape(steps, [rows, 1])),
    graph.constant(scales),
  );
  const y = reshapeNode(bias === undefined ? scaled : add(scaled, bias), [
    ...x.shape.slice(0, -1),
    out,
  ]);
  graph.record(
    [x],
    [y],
    [
      () => {
        throw new Error("quantizedLinear: has no gradient; keep what trains in float32 or float16");
      },
    ],
  );
  return y;
}

// --- internal ---

function checkedSizes(op: string, x: Value, weight: Value): readonly [number, number] {
  const [out, input] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.at(-1) !== input) {
    throw new RangeError(
      `${op}: input ${showShape(x.shape)} does not fit weight ${showShape(weight.shape)} [out, in]`,
    );
  }
  return [out!, input!];
}
