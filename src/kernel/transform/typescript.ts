/** @file TypeScript to JavaScript for cells and project files, one file at a time (oxc). */
import type { DecodedSourceMap } from "@jridgewell/trace-mapping";
import { decodedMap, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { parseSync, type ParseResult } from "oxc-parser";
import { transformSync } from "oxc-transform";
import { lowerDecorators } from "./decorators.ts";
import { type Position, positionOf } from "./source-position.ts";
import { walk } from "./walk.ts";

/** Code that can't be run, with the place that is wrong. Reported as JavaScript's own SyntaxError. */
export class CodeError extends SyntaxError {
  override readonly name = "SyntaxError";
  readonly position: Position;
  readonly source: string;
  readonly file: string;

  constructor(message: string, file: string, source: string, position: Position) {
    super(message);
    this.file = file;
    this.source = source;
    this.position = position;
  }
}

export type Transformed = {
  readonly code: string;
  /** From `code` back to the TypeScript. Made when asked for: only errors and the debugger need it. */
  readonly map: () => DecodedSourceMap;
};

export type StripOptions = {
  /** Cells keep unused imports (a later cell may need them); files drop them, as TypeScript does. */
  readonly keepImports: boolean;
  /** `experimentalDecorators` of the project. */
  readonly legacyDecorators?: boolean;
};

type Lang = "ts" | "tsx" | "js" | "jsx";

/** Language of a file name; `.js` and friends may hold anything but types. */
export function langOf(file: string): Lang {
  if (/\.[cm]?ts$/.test(file)) return "ts";
  if (file.endsWith(".tsx")) return "tsx";
  return file.endsWith(".jsx") ? "jsx" : "js";
}

/** Both oxc packages declare their own enum of the same words. */
export const isFatal = ({ severity }: { readonly severity: string }): boolean =>
  severity === "Error";

/** First error of `text`, as a CodeError, or nothing. Positions are UTF-16, which oxc-transform's are not. */
export function syntaxErrorOf(file: string, text: string): CodeError | undefined {
  const { errors } = parseSync(file, text, { lang: langOf(file), sourceType: "module" });
  const first = errors.find(isFatal);
  if (first === undefined) return undefined;
  return new CodeError(first.message, file, text, positionOf(text, first.labels[0]?.start ?? 0));
}

/** Removes types and lowers what V8 does not know: enums, namespaces, parameter properties, `accessor`. */
export function stripTypes(file: string, text: string, options: StripOptions): Transformed {
  const result = transformSync(file, text, {
    lang: langOf(file),
    sourceType: "module",
    sourcemap: true,
    typescript: { onlyRemoveTypeImports: options.keepImports },
    helpers: { mode: "External" as never },
    ...(options.legacyDecorators ? { decorator: { legacy: true } } : {}),
  });
  const error = result.errors.find(isFatal);
  if (error !== undefined) {
    throw (
      syntaxErrorOf(file, text) ?? new CodeError(error.message, file, text, { line: 1, column: 0 })
    );
  }
  const map = { ...result.map!, version: 3 };
  const stripped = { code: result.code, map: () => mapOf(map, file, text) };
  if (!/@\w/.test(result.code) || !hasDecorators(file, result.code)) return stripped;
  const lowered = lowerDecorators(file, result.code);
  return {
    code: lowered.code,
    map: () => composeMaps(mapOf(JSON.parse(lowered.map), file, result.code), stripped, file, text),
  };
}

/** Parses JavaScript that `stripTypes` printed. */
export function parseScript(file: string, code: string): ParseResult {
  return parseSync(`${file}.js`, code, {
    lang: "jsx",
    sourceType: "module",
    showSemanticErrors: true,
  });
}

function mapOf(map: unknown, file: string, text: string): DecodedSourceMap {
  const { mappings } = decodedMap(new TraceMap(map as never));
  return {
    version: 3,
    names: [],
    sources: [file],
    sourcesContent: [text],
    mappings: mappings as never,
  };
}

function hasDecorators(file: string, code: string): boolean {
  let found = false;
  walk(parseScript(file, code).program, (node) => {
    found ||= node.type === "Decorator";
    return !found;
  });
  return found;
}

/** The map of edits to `inner.code`, carried through to the TypeScript. */
export function composeMaps(
  outer: Pick<DecodedSourceMap, "mappings">,
  inner: Transformed,
  file: string,
  text: string,
): DecodedSourceMap {
  const trace = new TraceMap(inner.map());
  const mappings = outer.mappings.map((line) =>
    line.flatMap((segment): [number, number, number, number][] => {
      if (segment.length === 1) return [];
      const found = originalPositionFor(trace, { line: segment[2] + 1, column: segment[3] });
      return found.line === null ? [] : [[segment[0], 0, found.line - 1, found.column]];
    }),
  );
  return { version: 3, names: [], sources: [file], sourcesContent: [text], mappings };
}
