/** @file `prompt` and `confirm`: they block, as in a browser, and an interrupt ends them. */
import { Buffer } from "node:buffer";
import type { Cells } from "./cells.ts";
import type { Channel } from "./channel.ts";
import type { Interrupts } from "./interrupt.ts";
import { INPUT_LIMIT, SHARED, SHARED_WORDS } from "./messages.ts";

export type Input = {
  /** Asks for a line of text. Shows `initial` as what an empty answer means. */
  readonly prompt: (question?: string, initial?: string) => string;
  /** Asks for yes or no. */
  readonly confirm: (question?: string) => boolean;
  /** Asks for a line of text that is not shown. */
  readonly password: (question?: string) => string;
};

export function inputOf(
  channel: Channel,
  cells: Cells,
  interrupts: Interrupts,
  memory: SharedArrayBuffer,
): Input {
  const words = new Int32Array(memory, 0, SHARED_WORDS);
  const bytes = new Uint8Array(memory, SHARED_WORDS * 4, INPUT_LIMIT);
  const ask = (prompt: string, password: boolean): string => {
    Atomics.store(words, SHARED.inputBytes, -1);
    channel.send({ type: "input", cell: cells.current.id, prompt, password });
    while (Atomics.load(words, SHARED.inputBytes) === -1) {
      const interrupt = interrupts.take();
      if (interrupt !== undefined) throw interrupt;
      Atomics.wait(words, SHARED.inputBytes, -1, 100);
    }
    if (Atomics.load(words, SHARED.inputBytes) === -2) {
      throw new Error("prompt: this front end can't ask for input (allow_stdin is false)");
    }
    return Buffer.from(bytes.slice(0, Atomics.load(words, SHARED.inputBytes))).toString("utf8");
  };
  return {
    prompt: (question = "", initial) => {
      const shown = initial === undefined ? question : `${question} [${initial}]`;
      const answer = ask(`${shown} `, false);
      return answer === "" && initial !== undefined ? initial : answer;
    },
    confirm: (question = "") => /^y(es)?$/i.test(ask(`${question} [y/N] `, false).trim()),
    password: (question = "Password:") => ask(`${question} `, true),
  };
}
