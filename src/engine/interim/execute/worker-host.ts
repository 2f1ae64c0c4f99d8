/** @file The main thread's end of the onnxruntime worker. */
import { Worker } from "node:worker_threads";
import { writeOnnx } from "../onnx/model.ts";
import type { Feeds, Host, ProgramSource, Results } from "./executor.ts";
import type { Tensor } from "../tensor.ts";

/** A program as it crosses to the worker: the graph is an ONNX file there. */
export type SentProgram = Omit<ProgramSource, "graph"> & { readonly model: Uint8Array };

/** What the worker is asked; answers carry the same id. */
export type Request =
  | { readonly id: number; readonly kind: "prepare"; readonly program: SentProgram }
  | {
      readonly id: number;
      readonly kind: "run";
      readonly program: number;
      readonly feeds: readonly Feeds[];
    }
  | {
      readonly id: number;
      readonly kind: "setState" | "addState";
      readonly state: ReadonlyMap<string, Tensor>;
    }
  | { readonly id: number; readonly kind: "state" };

export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };
type Distribute<T> = T extends unknown ? Omit<T, "id"> : never;

/** Starts a worker thread that owns the sessions and the state. */
export async function openWorker({ threads }: { threads: number }): Promise<Host> {
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: { threads } });
  const pending = new Map<number, Pending>();
  let next = 0;
  let ended: Error | undefined;
  const fail = (error: Error) => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };
  worker.on("message", (response: Response) => {
    const waiting = pending.get(response.id)!;
    pending.delete(response.id);
    if (pending.size === 0) worker.unref();
    if ("error" in response) waiting.reject(new Error(response.error));
    else waiting.resolve(response.result as never);
  });
  worker.on("error", (error: Error) =>
    fail(new Error(`onnxruntime worker: ${error.message}`, { cause: error })),
  );
  worker.on("exit", (code) => fail(new Error(`onnxruntime worker: ended with code ${code}`)));
  // An idle worker must not keep the process alive.
  worker.unref();
  const ask = <T>(request: Distribute<Request>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      const id = next++;
      pending.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ ...request, id });
    });
  return {
    prepare({ graph, ...program }) {
      const outputs = [...program.outputs, ...program.updates.map(([, output]) => output)];
      const model = writeOnnx(graph, undefined, outputs);
      return ask<number>({ kind: "prepare", program: { ...program, model } });
    },
    run: (program, feeds) => ask<Results[]>({ kind: "run", program, feeds }),
    setState: (state) => ask<void>({ kind: "setState", state }),
    addState: (state) => ask<void>({ kind: "addState", state }),
    state: () => ask<Map<string, Tensor>>({ kind: "state" }),
    async close() {
      ended = new Error("onnxruntime worker: closed");
      await worker.terminate();
    },
  };
}
