/** @file Random orthonormal matrices. */
import type { Random } from "../engine/index.ts";

/** A random rotation: Gram-Schmidt over Gaussian rows. Row-major [size, size]. */
export function orthonormalRows(size: number, random: Random): Float64Array {
  const rows = Float64Array.from({ length: size * size }, () => random.normal());
  for (let i = 0; i < size; i++) {
    const row = rows.subarray(i * size, (i + 1) * size);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) subtractProjection(row, rows.subarray(j * size, (j + 1) * size));
    }
    const norm = Math.hypot(...row);
    for (let k = 0; k < size; k++) row[k]! /= norm;
  }
  return rows;
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  let dot = 0;
  for (let k = 0; k < row.length; k++) dot += row[k]! * unit[k]!;
  for (let k = 0; k < row.length; k++) row[k]! -= dot * unit[k]!;
}
