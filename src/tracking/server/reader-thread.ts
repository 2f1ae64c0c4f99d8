/** @file Long reads beside the server: a thread with a connection of its own, so that writes go on. */
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Connection } from "../database.ts";
import { StoreError, type StoreErrorCode } from "../error.ts";
import { ApiError, type ErrorCode } from "./errors.ts";
import { type Read, READS, type Reads } from "./reads.ts";

export type ReadRequest = { readonly id: number; readonly kind: keyof Reads; readonly query: any };
export type ReadAnswer = { readonly id: number } & (
  | { readonly body: Uint8Array; readonly missing: readonly number[] }
  | { readonly failure: { readonly name: string; readonly code: string; readonly message: string } }
);

type Done = { readonly body: Uint8Array | string; readonly missing: readonly number[] };
type Waiting = {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
};

/** Runs from which on searches and histories are worth a thread: below, they take a few milliseconds. */
const LARGE = 2_000;

/** Does reads here while the store is small, in its thread once it is not. */
export class Readers {
  readonly #folder: string;
  readonly #connection: Connection;
  readonly #large: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #last = 0;
  #closed = false;

  constructor(folder: string, connection: Connection, large = LARGE) {
    this.#folder = folder;
    this.#connection = connection;
    this.#large = large;
  }

  async read<K extends keyof Reads>(kind: K, query: Parameters<Reads[K]>[1]): Promise<Done> {
    if (this.#closed || !this.#isLarge()) {
      const act = READS[kind] as (connection: Connection, query: unknown) => Read;
      const { body, missing = [] } = act(this.#connection, query);
      return { body, missing };
    }
    const id = ++this.#last;
    const worker = this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref(); // an answer is owed
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage({ id, kind, query } satisfies ReadRequest);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #isLarge(): boolean {
    const last = this.#connection
      .prepare<[], number | null>("SELECT max(serial) FROM runs")
      .pluck()
      .get();
    return (last ?? 0) > this.#large;
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const extension = extname(import.meta.filename); // .ts in a checkout, .js in the package
    const worker = new Worker(join(import.meta.dirname, `reader.worker${extension}`), {
      workerData: this.#folder,
    });
    worker.on("message", (answer: ReadAnswer) => this.#answer(answer));
    worker.once("error", (error) => this.#end(error));
    worker.once("exit", (code) => this.#end(new Error(`the reader thread ended with ${code}`)));
    this.#worker = worker;
    return worker;
  }

  #answer(answer: ReadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ("failure" in answer) waiting?.reject(errorOf(answer.failure));
    else waiting?.resolve(answer);
  }

  /** What waits fails; the next read starts another thread. */
  #end(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf({ name, code, message }: { name: string; code: string; message: string }): Error {
  if (name === "ApiError") return new ApiError(code as ErrorCode, message);
  if (name === "StoreError") return new StoreError(code as StoreErrorCode, message);
  return new Error(message);
}
