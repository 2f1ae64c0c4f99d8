/** @file Ridge regression in closed form. */
import type { Matrix } from "../embeddings.ts";
import { inverseFactor } from "./inversefactor.ts";
import type { MatrixProducts } from "./products.ts";

/** The part of a fit that all penalties share. */
export type RidgeProblem = {
  /** Mean of the diagonal of the system: penalties are given relative to it. */
  readonly scale: number;
  /**
   * W [outputs, inputs] that minimises |X W^T - Y|^2 + ratio * scale * |W|^2; predictions are X W^T.
   */
  solve(ratio: number): Promise<Matrix>;
};

/**
 * Prepares the fit of Y [pairs, outputs] on X [pairs, inputs], both centred. Solves the smaller of
 * the two equivalent systems: X^T X [inputs, inputs] or X X^T [pairs, pairs].
 */
export async function ridgeProblem(
  x: Matrix,
  y: Matrix,
  products: MatrixProducts,
): Promise<RidgeProblem> {
  if (x.rows !== y.rows || x.rows === 0) {
    throw new RangeError(
      `ridge: needs as many inputs as outputs, got ${x.rows} and ${y.rows} rows`,
    );
  }
  const dual = x.rows < x.dim;
  const gram = await products.multiply(x, x, dual ? { b: true } : { a: true });
  const size = gram.rows;
  let trace = 0;
  for (let i = 0; i < size; i++) trace += gram.data[i * size + i]!;
  const scale = trace / size;
  const rhs = dual ? transpose(y) : await products.multiply(y, x, { a: true }); // [outputs, size]
  return {
    scale,
    async solve(ratio) {
      if (!(ratio > 0 && ratio < Infinity)) {
        throw new RangeError(`ridge: the penalty ratio must be > 0 and finite, got ${ratio}`);
      }
      const system = Float64Array.from(gram.data);
      for (let i = 0; i < size; i++) system[i * size + i] = system[i * size + i]! + ratio * scale;
      const inverse = await inverseFactor({ size, data: system });
      const factor = { rows: size, dim: size, data: inverse };
      const half = await products.multiply(rhs, factor); // [outputs, size]
      const weights = await products.multiply(half, factor, { b: true });
      return dual ? products.multiply(weights, x) : weights;
    },
  };
}

function transpose({ rows, dim, data }: Matrix): Matrix {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < dim; c++) out[c * rows + r] = data[r * dim + c]!;
  return { rows: dim, dim: rows, data: out };
}
