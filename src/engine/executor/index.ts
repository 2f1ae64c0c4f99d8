/** @file Executors by name. */
import { onnxRuntime } from "./onnxruntime.ts";
import { reference } from "./reference/device.ts";
import type { Executor, ExecutorName } from "./types.ts";

export type ExecutorOptions = {
  /** Threads of one operation (onnxruntime); default all cores. */
  readonly threads?: number;
};

/**
 * `onnxruntime` computes in f32 on the CPU, in a worker thread; `reference` is plain TypeScript in
 * f64, slow, to check the other one by.
 */
export function createExecutor(name: ExecutorName, options: ExecutorOptions = {}): Executor {
  switch (name) {
    case "onnxruntime":
      return onnxRuntime(options);
    case "reference":
      return reference();
    default:
      throw new RangeError(`createExecutor: wants onnxruntime or reference, got ${String(name)}`);
  }
}
