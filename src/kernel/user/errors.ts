/** @file Thrown values as Jupyter errors: the line that failed, the frames, causes, aggregated errors. */
import { relative } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { CodeError } from "../transform/typescript.ts";
import type { ErrorContent } from "./messages.ts";
import type { Place } from "./source-maps.ts";
import { framesOf } from "./stack.ts";

const CONTEXT_LINES = 2;
const MAX_DEPTH = 5;
const MAX_TEXT = 20_000;

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;
const cyan = (text: string): string => `\u001b[36m${text}\u001b[39m`;

/** Any thrown value as the content of an `error` message. */
export function errorContent(thrown: unknown): ErrorContent {
  const { name, message } = nameAndMessage(thrown);
  return {
    ename: name,
    evalue: message,
    traceback: tracebackOf(thrown).flatMap((l) => l.split("\n")),
  };
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function nameAndMessage(thrown: unknown): { name: string; message: string } {
  try {
    if (isError(thrown)) {
      // Any program may have put anything there.
      const { name, message } = thrown as { name: unknown; message: unknown };
      return {
        name: typeof name === "string" && name !== "" ? name : "Error",
        message: clip(typeof message === "string" ? message : inspect(message)),
      };
    }
    return {
      name: `Uncaught ${thrown === null ? "null" : typeof thrown}`,
      message: clip(typeof thrown === "string" ? thrown : inspect(thrown, { depth: 2 })),
    };
  } catch (error) {
    return { name: "Error", message: `a thrown value that can't be shown: ${String(error)}` };
  }
}

const clip = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;

function tracebackOf(thrown: unknown, depth = 0): string[] {
  const { name, message } = nameAndMessage(thrown);
  const lines = [`${bold(red(name))}: ${message}`];
  if (!isError(thrown)) return lines;
  if (thrown instanceof CodeError) {
    return [
      ...lines,
      ...excerpt({
        name: thrown.file.startsWith("rzenlab-cell")
          ? "Cell"
          : relative(process.cwd(), thrown.file),
        ...thrown.position,
        column: thrown.position.column + 1,
        source: thrown.source,
      }),
    ];
  }
  const frames = framesOf(thrown);
  const shown = frames.find(({ place }) => place !== undefined)?.place;
  if (shown !== undefined) lines.push(...excerpt(shown));
  for (const { text, place } of frames) {
    const line = `    at ${text}`;
    lines.push(place ? cyan(line) : dim(line));
  }
  lines.push(...propertiesOf(thrown));
  if (depth >= MAX_DEPTH) return lines;
  if (thrown instanceof AggregateError) {
    for (const [i, each] of thrown.errors.entries()) {
      lines.push("", dim(`error ${i + 1} of ${thrown.errors.length}:`));
      lines.push(...tracebackOf(each, depth + 1));
    }
  }
  if (thrown.cause !== undefined) {
    lines.push("", dim("caused by:"), ...tracebackOf(thrown.cause, depth + 1));
  }
  return lines;
}

/** The failing line with its neighbours, an arrow and a caret. */
function excerpt({ name, line, column, source }: Place): string[] {
  const all = source.split("\n");
  const first = Math.max(1, line - CONTEXT_LINES);
  const last = Math.min(all.length, line + CONTEXT_LINES);
  const width = String(last).length;
  const lines = [dim(`${name}, line ${line}`)];
  for (let number = first; number <= last; number++) {
    const text = all[number - 1]!.slice(0, 500);
    const label = String(number).padStart(width);
    if (number !== line) lines.push(dim(`  ${label} | ${text}`));
    else
      lines.push(
        `${red(">")} ${label} | ${text}`,
        `  ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1))}${red("^")}`,
      );
  }
  return lines;
}

/** Own fields such as `code` and `status`, which often say most. */
function propertiesOf(error: Error): string[] {
  const hidden = new Set(["name", "message", "stack", "cause", "errors"]);
  const entries = Object.entries(error).filter(([key]) => !hidden.has(key));
  if (entries.length === 0) return [];
  const text = inspect(Object.fromEntries(entries), {
    depth: 1,
    breakLength: 100,
    maxStringLength: 500,
  });
  return [dim(clip(text))];
}
