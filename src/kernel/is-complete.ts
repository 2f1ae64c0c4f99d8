/** @file `is_complete_request`: may a console run what was typed, or does it go on? */
import { parseSync } from "oxc-parser";
import type { Handler } from "./context.ts";

export type Completeness =
  | { readonly status: "complete" | "invalid" | "unknown" }
  | { readonly status: "incomplete"; readonly indent: string };

const INDENT = "  ";

/** Incomplete is what more text could make right: the first error is at the very end, or something is left open. */
export function completenessOf(code: string): Completeness {
  const { errors } = parseSync("cell.ts", code, { lang: "ts", sourceType: "module" });
  const first = errors[0];
  if (first === undefined) return { status: "complete" };
  const end = code.trimEnd().length;
  const open =
    first.message.startsWith("Unterminated multiline comment") ||
    (first.message.startsWith("Unterminated") && opensTemplate(code));
  const atEnd = (first.labels[0]?.start ?? 0) >= end || /but found `EOF`/.test(first.message);
  // A decorator waits for its class.
  const decorator = /^@[\w.$]+(\(.*\))?$/s.test(code.trim());
  if (open || atEnd || decorator) return { status: "incomplete", indent: indentAfter(code) };
  return { status: "invalid" };
}

/** oxc calls an unfinished template a string, or its end a bad token: would closing it help? */
function opensTemplate(code: string): boolean {
  return ["`", "}`"].some((end) => {
    const { errors } = parseSync("cell.ts", code + end, { lang: "ts", sourceType: "module" });
    return errors.length === 0 || /but found `EOF`/.test(errors[0]!.message);
  });
}

/** Two spaces for each bracket that is still open. */
function indentAfter(code: string): string {
  let depth = 0;
  for (const character of code) {
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
  }
  return INDENT.repeat(Math.max(0, depth));
}

export const isComplete: Handler = {
  whileBusy: true,
  handle: (_context, { content }) => {
    const { code } = content;
    if (typeof code !== "string") return { status: "unknown" };
    return completenessOf(code);
  },
};
