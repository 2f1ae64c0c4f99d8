/** @file Cutting the corpus into the chunks that the engine scorer's runs take. */
import type { Matrix } from "./embeddings.ts";

/** Candidates a product: their scores stay in the cores' caches while they are counted. */
export const PART_ROWS = 512;
/** Candidates whose scores leave the executor as one maximum. */
const BLOCK = 8;
/** Remainders are padded to this, so that few shapes are compiled. */
export const ROW_STEP = 256;

/** Consecutive rows of the corpus, as one run takes them. */
export type Chunk = {
  readonly data: Float32Array;
  readonly start: number;
  /** Rows of a part, padding included. */
  readonly rows: number;
  readonly parts: number;
  readonly used: number;
  readonly block: number;
};

/** Rows from `start` on: a view where the matrix is shared memory, else copied to a buffer. */
export function cut(
  matrix: Matrix,
  start: number,
  chunkRows: number,
  buffers: Float32Array[],
  turn: number,
  withTop: boolean,
): Chunk {
  const { rows, dim } = matrix;
  const used = Math.min(chunkRows, rows - start);
  const whole = used === chunkRows;
  const partRows = whole ? PART_ROWS : Math.min(chunkRows, roundUp(used, ROW_STEP));
  const parts = whole ? chunkRows / PART_ROWS : 1;
  const block = withTop ? (whole ? BLOCK : 1) : 0; // a remainder's scores are read one by one
  const layout = { start, rows: partRows, parts, used, block };
  const data = matrix.data.subarray(start * dim, (start + used) * dim);
  if (whole && data.buffer instanceof SharedArrayBuffer) return { ...layout, data };
  const length = partRows * parts * dim;
  if (buffers[turn]!.length !== length) buffers[turn] = shared(data, length);
  else buffers[turn]!.fill(0, data.length).set(data);
  return { ...layout, data: buffers[turn]! };
}

/** A copy in shared memory, which goes to the executor's thread without being copied again. */
export function shared(data: Float32Array, length: number): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(length * 4));
  copy.set(data);
  return copy;
}

export function roundUp(x: number, step: number): number {
  return Math.ceil(x / step) * step;
}
