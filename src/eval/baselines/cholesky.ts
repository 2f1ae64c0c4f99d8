/** @file Cholesky factorisation and the inverse of its factor, in f64. */

/** Row-major square matrix. */
export type Square = { readonly size: number; readonly data: Float64Array };

/** Rows taken together, so that a row read from memory is used four times. */
const BAND = 4;

/**
 * The lower factor L of a symmetric positive definite matrix, A = L L^T, in place of A's lower half.
 *
 * @throws if a pivot isn't positive, naming it: the matrix is not positive definite
 */
export function choleskyInPlace({ size, data }: Square): void {
  const sums = new Float64Array(BAND);
  for (let first = 0; first < size; first += BAND) {
    const band = Math.min(BAND, size - first);
    for (let i = first; i < size; i++) {
      const row = i * size;
      // The columns before the band are final: their part of the four sums needs no order.
      dots(sums, data, row, data, first * size, size, band, first);
      const columns = Math.min(band, i - first + 1);
      for (let c = 0; c < columns; c++) {
        const j = first + c;
        let rest = data[row + j]! - sums[c]!;
        for (let k = first; k < j; k++) rest -= data[row + k]! * data[j * size + k]!;
        data[row + j] = i === j ? root(rest, j, size) : rest / data[j * size + j]!;
      }
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
  const sums = new Float64Array(BAND);
  for (let first = 0; first < size; first += BAND) {
    const band = Math.min(BAND, size - first);
    for (let i = first; i < size; i++) {
      // Row j is zero before column j, so all four sums may start at the band's first column.
      const at = first * size + first;
      dots(sums, data, i * size + first, out, at, size, band, i - first);
      const pivot = data[i * size + i]!;
      for (let c = 0; c < band; c++) {
        const j = first + c;
        if (j <= i) out[j * size + i] = (i === j ? 1 : -sums[c]!) / pivot;
      }
    }
  }
  return out;
}

function root(rest: number, pivot: number, size: number): number {
  if (rest > 0) return Math.sqrt(rest);
  throw new RangeError(`cholesky: pivot ${pivot} of ${size} is ${rest}, not positive definite`);
}

/** Products of a row of `a` with up to four rows of `b`, `stride` apart. */
function dots(
  sums: Float64Array,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  stride: number,
  band: number,
  length: number,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  if (band === BAND) {
    const j1 = j + stride;
    const j2 = j1 + stride;
    const j3 = j2 + stride;
    for (let k = 0; k < length; k++) {
      const x = a[i + k]!;
      s0 += x * b[j + k]!;
      s1 += x * b[j1 + k]!;
      s2 += x * b[j2 + k]!;
      s3 += x * b[j3 + k]!;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    return;
  }
  for (let c = 0; c < band; c++) {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += a[i + k]! * b[j + c * stride + k]!;
    sums[c] = sum;
  }
}
