/** @file What cells and the libraries they use find in the kernel: globals, and one object under a symbol. */
import type { Json } from "../protocol/wire.ts";
import type { Cells } from "./cells.ts";
import type { Channel } from "./channel.ts";
import { type Display, displayOf } from "./display.ts";
import type { Input } from "./input.ts";

/** `globalThis[Symbol.for("rzenlab.kernel")]` is a KernelHost in this kernel and nothing elsewhere. */
export const HOST_SYMBOL = Symbol.for("rzenlab.kernel");

export interface KernelHost {
  readonly version: string;
  /** Aborted when the calling cell is interrupted: hand it to whatever takes an AbortSignal. */
  readonly signal: AbortSignal;
  /** Number of the calling cell, as in `In[3]`. */
  readonly executionCount: number;
  /** The calling cell's id in its notebook; front ends without notebooks give none. */
  readonly cellId: string | undefined;
  readonly display: Display;
  /** Clears the cell's output; with `wait`, when the next output arrives. */
  clearOutput(options?: { readonly wait?: boolean }): void;
  readonly prompt: Input["prompt"];
  readonly confirm: Input["confirm"];
  readonly password: Input["password"];
  /** Sends a message to a protocol module of the kernel process (`context.user.onExtension(name, ...)` there). */
  send(name: string, message: Json): void;
  /** Hears messages of a protocol module (`context.user.send({ type: name, ... })` there). */
  onMessage(name: string, listener: (message: Json) => void): void;
}

export function installHost(
  channel: Channel,
  cells: Cells,
  input: Input,
  listeners: Map<string, (message: Json) => void>,
  version: string,
): KernelHost {
  const host: KernelHost = {
    version,
    get signal() {
      return cells.current.abort.signal;
    },
    get executionCount() {
      return cells.current.count;
    },
    get cellId() {
      return cells.current.cellId;
    },
    display: displayOf(channel, cells),
    clearOutput: ({ wait = false } = {}) =>
      channel.send({ type: "clear", cell: cells.current.id, wait }),
    ...input,
    send: (name, message) =>
      channel.send({ ...message, type: "extension", name, cell: cells.current.id }),
    onMessage: (name, listener) => void listeners.set(name, listener),
  };
  const define = (name: string | symbol, value: unknown): unknown =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  define(HOST_SYMBOL, host);
  define("jupyter", host);
  define("display", host.display);
  define("prompt", input.prompt);
  define("confirm", input.confirm);
  return host;
}
