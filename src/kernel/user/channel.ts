/** @file Messages out of the user process: synchronous, so that a busy loop's prints are seen while it runs. */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { GatheredPrints } from "../gathered-prints.ts";
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
  readonly #prints = new GatheredPrints<number, StreamName>(FLUSH_CHARS, (cell, name, text) =>
    writeFully(FROM_USER_FD, `${JSON.stringify({ type: "stream", cell, name, text })}\n`),
  );
  #windowStart = 0;
  #writes = 0;

  send(message: FromUser): void {
    this.flush();
    writeFully(FROM_USER_FD, `${JSON.stringify(message)}\n`);
  }

  /** Prints for a cell; a flood is put together into few messages. */
  stream(cell: number, name: StreamName, text: string): void {
    this.#prints.add(cell, name, text);
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#writes = 0;
    }
    if (++this.#writes <= PROMPT_WRITES) this.flush();
  }

  flush(): void {
    this.#prints.flush();
  }
}
