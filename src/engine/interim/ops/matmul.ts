/** @file Products of matrices. Two-dimensional ones become Gemm, whose transposes cost nothing. */
import { type Value, unary } from "../graph.ts";
import { sizeOf } from "../tensor.ts";
import { broadcastShape } from "./elementwise.ts";
import { reduceTo, sum } from "./reduce.ts";
import { reshape, transpose } from "./shape.ts";

export type MatmulOptions = { readonly transposeA?: boolean; readonly transposeB?: boolean };

/**
 * a b over the last two axes; leading axes broadcast.
 *
 * @param a [..., m, k], or [..., k, m] with transposeA
 * @param b [..., k, n], or [..., n, k] with transposeB
 * @returns [..., m, n]
 */
export function matmul(
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: MatmulOptions = {},
): Value {
  const [m, k] = matrix("matmul", a, transposeA);
  const [k2, n] = matrix("matmul", b, transposeB);
  if (k !== k2) {
    const mark = (t: boolean) => (t ? " transposed" : "");
    throw new RangeError(
      `matmul: inner sizes ${k} and ${k2} differ for [${a.shape}]${mark(transposeA)} and [${b.shape}]${mark(transposeB)}`,
    );
  }
  if (a.shape.length === 2 && b.shape.length === 2)
    return gemm(a, b, transposeA, transposeB, [m, n]);
  const left = transposeA ? swapLast(a) : a;
  const right = transposeB ? swapLast(b) : b;
  const lead = broadcastShape("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  return unary({
    type: "MatMul",
    inputs: [left, right],
    shape: [...lead, m, n],
    gradient: (g) => [
      reduceTo(matmul(g, right, { transposeB: true }), left.shape),
      reduceTo(matmul(left, g, { transposeA: true }), right.shape),
    ],
  });
}

function matrix(op: string, x: Value, transposed: boolean): [number, number] {
  if (x.shape.length < 2) throw new RangeError(`${op}: expected at least two axes, got ${x}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function swapLast(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

function gemm(a: Value, b: Value, ta: boolean, tb: boolean, shape: number[], bias?: Value): Value {
  return unary({
    type: "Gemm",
    inputs: bias === undefined ? [a, b] : [a, b, bias],
    attributes: { transA: ta ? 1 : 0, transB: tb ? 1 : 0 },
    shape,
    gradient: (g) => {
      const da = ta ? gemm(b, g, tb, true, [...a.shape]) : gemm(g, b, false, !tb, [...a.shape]);
      const db = tb ? gemm(g, a, true, ta, [...b.shape]) : gemm(a, g, !ta, false, [...b.shape]);
      return bias === undefined ? [da, db] : [da, db, sum(g, { axes: [0] })];
    },
  });
}

/**
 * x W^T + bias, as torch.nn.functional.linear.
 *
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const [out, width] = weight.shape as [number, number];
  if (weight.shape.length !== 2 || x.shape.at(-1) !== width) {
    throw new RangeError(
      `linear: input [${x.shape}] and weight [${weight.shape}] ([out, in]) do not fit`,
    );
  }
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== out)) {
    throw new RangeError(`linear: expected a bias [${out}], got [${bias.shape}]`);
  }
  const rows = sizeOf(x.shape) / width;
  const flat = gemm(reshape(x, [rows, width]), weight, false, true, [rows, out], bias);
  return reshape(flat, [...x.shape.slice(0, -1), out]);
}
