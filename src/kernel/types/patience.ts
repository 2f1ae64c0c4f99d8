/** @file How long a front end is kept waiting for types. */

/** A server that is still reading the project is not waited for longer. */
const PATIENCE_MS = 8_000;

/** The answer, if it comes in time. */
export function withinPatience<T>(answer: Promise<T>, ms = PATIENCE_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<T>();
  const late = new Error(`types: the language server did not answer within ${ms} ms`);
  const timer = setTimeout(() => reject(late), ms);
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer));
}
