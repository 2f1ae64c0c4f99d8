/** @file Errors about values name the line that asked for the operation: a graph runs far from there. */
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ENGINE = `${dirname(import.meta.dirname)}${sep}`;
/** Enough to get out of the engine from its deepest operation. */
const FRAMES = 40;

/** The error, its message ended by the first place on the stack outside the engine. */
export function located<E extends Error>(error: E): E {
  const place = userPlace();
  if (place !== null) error.message += ` (at ${place})`;
  return error;
}

/** `train.ts:12:5`, or what a notebook's kernel calls a cell and its line. */
function userPlace(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n")) {
    const [, file, position] = /^ +at (?:.*\()?(.*?)(:\d+:\d+)\)?$/.exec(line) ?? [];
    if (file === undefined || file.startsWith("node:")) continue;
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    // A kernel may name files from the notebook's folder.
    if (!resolve(path).startsWith(ENGINE)) return `${shortened(path)}${position}`;
  }
  return null;
}

/** Relative to the working folder, if it is within that. */
function shortened(path: string): string {
  const short = relative(process.cwd(), path);
  return isAbsolute(path) && !short.startsWith("..") ? short : path;
}
