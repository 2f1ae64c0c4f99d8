/** @file The ONNX Runtime executor's near side: sends work to a thread of its own. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { folded } from "../onnx/fold.ts";
import { peakBytes } from "../onnx/memory.ts";
import { writePlan } from "../onnx/write.ts";
import type { State } from "../tensor.ts";
import type { Answer, AnswerMessage, Request, RequestMessage, WorkerOptions } from "./messages.ts";
import type { Compilation, Device, Executor, RunResult, Tensors } from "./types.ts";

export type OnnxRuntimeOptions = {
  /** Threads of one operation; default all cores. */
  readonly threads?: number;
};

export function onnxRuntime({
  threads = availableParallelism(),
}: OnnxRuntimeOptions = {}): Executor {
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(
      `createExecutor: threads must be a whole number from 1 up, got ${threads}`,
    );
  }
  return { name: "onnxruntime", open: () => Promise.resolve(new WorkerDevice({ threads })) };
}

type Pending = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

class WorkerDevice implements Device {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #number = 0;
  /** Why the worker is gone. */
  #ended: Error | null = null;

  constructor(options: WorkerOptions) {
    const file = import.meta.filename.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: options,
      execArgv: [],
    });
    this.#worker.on("message", (message: AnswerMessage) => this.#settle(message));
    this.#worker.on("error", (error) =>
      this.#end(new Error(`engine worker failed: ${error.message}`, { cause: error })),
    );
    this.#worker.on("exit", (code) =>
      this.#end(new Error(`engine worker has ended (code ${code})`)),
    );
    this.#worker.unref(); // an idle device keeps no process alive
  }

  async load(state: State): Promise<void> {
    await this.#ask({ kind: "load", state });
  }

  async state(names?: readonly string[]): Promise<State> {
    return (await this.#ask({ kind: "state", names: names ?? null })) as State;
  }

  async compile(id: string, { plan, updates, guards }: Compilation): Promise<void> {
    const compiled = {
      model: writePlan(folded(plan)),
      peakBytes: peakBytes(plan),
      states: plan.states.map((v) => v.name),
      outputs: [...plan.outputs.keys()],
      updates,
      guards,
    };
    await this.#ask({ kind: "compile", id, compiled });
  }

  async run(id: string, feeds: readonly Tensors[]): Promise<RunResult[]> {
    return (await this.#ask({ kind: "run", id, feeds })) as RunResult[];
  }

  async release(id: string): Promise<void> {
    await this.#ask({ kind: "release", id });
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return;
    await this.#ask({ kind: "close" });
    this.#end(new Error("the executor is closed"));
    await this.#worker.terminate();
  }

  #ask(request: Request): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const number = this.#number++;
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
      this.#worker.postMessage({ number, request } satisfies RequestMessage);
    });
  }

  #settle({ number, answer, error }: AnswerMessage): void {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#worker.unref();
    if (error === undefined) pending?.resolve(answer ?? null);
    else pending?.reject(Object.assign(new Error(error.message), { stack: error.stack }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
