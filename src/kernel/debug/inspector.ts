/** @file V8's inspector in the process that runs the cells, as the kernel process sees it. */
import { EventEmitter } from "node:events";
import type { Json } from "../protocol/wire.ts";
import type { UserProcess } from "../user-process.ts";

/** Emits V8's notifications by their method. */
export class Inspector extends EventEmitter<Record<string, [Json]>> {
  readonly #user: UserProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<Json>>();
  #nextId = 1;

  constructor(user: UserProcess) {
    super();
    this.#user = user;
    user.on("inspector", (message) => {
      if ("method" in message) return void this.emit(message.method, message.params as Json);
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if ("error" in message) pending?.reject(new Error(`debugger: ${reasonOf(message.error)}`));
      else pending?.resolve(message.result as Json);
    });
    user.on("died", () => this.#giveUp("debugger: the process that runs the cells is gone"));
  }

  send(method: string, params: Json = {}): Promise<Json> {
    const id = this.#nextId++;
    const pending = Promise.withResolvers<Json>();
    this.#pending.set(id, pending);
    this.#user.inspect(id, method, params);
    return pending.promise;
  }

  detach(): void {
    this.#user.detach();
    this.#giveUp("debugger: disconnected");
  }

  #giveUp(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(reason));
    this.#pending.clear();
  }
}

/** Node puts V8's number of the error before it. */
const reasonOf = (error: string): string => error.replace(/^Inspector error -?\d+: /, "");
