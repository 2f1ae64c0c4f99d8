/** @file Embedding matrices as the scorers take them: rows in the task's own order. */
import type { Task } from "../data/types.ts";
import { EvalError } from "./error.ts";

/** Row-major [rows, dim]. An engine `Tensor` of float32 fits as it is. */
export type EmbeddingMatrix = {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array;
};

/** The checked form used inside: [rows, dim] of float32. */
export type Matrix = { readonly rows: number; readonly dim: number; readonly data: Float32Array };

/** Checks shape and type; `name` is what the message calls it, e.g. "i2t/noto: query embeddings". */
export function toMatrix(embeddings: EmbeddingMatrix, name: string): Matrix {
  const [rows, dim] = embeddings.shape;
  const { data } = embeddings;
  if (embeddings.shape.length !== 2 || rows === undefined || dim === undefined || dim < 1) {
    throw new EvalError("BAD_SHAPE", `${name} must be [rows, dim], got ${shown(embeddings.shape)}`);
  }
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new EvalError(
      "BAD_SHAPE",
      `${name} must be floating point, got ${data.constructor.name}`,
    );
  }
  if (data.length !== rows * dim) {
    const got = `${data.length} numbers for ${shown(embeddings.shape)}`;
    throw new EvalError("BAD_SHAPE", `${name} must hold rows * dim numbers, got ${got}`);
  }
  return { rows, dim, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** Both sides of a task, checked against it and each other. */
export function taskMatrices(
  task: Task,
  queryEmbeddings: EmbeddingMatrix,
  candidateEmbeddings: EmbeddingMatrix,
): { queries: Matrix; candidates: Matrix } {
  const queries = toMatrix(queryEmbeddings, `${task.name}: query embeddings`);
  const candidates = toMatrix(candidateEmbeddings, `${task.name}: candidate embeddings`);
  if (queries.rows !== task.queries.length || candidates.rows !== task.corpus.size) {
    const expected = `[${task.queries.length}, dim] and [${task.corpus.size}, dim]`;
    throw new EvalError(
      "BAD_SHAPE",
      `${task.name}: query and candidate embeddings must be ${expected}, got ` +
        `${shown(queryEmbeddings.shape)} and ${shown(candidateEmbeddings.shape)}`,
    );
  }
  if (queries.dim !== candidates.dim) {
    throw new EvalError(
      "BAD_SHAPE",
      `${task.name}: query and candidate embeddings must share a width, got ${queries.dim} and ${candidates.dim}`,
    );
  }
  return { queries, candidates };
}

/**
 * Rows scaled to unit length in a new matrix; a zero row stays zero. The result lies in shared memory,
 * so that a scorer's thread reads it without a copy.
 */
export function unitRows(matrix: Matrix): Matrix {
  const { rows, dim, data } = matrix;
  const unit = new Float32Array(new SharedArrayBuffer(data.length * 4));
  for (let r = 0; r < rows; r++) {
    const start = r * dim;
    let square = 0;
    for (let i = start; i < start + dim; i++) square += data[i]! * data[i]!;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = start; i < start + dim; i++) unit[i] = data[i]! * scale;
  }
  return { rows, dim, data: unit };
}

function shown(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}
