/** @file Evens out the directions of a feature space: common ones shrink, rare ones grow. */
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

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix [size, size], by Jacobi rotations. */
export function symmetricEigen(
  matrix: Float64Array,
  size: number,
): { values: number[]; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let all = 0;
    for (const [i, x] of a.entries()) {
      all += x * x;
      if (i % (size + 1) !== 0) off += x * x;
    }
    if (off <= 1e-24 * all) break;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q);
  }
  return { values: Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors };
}

/** Makes a[p, q] zero. */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!;
  if (apq === 0) return;
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const turn = (m: Float64Array, x: number, y: number): void => {
    const [mx, my] = [m[x]!, m[y]!];
    m[x] = c * mx - s * my;
    m[y] = s * mx + c * my;
  };
  for (let k = 0; k < size; k++) turn(a, k * size + p, k * size + q);
  for (let k = 0; k < size; k++) turn(a, p * size + k, q * size + k);
  for (let k = 0; k < size; k++) turn(vectors, k * size + p, k * size + q);
}
