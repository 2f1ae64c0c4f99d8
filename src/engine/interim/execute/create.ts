/** @file Executors by name. */
import { availableParallelism } from "node:os";
import type { Executor, ExecutorName } from "./executor.ts";
import { openReference } from "./reference.ts";
import { openWorker } from "./worker-host.ts";

export type ExecutorOptions = {
  /** Threads of one operator; all cores if absent or 0. */
  readonly threads?: number;
};

/**
 * `onnxruntime` runs in a worker thread on the CPU, in f32; `reference` is plain TypeScript in f64,
 * for checks.
 *
 * @throws if there is no executor of that name
 */
export function createExecutor(
  name: ExecutorName,
  { threads = 0 }: ExecutorOptions = {},
): Executor {
  if (!Number.isInteger(threads) || threads < 0) {
    throw new RangeError(`createExecutor: threads must be a whole number >= 0, got ${threads}`);
  }
  const used = threads === 0 ? availableParallelism() : threads;
  switch (name) {
    case "onnxruntime":
      return { name, threads: used, open: () => openWorker({ threads: used }) };
    case "reference":
      return { name, threads: 1, open: () => Promise.resolve(openReference()) };
    default:
      throw new Error(
        `createExecutor: no executor "${String(name)}"; there are onnxruntime, reference`,
      );
  }
}
