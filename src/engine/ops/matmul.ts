/** @file Matrix products. 2-D ones become Gemm, which transposes for free. */
import type { Rule, Value } from "../graph.ts";
import type { Shape } from "../tensor.ts";
import { sameShape, showShape } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { broadcastShapes, emit, reduceTo, reshapeNode, sameGraph, wantDtype } from "./emit.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { located } from "./located.ts";

export type MatmulOptions = {
  /** Take a's last two axes swapped. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
};

/** Matrix product over the last two axes; leading axes broadcast. [.., m, k] [.., k, n] -> [.., m, n] */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false } = options;
  sameGraph("matmul", a, b);
  wantDtype("matmul", a, "float32");
  wantDtype("matmul", b, "float32");
  const { m, n } = sizes(a, b, transposeA, transposeB);
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    // One product for the whole batch.
    const flat = matmul(reshape(a, [-1, a.shape.at(-1)!]), b, { transposeB });
    return reshape(flat, [...a.shape.slice(0, -1), n]);
  }
  const output = product(a, b, transposeA, transposeB, [m, n]);
  a.graph.record(
    [a, b],
    [output],
    [
      (g) =>
        reduceTo(
          transposeA
            ? matmul(b, g, { transposeA: transposeB, transposeB: true })
            : matmul(g, b, { transposeB: !transposeB }),
          a.shape,
        ),
      (g) =>
        reduceTo(
          transposeB
            ? matmul(g, a, { transposeA: true, transposeB: transposeA })
            : matmul(a, g, { transposeA: !transposeA }),
          b.shape,
        ),
    ],
  );
  return output;
}

/** x W^T + bias, PyTorch's layout: [.., in], weight [out, in], bias [out] -> [.., out] */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  return affine(x, weight, bias, (flat) => [
    [weight, (g) => matmul(g, flat, { transposeA: true })],
  ]);
}

export type LowRank = {
  /** [rank, in] */
  readonly down: Value;
  /** [out, rank] */
  readonly up: Value;
  readonly scale: number;
};

/**
 * x (W + scale up down)^T + bias, which is LoRA. Forward and the gradient of x take one product each, by
 * the sum of the weights, which is small beside x; the factors' gradients take none of W's size.
 */
export function adaptedLinear(
  x: Value,
  weight: Value,
  { down, up, scale }: LowRank,
  bias?: Value,
): Value {
  const rank = down.shape[0]!;
  const [out, input] = weight.shape as readonly [number, number];
  if (!sameShape(down.shape, [rank, input]) || !sameShape(up.shape, [out, rank])) {
    throw located(
      new RangeError(
        `adaptedLinear: down ${showShape(down.shape)} and up ${showShape(up.shape)} do not fit weight ${showShape(weight.shape)} [out, in]`,
      ),
    );
  }
  const both = add(weight, mul(matmul(up, down), scale));
  const scaled = (v: Value): Value => mul(v, scale);
  return affine(x, both, bias, (flat) => [
    [weight, (g) => matmul(g, flat, { transposeA: true })],
    [down, (g) => matmul(scaled(matmul(g, up)), flat, { transposeA: true })],
    [up, (g) => matmul(g, scaled(matmul(flat, down, { transposeB: true })), { transposeA: true })],
  ]);
}

/** x W^T + bias, where `weightRules` tell how gradients reach what W is made of. */
function affine(
  x: Value,
  weight: Value,
  bias: Value | undefined,
  weightRules: (flat: Value) => readonly (readonly [Value, Rule])[],
): Value {
  const [outSize, inSize] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.length < 1 || x.shape.at(-1) !== inSize) {
    throw located(
      new RangeError(
        `linear: input ${showShape(x.shape)} does not fit weight ${showShape(weight.shape)} [out, in]`,
      ),
    );
  }
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== outSize)) {
    throw located(
      new RangeError(
        `linear: bias ${showShape(bias.shape)} does not fit weight ${showShape(weight.shape)} [out, in]`,
      ),
    );
  }
  const shape = [...x.shape.slice(0, -1), outSize!];
  const flat = reshape(x, [-1, inSize!]);
  sameGraph("linear", x, weight, ...(bias === undefined ? [] : [bias]));
  wantDtype("linear", x, "float32");
  wantDtype("linear", weight, "float32");
  const operands = [flat, weight, ...(bias === undefined ? [] : [bias])];
  const transB = { transB: { int: 1 } };
  const output = emit("Gemm", operands, [flat.shape[0]!, outSize!], "float32", transB);
  const rules: (readonly [Value, Rule])[] = [
    [flat, (g) => matmul(g, weight)],
    ...weightRules(flat),
    ...(bias === undefined ? [] : [[bias, (g: Value) => sum(g, { axes: [0] })] as const]),
  ];
  x.graph.record(
    rules.map(([value]) => value),
    [output],
    rules.map(([, rule]) => rule),
  );
  return reshape(output, shape);
}

// --- internal ---

function sizes(a: Value, b: Value, ta: boolean, tb: boolean): { m: number; n: number } {
  const p = a.shape.length;
  const q = b.shape.length;
  const inner = [a.shape[ta ? p - 2 : p - 1], b.shape[tb ? q - 1 : q - 2]];
  if (p < 2 || q < 2 || inner[0] !== inner[1]) {
    const of = (v: Value, t: boolean): string => `${showShape(v.shape)}${t ? " transposed" : ""}`;
    throw located(new RangeError(`matmul: ${of(a, ta)} and ${of(b, tb)} do not multiply`));
  }
  return { m: a.shape[ta ? p - 1 : p - 2]!, n: b.shape[tb ? q - 2 : q - 1]! };
}

function product(
  a: Value,
  b: Value,
  ta: boolean,
  tb: boolean,
  [m, n]: readonly [number, number],
): Value {
  if (a.shape.length === 2 && b.shape.length === 2) {
    const attributes = { ...(ta && { transA: { int: 1 } }), ...(tb && { transB: { int: 1 } }) };
    return emit("Gemm", [a, b], [m, n], "float32", attributes);
  }
  const lead = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = ta ? swapped(a) : a;
  const right = tb ? swapped(b) : b;
  return emit("MatMul", [left, right], [...lead, m, n], "float32");
}

/** The last two axes swapped. */
function swapped(x: Value): Value {
  const rank = x.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const shape: Shape = perm.map((p) => x.shape[p]!);
  const [rows, columns] = [x.shape[rank - 2]!, x.shape[rank - 1]!];
  if (rows === 1 || columns === 1) return reshapeNode(x, shape);
  return emit("Transpose", [x], shape, "float32", { perm: { ints: perm } });
}
