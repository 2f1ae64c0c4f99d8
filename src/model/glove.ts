/** @file GloVe vectors of the vocabulary's words, int8 with a scale per row (data/glove/README.md). */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Glove = {
  readonly dimensions: number;
  readonly words: readonly string[];
  /** Vector of a word, or undefined where the table has none. */
  vector(word: string): Float32Array | undefined;
};

export const GLOVE_FOLDER = join(import.meta.dirname, "..", "..", "data", "glove");

/**
 * Rows -> bytes: a float32 scale a row, then the rows as int8. A value is `scale * int8`.
 *
 * @param rows [words, dimensions].
 */
export function quantizeRows(rows: readonly (readonly number[])[], dimensions: number): Uint8Array {
  const scales = new Float32Array(rows.length);
  const values = new Int8Array(rows.length * dimensions);
  for (const [i, row] of rows.entries()) {
    const peak = Math.max(...row.map((value) => Math.abs(value)));
    scales[i] = peak / 127;
    for (const [j, value] of row.entries()) {
      values[i * dimensions + j] = peak === 0 ? 0 : Math.round((value / peak) * 127);
    }
  }
  const bytes = new Uint8Array(scales.byteLength + values.byteLength);
  bytes.set(new Uint8Array(scales.buffer), 0);
  bytes.set(new Uint8Array(values.buffer), scales.byteLength);
  return bytes;
}

/** @throws RangeError if the two files do not belong together. */
export function loadGlove(folder: string = GLOVE_FOLDER): Glove {
  const words = JSON.parse(readFileSync(join(folder, "words.json"), "utf8")) as string[];
  const bytes = readFileSync(join(folder, "vectors.bin"));
  const dimensions = bytes.byteLength / words.length - 4;
  if (!Number.isInteger(dimensions) || dimensions <= 0) {
    throw new RangeError(
      `loadGlove: ${folder} has ${words.length} words but ${bytes.byteLength} bytes of vectors, not words x (4 + dimensions)`,
    );
  }
  const copy = new Uint8Array(bytes); // aligned, as a Buffer need not be
  const scales = new Float32Array(copy.buffer, 0, words.length);
  const values = new Int8Array(copy.buffer, scales.byteLength);
  const index = new Map(words.map((word, row) => [word, row]));
  return {
    dimensions,
    words,
    vector(word) {
      const row = index.get(word);
      if (row === undefined) return undefined;
      const scale = scales[row]!;
      const quantized = values.subarray(row * dimensions, (row + 1) * dimensions);
      return Float32Array.from(quantized, (value) => value * scale);
    },
  };
}
