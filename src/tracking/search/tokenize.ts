/** @file The words of a filter. Every token knows its column, so that every error can point at it. */
import { StoreError } from "../error.ts";

export type Token = {
  readonly kind: "name" | "text" | "number" | "operator" | "mark" | "end";
  /** A name as written, a text without its quotes. */
  readonly text: string;
  /** The quoted key of a name such as metrics."my loss". */
  readonly key?: string;
  /** Column of the first character, from 1. */
  readonly column: number;
};

const NAME = /[A-Za-z_][\w.\-/:]*/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const OPERATOR = /==|!=|<>|<=|>=|=|<|>/y;
const QUOTES = new Set(["'", '"', "`"]);

/** Reads `text` whole; the last token is always `end`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    const column = at + 1;
    if (at >= text.length) return [...tokens, { kind: "end", text: "the end", column }];
    if (QUOTES.has(text[at]!)) {
      const quoted = quotedAt(text, at);
      at = quoted.end;
      // Backticks quote names, the others values; a parser may take a quoted text as a name too.
      tokens.push(
        text[column - 1] === "`"
          ? { kind: "name", text: "", key: quoted.value, column }
          : { kind: "text", text: quoted.value, column },
      );
      continue;
    }
    if ("(),".includes(text[at]!)) {
      tokens.push({ kind: "mark", text: text[at++]!, column });
      continue;
    }
    const operator = take(OPERATOR);
    if (operator !== undefined) {
      tokens.push({ kind: "operator", text: operator, column });
      continue;
    }
    const number = take(NUMBER);
    if (number !== undefined) {
      tokens.push({ kind: "number", text: number, column });
      continue;
    }
    const name = take(NAME);
    if (name === undefined) throw searchError(column, `unexpected ${JSON.stringify(text[at])}`);
    if (name.endsWith(".") && QUOTES.has(text[at] ?? "")) {
      const quoted = quotedAt(text, at);
      at = quoted.end;
      tokens.push({ kind: "name", text: name.slice(0, -1), key: quoted.value, column });
    } else tokens.push({ kind: "name", text: name, column });
  }
}

/** A doubled quote inside stands for one. */
function quotedAt(text: string, start: number): { value: string; end: number } {
  const quote = text[start]!;
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== quote) value += text[at];
    else if (text[at + 1] === quote) value += text[at++];
    else return { value, end: at + 1 };
  }
  throw searchError(start + 1, `the quote ${quote} is never closed`);
}

/** The error of everything that is wrong with a filter or an order. */
export function searchError(column: number, what: string): StoreError {
  return new StoreError("INVALID", `search, column ${column}: ${what}`);
}
