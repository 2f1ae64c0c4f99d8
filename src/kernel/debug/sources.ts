/** @file Where a line of a cell or of a project file is in the JavaScript that runs, and the way back. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { eachMapping } from "@jridgewell/trace-mapping";
import type { Cell } from "../context.ts";
import { transformCell } from "../transform/cell.ts";
import { isLocal, LocalFiles } from "../user/modules/local-files.ts";
import { SourceMaps } from "../user/source-maps.ts";
import { murmur2 } from "./murmur2.ts";

export const HASH_SEED = 0xc70f6907;
export const TMP_PREFIX = join(tmpdir(), "rzenlab-debug-cells", "/");
export const TMP_SUFFIX = ".ts";

/** The path by which front ends know a cell's text. Nothing lies there. */
export const cellPath = (code: string): string =>
  `${TMP_PREFIX}${murmur2(code, HASH_SEED)}${TMP_SUFFIX}`;

export const isCellPath = (path: string): boolean => path.startsWith(TMP_PREFIX);

/** A path at which nothing can be debugged. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** V8's place, both from 0. */
export type ScriptPlace = { readonly lineNumber: number; readonly columnNumber: number };

/** Line and column from 1. */
export type WrittenPlace = {
  readonly path: string;
  readonly line: number;
  readonly column: number;
};

export class Sources {
  readonly #files = new LocalFiles();
  /** By the url of a script, or by path for what has not run yet. */
  readonly #maps = new SourceMaps();
  readonly #cwd: string;

  /** @param cwd folder of the notebook */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** A cell that runs. */
  addCell({ url, text }: Pick<Cell, "url" | "text">): void {
    this.#addCell(url, cellPath(text), text);
  }

  /** A cell that a front end shows; its path. */
  dump(text: string): string {
    const path = cellPath(text);
    this.#addCell(path, path, text);
    return path;
  }

  #addCell(key: string, path: string, text: string): void {
    const legacyDecorators = this.#files.configs.of(this.#cwd)?.legacyDecorators ?? false;
    this.#maps.add(key, path, text, () => transformCell(text, key, { legacyDecorators }).map());
  }

  /** A script that V8 has parsed: a project file's text is taken while it is the one that runs. */
  addScript(url: string): void {
    const path = pathOfUrl(url);
    if (path === undefined || !this.#isTransformed(path)) return;
    this.#files.refresh();
    if (new URL(url).searchParams.get("rzenlab") !== this.#files.version(path)) return;
    this.#addFile(url, path);
  }

  #addFile(key: string, path: string): string {
    const text = this.#files.text(path);
    this.#maps.add(key, path, text, () => this.#files.transform(path, text).map());
    return text;
  }

  #isTransformed(path: string): boolean {
    return /\.([cm]?ts|tsx|mjs|jsx?)$/.test(path) && isLocal(path);
  }

  /** A project file as it is now; its text. */
  refresh(path: string): string {
    if (!this.#isTransformed(path)) {
      throw new SourceError(`debugger: ${path}: neither a cell nor a source file of the project`);
    }
    if (!existsSync(path)) throw new SourceError(`debugger: ${path}: no such file`);
    this.#files.refresh();
    return this.#addFile(path, path);
  }

  /** The text of a cell that was dumped or run, or of a file. */
  textOf(path: string): string {
    return this.#maps.text(path) ?? this.refresh(path);
  }

  /**
   * V8's place for a line (from 1) of what `key` names, a script's url or a path: the first code at or after it.
   * With it the line that this code is on.
   */
  placeOf(key: string, line: number): { place: ScriptPlace; line: number } | undefined {
    const trace = this.#maps.trace(key);
    if (trace === undefined) return undefined;
    let best: { line: number; column: number; place: ScriptPlace } | undefined;
    eachMapping(trace, ({ originalLine, originalColumn, generatedLine, generatedColumn }) => {
      if (originalLine === null || originalLine < line) return;
      if (best !== undefined && originalLine > best.line) return;
      if (best?.line === originalLine && originalColumn >= best.column) return;
      const place = { lineNumber: generatedLine - 1, columnNumber: generatedColumn };
      best = { line: originalLine, column: originalColumn, place };
    });
    return best;
  }

  /** Where V8's place was written, if it is in a cell or in a project file. */
  writtenAt(url: string, { lineNumber, columnNumber }: ScriptPlace): WrittenPlace | undefined {
    const found = this.#maps.find(url, lineNumber + 1, columnNumber + 1);
    return found && { path: found.name, line: found.line, column: found.column };
  }
}

/** Modules are loaded as `file:///...?rzenlab=...`; breakpoints mean every version. */
export function urlPatternOf(path: string): string {
  return `^${RegExp.escape(pathToFileURL(path).href)}(\\?.*)?$`;
}

function pathOfUrl(url: string): string | undefined {
  return url.startsWith("file:") && url.includes("?rzenlab=")
    ? fileURLToPath(url.replace(/[?#].*$/, ""))
    : undefined;
}
