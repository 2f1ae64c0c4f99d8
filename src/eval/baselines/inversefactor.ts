/** @file The inverse of a system's Cholesky factor, in a thread of its own where the system is large. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { choleskyInPlace, inverseFactorTransposed } from "./cholesky.ts";
import type { Square } from "./cholesky.ts";

/** Below this size a thread takes longer to start than the work takes. */
const SMALL = 256;

/**
 * T [size, size] with b A^-1 = (b T) T^T for rows b, in f32 although it is made in f64. `system` is used up.
 *
 * @throws if the system is not positive definite, naming the pivot
 */
export async function inverseFactor(system: Square): Promise<Float32Array<ArrayBuffer>> {
  if (system.size < SMALL) return inverseFactorHere(system);
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./cholesky-worker.${extension}`, import.meta.url), {
    execArgv: [],
    workerData: system,
    transferList: [system.data.buffer as ArrayBuffer],
  });
  const [inverse] = (await once(worker, "message")) as [Float32Array<ArrayBuffer>];
  return inverse;
}

export function inverseFactorHere(system: Square): Float32Array<ArrayBuffer> {
  choleskyInPlace(system);
  return Float32Array.from(inverseFactorTransposed(system));
}
