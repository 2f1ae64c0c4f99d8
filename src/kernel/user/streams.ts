/** @file Standard output and `console` of cells. What children and native code print takes the real pipes. */
import { Buffer } from "node:buffer";
import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Cells } from "./cells.ts";
import type { Channel } from "./channel.ts";

const WIDTH = 100;

class CellStream extends Writable {
  readonly fd: number;
  readonly isTTY = false;
  readonly columns = WIDTH;
  readonly #decoder = new StringDecoder("utf8");
  readonly #print: (text: string) => void;

  constructor(fd: number, print: (text: string) => void) {
    super({ decodeStrings: false });
    this.fd = fd;
    this.#print = print;
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    const callback = rest.findLast((argument) => typeof argument === "function");
    const encoding = typeof rest[0] === "string" ? (rest[0] as BufferEncoding) : "utf8";
    if (typeof chunk === "string" && (encoding === "utf8" || encoding === "utf-8")) {
      this.#print(chunk);
    } else if (typeof chunk === "string") {
      this.#print(Buffer.from(chunk, encoding).toString("utf8"));
    } else if (chunk instanceof Uint8Array) {
      this.#print(this.#decoder.write(chunk));
    } else {
      throw new TypeError(
        `write: the chunk must be a string or a Uint8Array, got ${chunk === null ? "null" : typeof chunk}`,
      );
    }
    if (callback !== undefined) queueMicrotask(() => (callback as () => void)());
    return true;
  }
}

/** Puts cell streams and a console that writes to them where the cells look for them. */
export function replaceStreams(channel: Channel, cells: Cells): void {
  for (const [fd, name] of [
    [1, "stdout"],
    [2, "stderr"],
  ] as const) {
    const stream = new CellStream(fd, (text) => {
      if (text !== "") channel.stream(cells.current.id, name, text);
    });
    Object.defineProperty(process, name, { value: stream, configurable: true, writable: true });
  }
  const console = new Console({
    stdout: process.stdout,
    stderr: process.stderr,
    colorMode: false,
    inspectOptions: { breakLength: WIDTH },
  });
  Object.defineProperty(globalThis, "console", {
    value: console,
    configurable: true,
    writable: true,
  });
}
