/** @file Executors by name. */
import { availableParallelism } from "node:os";
import { auto } from "./auto.ts";
import { reference } from "./reference/device.ts";
import type { DeviceName, Executor, ExecutorName, TfjsBackendName } from "./types.ts";
import { EXECUTOR_NAMES, TFJS_BACKENDS } from "./types.ts";
import type { WorkerDeviceOptions } from "./worker-device.ts";
import { WorkerDevice } from "./worker-device.ts";

export type ExecutorOptions = {
  /** Threads of one operation (cpu, wasm); default all cores. */
  readonly threads?: number;
  /** Refuse a graph of which any node would run elsewhere than on the device. Default false. */
  readonly strict?: boolean;
  /** Run the steps of one `Trainer.steps` as one ONNX Loop; default on cuda alone. */
  readonly loops?: boolean;
  /** What of TensorFlow.js computes; default the first that starts. */
  readonly tfjsBackend?: TfjsBackendName;
  /** Told, under auto, why a device was passed over; default a line on stderr, once a process. */
  readonly report?: (line: string) => void;
};

/**
 * `cpu`, `cuda` and `webgpu` are ONNX Runtime's providers, `openvino` is OpenVINO on the CPU, `wasm` is
 * onnxruntime-web, `tfjs` is TensorFlow.js; all compute in f32, in a worker thread. `auto` takes the first
 * that starts. `reference` is plain TypeScript in f64, slow, to check the others by.
 */
export function createExecutor(name: ExecutorName, options: ExecutorOptions = {}): Executor {
  if (!EXECUTOR_NAMES.includes(name)) {
    throw new RangeError(`createExecutor: wants ${EXECUTOR_NAMES.join(", ")}; got ${name}`);
  }
  const { threads = availableParallelism(), strict = false, tfjsBackend = null } = options;
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(
      `createExecutor: threads must be a whole number from 1 up, got ${threads}`,
    );
  }
  if (tfjsBackend !== null && !TFJS_BACKENDS.includes(tfjsBackend)) {
    throw new RangeError(
      `createExecutor: tfjsBackend must be one of ${TFJS_BACKENDS.join(", ")}, got ${tfjsBackend}`,
    );
  }
  if (name === "openvino" && options.loops === true) {
    throw new RangeError("createExecutor: loops must be false on openvino, which compiles none");
  }
  if (name === "reference") return reference();
  const on = (device: DeviceName): Promise<WorkerDevice> => {
    const loops = options.loops ?? device === "cuda";
    const all: WorkerDeviceOptions = { device, threads, strict, loops, tfjsBackend };
    return WorkerDevice.open(all);
  };
  if (name === "auto") return { name, open: () => auto(on, options.report) };
  return { name, open: () => on(name === "onnxruntime" ? "cpu" : name) };
}
