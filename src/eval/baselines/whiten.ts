/** @file Evens out the directions of a feature space: common ones shrink, rare ones grow. */
import { EigenvalueDecomposition, Matrix as Square } from "ml-matrix";
import type { Matrix } from "../embeddings.ts";

/**
 * The matrix T [dim, dim] that divides each principal direction of the centred rows by its standard
 * deviation to the power given: 0 leaves all as it is, 1 whitens. Directions without spread are
 * dropped. Apply as rows * T.
 */
export function whitening(rows: Matrix, power: number): Float64Array {
  const { dim } = rows;
  const { values, vectors } = symmetricEigen(covariance(rows), dim);
  const largest = Math.max(...values);
  const out = new Float64Array(dim * dim);
  for (let k = 0; k < dim; k++) {
    const value = values[k]!;
    if (!(value > 1e-9 * largest)) continue;
    const scale = value ** (-power / 2);
    for (let i = 0; i < dim; i++) {
      const left = vectors[i * dim + k]! * scale;
      for (let j = 0; j < dim; j++) {
        out[i * dim + j] = out[i * dim + j]! + left * vectors[j * dim + k]!;
      }
    }
  }
  return out;
}

/** rows [n, dim] times a square matrix [dim, dim]. */
export function timesSquare({ rows, dim, data }: Matrix, square: Float64Array): Matrix {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < dim; i++) {
      const x = data[r * dim + i]!;
      if (x === 0) continue;
      for (let j = 0; j < dim; j++) {
        out[r * dim + j] = out[r * dim + j]! + x * square[i * dim + j]!;
      }
    }
  }
  return { rows, dim, data: out };
}

function covariance({ rows, dim, data }: Matrix): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < dim; i++) {
      const x = data[r * dim + i]! / rows;
      for (let j = 0; j < dim; j++) out[i * dim + j] = out[i * dim + j]! + x * data[r * dim + j]!;
    }
  }
  return out;
}

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix [size, size]. */
export function symmetricEigen(
  matrix: Float64Array,
  size: number,
): { values: number[]; vectors: Float64Array } {
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  const found = new EigenvalueDecomposition(new Square(rows), { assumeSymmetric: true });
  return {
    values: found.realEigenvalues,
    vectors: Float64Array.from(found.eigenvectorMatrix.to1DArray()),
  };
}
