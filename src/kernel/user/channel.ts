/** @file Messages out of the user process: synchronous, so that a busy loop's prints are seen while it runs. */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type FromUser, FROM_USER_FD } from "./messages.ts";

/** So many prints in a window go out at once; a flood beyond that is gathered. */
const PROMPT_WRITES = 100;
const WINDOW_MS = 50;
const FLUSH_CHARS = 1 << 16;

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text`, waiting where the reader is slow: that wait is what bounds memory in a flood. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(nap, 0, 0, 1);
    }
  }
}

type StreamName = "stdout" | "stderr";

/** The pipe to the kernel. Order is the order of calls. */
export class Channel {
  #pending: { cell: number; name: StreamName; text: string } | undefined;
  #windowStart = 0;
  #writes = 0;
  #scheduled = false;

  send(message: FromUser): void {
    this.flush();
    writeFully(FROM_USER_FD, `${JSON.stringify(message)}\n`);
  }

  /** Prints for a cell; a flood is put together into few messages. */
  stream(cell: number, name: StreamName, text: string): void {
    const pending = this.#pending;
    if (pending !== undefined && pending.cell === cell && pending.name === name) {
      pending.text += text;
    } else {
      this.flush();
      this.#pending = { cell, name, text };
    }
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#writes = 0;
    }
    if (++this.#writes <= PROMPT_WRITES || this.#pending!.text.length >= FLUSH_CHARS) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    writeFully(FROM_USER_FD, `${JSON.stringify({ type: "stream", ...pending })}\n`);
  }
}
