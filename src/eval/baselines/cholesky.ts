/** @file Cholesky factorisation and the inverse of its factor, in f64. */

/** Row-major square matrix. */
export type Square = { readonly size: number; readonly data: Float64Array };

/**
 * The lower factor L of a symmetric positive definite matrix, A = L L^T, in place of A's lower half.
 *
 * @throws if a pivot isn't positive, naming it: the matrix is not positive definite
 */
export function choleskyInPlace({ size, data }: Square): void {
  for (let j = 0; j < size; j++) {
    const rowJ = j * size;
    const pivot = data[rowJ + j]! - dotRange(data, rowJ, data, rowJ, j);
    if (!(pivot > 0)) {
      throw new RangeError(`cholesky: pivot ${j} of ${size} is ${pivot}, not positive definite`);
    }
    const diagonal = Math.sqrt(pivot);
    data[rowJ + j] = diagonal;
    for (let i = j + 1; i < size; i++) {
      const rowI = i * size;
      data[rowI + j] = (data[rowI + j]! - dotRange(data, rowI, data, rowJ, j)) / diagonal;
    }
  }
}

/**
 * The inverse of the lower factor, transposed: row j holds column j of L^-1, so that for rows b
 *
 *     b A^-1 = (b T) T^T,   T = this matrix
 */
export function inverseFactorTransposed({ size, data }: Square): Float64Array {
  const out = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const row = j * size;
    out[row + j] = 1 / data[row + j]!;
    for (let i = j + 1; i < size; i++) {
      const sum = dotRange(data, i * size + j, out, row + j, i - j);
      out[row + i] = -sum / data[i * size + i]!;
    }
  }
  return out;
}

function dotRange(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[i + k]! * b[j + k]!;
    s1 += a[i + k + 1]! * b[j + k + 1]!;
    s2 += a[i + k + 2]! * b[j + k + 2]!;
    s3 += a[i + k + 3]! * b[j + k + 3]!;
  }
  for (; k < length; k++) s0 += a[i + k]! * b[j + k]!;
  return s0 + s1 + (s2 + s3);
}
