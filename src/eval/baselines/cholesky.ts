/** @file Cholesky factorisation and solves in f64. */

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

/** Solves L L^T x = b for each row of `rhs` [count, size], in place. */
export function choleskySolve({ size, data }: Square, rhs: Float64Array): void {
  const upper = transposed(data, size); // rows of L^T lie together, as the way back needs them
  for (let start = 0; start < rhs.length; start += size) {
    for (let i = 0; i < size; i++) {
      const sum = dotRange(data, i * size, rhs, start, i);
      rhs[start + i] = (rhs[start + i]! - sum) / data[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      const rest = size - 1 - i;
      const sum = dotRange(upper, i * size + i + 1, rhs, start + i + 1, rest);
      rhs[start + i] = (rhs[start + i]! - sum) / data[i * size + i]!;
    }
  }
}

function transposed(data: Float64Array, size: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) out[j * size + i] = data[i * size + j]!;
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
