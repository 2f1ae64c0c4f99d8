/** @file The expected failures of evaluation, each with a code a caller can switch on. */

export type EvalErrorCode =
  /** Matrices that don't fit the task or each other. */
  | "BAD_SHAPE"
  /** A task whose pools or positives contradict each other. */
  | "BAD_TASK"
  /** NaN, zero or constant embeddings: no score can be trusted. */
  | "DEGENERATE_EMBEDDINGS"
  /** A score or report file that isn't what it should be. */
  | "BAD_SCORE_FILE"
  /** Observations that don't pair up by data set and seed. */
  | "BAD_PAIRS";

export class EvalError extends Error {
  readonly code: EvalErrorCode;

  constructor(code: EvalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EvalError";
    this.code = code;
  }
}
