/** @file Decoding in worker threads: most of it is JavaScript, and would use one core. */
import { Worker } from "node:worker_threads";
import { DataError, type DataErrorDetail } from "./error.ts";
import { decodeMedia, type Decoded, type DecodeJob } from "./pixel-decode.ts";

export type JobMessage = { readonly number: number; readonly job: DecodeJob };

export type ResultMessage = {
  readonly number: number;
  readonly decoded?: Decoded;
  readonly failure?: { readonly message: string; readonly detail?: DataErrorDetail };
};

type Pending = {
  readonly resolve: (decoded: Decoded) => void;
  readonly reject: (error: Error) => void;
};

/** Runs `decodeMedia` in threads, or in this one when `threads` is 0. */
export class DecodePool {
  readonly #workers: readonly Worker[];
  readonly #pending = new Map<number, Pending>();
  #number = 0;

  constructor(threads: number) {
    const file = import.meta.filename.endsWith(".ts") ? "./pixel-worker.ts" : "./pixel-worker.js";
    this.#workers = Array.from(
      { length: threads },
      () => new Worker(new URL(file, import.meta.url), { execArgv: [] }),
    );
    for (const worker of this.#workers) {
      worker.on("message", (message: ResultMessage) => this.#settle(message));
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", (code) => this.#fail(new Error(`decoding thread ended with code ${code}`)));
    }
  }

  decode(job: DecodeJob): Promise<Decoded> {
    if (this.#workers.length === 0) return decodeMedia(job);
    const number = this.#number++;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      const message: JobMessage = { number, job };
      this.#workers[number % this.#workers.length]!.postMessage(message, []);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #settle({ number, decoded, failure }: ResultMessage): void {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (decoded) pending?.resolve(decoded);
    else if (failure?.detail) pending?.reject(new DataError(failure.detail));
    else pending?.reject(new Error(failure?.message ?? "no result"));
  }

  /** A thread is gone: whatever waits would wait for ever. */
  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
