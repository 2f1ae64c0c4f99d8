/** @file Breakpoints as front ends ask for them, by path and line, and as V8 has them. */
import { conditionOf, type Wishes } from "./condition.ts";
import type { Inspector } from "./inspector.ts";
import { CodeError } from "../transform/typescript.ts";
import { isCellPath, SourceError, type Sources, urlPatternOf } from "./sources.ts";

/** Functions of so many earlier runs of a cell still stop where it is told to. */
const KEPT_RUNS = 8;

/** What a front end asks for. */
export type Asked = Wishes & { readonly line: number };

export type Breakpoint = {
  readonly verified: boolean;
  readonly line: number;
  readonly source: { readonly path: string };
  /** Why it is not verified. */
  readonly message?: string;
};

export class Breakpoints {
  readonly #inspector: Inspector;
  readonly #sources: Sources;
  readonly #asked = new Map<string, readonly Asked[]>();
  /** V8's ids of what is set, by path. */
  readonly #ids = new Map<string, string[]>();
  /** Text of the files for which they were set. */
  readonly #texts = new Map<string, string>();
  /** Scripts of each cell's text that ran since the debugger is there. */
  readonly #urls = new Map<string, string[]>();

  constructor(inspector: Inspector, sources: Sources) {
    this.#inspector = inspector;
    this.#sources = sources;
  }

  get all(): { source: string; breakpoints: readonly Asked[] }[] {
    return [...this.#asked].map(([source, breakpoints]) => ({ source, breakpoints }));
  }

  clear(): void {
    for (const each of [this.#asked, this.#ids, this.#texts, this.#urls]) each.clear();
  }

  /** Forgets what a process had that is gone; what was asked for holds for the next. */
  async restore(): Promise<void> {
    for (const each of [this.#ids, this.#texts, this.#urls]) each.clear();
    for (const path of this.#asked.keys()) await this.#set(path);
  }

  /** Replaces the breakpoints of a path; each comes to stand on a line that has code. */
  async set(path: string, asked: readonly Asked[]): Promise<Breakpoint[]> {
    const source = { path };
    const found = asked.map(({ line, ...wishes }): Breakpoint => {
      try {
        conditionOf(wishes);
        if (!isCellPath(path)) this.#sources.refresh(path);
        const at = this.#sources.placeOf(path, line)?.line;
        if (at !== undefined) return { verified: true, line: at, source };
        return { verified: false, line, source, message: "no code at or after this line" };
      } catch (error) {
        return { verified: false, line, source, message: (error as Error).message };
      }
    });
    const good = new Map<number, Asked>();
    for (const [i, { verified, line }] of found.entries()) {
      if (verified) good.set(line, { ...asked[i], line });
    }
    if (good.size === 0) this.#asked.delete(path);
    else this.#asked.set(path, [...good.values()]);
    await this.#set(path);
    return found;
  }

  async #set(path: string): Promise<void> {
    for (const breakpointId of this.#ids.get(path) ?? []) {
      await this.#inspector.send("Debugger.removeBreakpoint", { breakpointId });
    }
    this.#ids.delete(path);
    if (isCellPath(path)) {
      for (const url of this.#urls.get(path) ?? []) await this.#setAt(path, url, { url });
    } else if (this.#asked.has(path)) {
      this.#texts.set(path, this.#sources.refresh(path));
      await this.#setAt(path, path, { urlRegex: urlPatternOf(path) });
    }
  }

  async #setAt(
    path: string,
    key: string,
    script: { url: string } | { urlRegex: string },
  ): Promise<void> {
    for (const { line, ...wishes } of this.#asked.get(path) ?? []) {
      const found = this.#sources.placeOf(key, line);
      if (found === undefined) continue;
      const condition = conditionOf(wishes);
      const set = await this.#inspector.send("Debugger.setBreakpointByUrl", {
        ...script,
        ...found.place,
        ...(condition === undefined ? {} : { condition }),
      });
      const ids = this.#ids.get(path) ?? [];
      this.#ids.set(path, [...ids, String(set["breakpointId"])]);
    }
  }

  /** Before a cell runs: its own, and those of files that were written since. */
  async prepare(path: string, url: string): Promise<void> {
    this.#urls.set(path, [...(this.#urls.get(path) ?? []).slice(-KEPT_RUNS), url]);
    await this.#setAt(path, url, { url });
    for (const [file, text] of this.#texts) {
      if (!this.#asked.has(file)) continue;
      try {
        if (this.#sources.refresh(file) !== text) await this.#set(file);
      } catch (error) {
        // A file that is gone or can't be parsed now: the cell that imports it says so.
        if (!(error instanceof SourceError) && !(error instanceof CodeError)) throw error;
      }
    }
  }
}
