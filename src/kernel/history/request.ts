/** @file `history_request`, read and checked. */
import type { Json } from "../protocol/wire.ts";

export type HistoryRequest = {
  /** With the text of each result. */
  readonly output: boolean;
} & (
  | {
      readonly type: "range";
      /** 0 is the current session, -1 the one before it. */
      readonly session: number;
      readonly start: number;
      /** Excluded; absent for "to the end". */
      readonly stop: number | undefined;
    }
  | { readonly type: "tail"; readonly n: number }
  | {
      readonly type: "search";
      /** `*`, `?` and `[...]` as in a shell; must match the whole cell. */
      readonly pattern: string;
      readonly n: number | undefined;
      /** Each text once, where it was last run. */
      readonly unique: boolean;
    }
);

/** Reads a request's content. Throws a TypeError that names the field. */
export function historyRequest(content: Json): HistoryRequest {
  const { hist_access_type: type } = content;
  const output = flag(content, "output");
  switch (type) {
    case "range":
      return {
        type,
        output,
        session: integer(content, "session") ?? 0,
        start: integer(content, "start") ?? 1,
        stop: integer(content, "stop"),
      };
    case "tail":
      return { type, output, n: count(content, "n") ?? 10 };
    case "search": {
      const pattern = content["pattern"] ?? "*";
      if (typeof pattern !== "string") throw wrong("pattern", "a string", pattern);
      return { type, output, pattern, n: count(content, "n"), unique: flag(content, "unique") };
    }
    default:
      throw wrong("hist_access_type", `"range", "tail" or "search"`, type);
  }
}

function flag(content: Json, name: string): boolean {
  const value = content[name] ?? false;
  if (typeof value !== "boolean") throw wrong(name, "a boolean", value);
  return value;
}

function integer(content: Json, name: string): number | undefined {
  const value = content[name] ?? undefined;
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value)) throw wrong(name, "an integer", value);
  return value as number;
}

function count(content: Json, name: string): number | undefined {
  const value = integer(content, name);
  if (value !== undefined && value < 0) throw wrong(name, "0 or more", value);
  return value;
}

function wrong(name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`history_request: ${name} must be ${expected}, got ${JSON.stringify(got)}`);
}
