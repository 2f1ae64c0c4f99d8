/** @file What an encoder knows beside its embedding: its tokens' mean states, and a picture cell by cell. */
import { cast, concat, div, greaterOrEqual, matmul, reshape, sub, tensor } from "../engine/index.ts";
import type { Value } from "../engine/index.ts";
import type { Encoder } from "./encoder.ts";

/** Cells a side that a picture's vision tokens are averaged over. */
export const CELLS = 4;

/**
 * Mean over an input's own tokens of what enters the decoder and of what enters its last layer: the bag
 * of its words and pictures, before and after they have read each other.
 *
 * @returns [batch, 2 * hidden].
 */
export function tokenMeans({ embedding: { graph }, hiddenStates, last }: Encoder): Value {
  const [batch, tokens, hidden] = hiddenStates[0]!.shape as [number, number, number];
  const starts = Float32Array.from({ length: batch }, (_, row) => row * tokens);
  const end = sub(cast(last, "float32"), graph.constant(tensor(starts, [batch])));
  const places = Float32Array.from({ length: tokens }, (_, token) => token);
  const own = greaterOrEqual(
    reshape(end, [batch, 1, 1]),
    graph.constant(tensor(places, [1, 1, tokens])),
  );
  const count = reshape(sub(end, -1), [batch, 1, 1]);
  const weights = div(cast(own, "float32"), count); // [batch, 1, tokens]
  const means = [hiddenStates[0]!, hiddenStates.at(-2)!].map((states) =>
    reshape(matmul(weights, states), [batch, hidden]),
  );
  return concat(means, { axis: 1 });
}

/**
 * Means of a picture's merged vision tokens over 4 x 4 cells of all its frames, row by row. Cells overlap
 * where the grid doesn't divide, as in adaptive average pooling.
 *
 * @param tokens [frames * height * width, hidden].
 * @param grid merged: [frames, height, width].
 * @returns [4 * 4 * hidden].
 */
export function cellMeans(
  tokens: Float32Array,
  [frames, height, width]: readonly [number, number, number],
): Float32Array {
  const hidden = tokens.length / (frames * height * width);
  if (!Number.isInteger(hidden) || hidden === 0) {
    throw new RangeError(
      `cellMeans: ${tokens.length} numbers are no tokens of a ${frames} x ${height} x ${width} grid`,
    );
  }
  const out = new Float32Array(CELLS * CELLS * hidden);
  for (let cell = 0; cell < CELLS * CELLS; cell++) {
    const [top, bottom] = span(Math.floor(cell / CELLS), height);
    const [left, right] = span(cell % CELLS, width);
    const mean = out.subarray(cell * hidden, (cell + 1) * hidden);
    const share = 1 / (frames * (bottom - top) * (right - left));
    for (let frame = 0; frame < frames; frame++) {
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const at = ((frame * height + y) * width + x) * hidden;
          for (let d = 0; d < hidden; d++) mean[d] = mean[d]! + share * tokens[at + d]!;
        }
      }
    }
  }
  return out;
}

function span(cell: number, length: number): [number, number] {
  return [Math.floor((cell * length) / CELLS), Math.ceil(((cell + 1) * length) / CELLS)];
}
