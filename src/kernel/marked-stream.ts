/** @file A byte stream as text, with the marks that say how far a cell's output went taken out. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { streamMark } from "./user/messages.ts";

const MARK = new RegExp(streamMark(0).replace("0\u0000", "(\\d+)\u0000"));
/** A mark that has not come in whole yet. */
const PARTIAL = new RegExp(`${streamMark(0)[0]}[a-z-]*\\d*$`);

export class MarkedStream {
  readonly #decoder = new StringDecoder("utf8");
  readonly #print: (text: string) => void;
  #held = "";
  #reached = 0;
  #waiting: { cell: number; resolve: () => void }[] = [];

  constructor(input: Readable, print: (text: string) => void) {
    this.#print = print;
    input.on("data", (chunk: Buffer) => this.#take(this.#decoder.write(chunk)));
    input.on("end", () => {
      this.#take(this.#decoder.end());
      if (this.#held !== "") this.#print(this.#held);
      this.#pass(Infinity);
    });
  }

  /** Resolves when everything up to the end of `cell` has been printed. */
  reached(cell: number): Promise<void> {
    if (this.#reached >= cell) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ cell, resolve }));
  }

  #take(text: string): void {
    let rest = this.#held + text;
    for (let mark = MARK.exec(rest); mark !== null; mark = MARK.exec(rest)) {
      if (mark.index > 0) this.#print(rest.slice(0, mark.index));
      rest = rest.slice(mark.index + mark[0].length);
      this.#pass(Number(mark[1]));
    }
    const partial = PARTIAL.exec(rest);
    this.#held = partial ? rest.slice(partial.index) : "";
    const ready = partial ? rest.slice(0, partial.index) : rest;
    if (ready !== "") this.#print(ready);
  }

  #pass(cell: number): void {
    this.#reached = Math.max(this.#reached, cell);
    this.#waiting = this.#waiting.filter((each) => {
      if (each.cell > this.#reached) return true;
      each.resolve();
      return false;
    });
  }
}
