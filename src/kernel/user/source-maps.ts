/** @file From places in running code back to what the researcher wrote. */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { Transformed } from "../transform/typescript.ts";

export type Place = {
  /** As shown: `Cell In[3]` or a path. */
  readonly name: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly source: string;
};

type Source = {
  readonly name: string;
  readonly text: string;
  readonly map: Transformed["map"];
};

/** Functions of older cells may still run and fail; so much of what was written is kept for their traces. */
const KEPT_CHARS = 1 << 23;
/** Frames of one error are mostly of few files. */
const KEPT_TRACES = 16;

/** Transformed scripts and modules by their URL; maps are made when an error first needs them. */
export class SourceMaps {
  readonly #sources = new Map<string, Source>();
  readonly #limit: number;
  readonly #traces = new Map<string, TraceMap>();
  #chars = 0;

  constructor(limit = KEPT_CHARS) {
    this.#limit = limit;
  }

  /** @param map makes the map anew from the text: what it holds on to is kept as long as the text is */
  add(url: string, name: string, text: string, map: Transformed["map"]): void {
    this.#remove(url);
    this.#sources.set(url, { name, text, map });
    this.#chars += text.length;
    for (const oldest of this.#sources.keys()) {
      if (this.#chars <= this.#limit || oldest === url) break;
      this.#remove(oldest);
    }
  }

  #remove(url: string): void {
    this.#chars -= this.#sources.get(url)?.text.length ?? 0;
    this.#sources.delete(url);
    this.#traces.delete(url);
  }

  /** Where `line` (from 1) and `column` (from 1) of the script came from, if it is one of ours. */
  find(url: string, line: number, column: number): Place | undefined {
    const source = this.#sources.get(url);
    if (source === undefined) return undefined;
    const found = originalPositionFor(this.trace(url)!, { line, column: column - 1 });
    return {
      name: source.name,
      line: found.line ?? 1,
      column: (found.column ?? 0) + 1,
      source: source.text,
    };
  }

  text(url: string): string | undefined {
    return this.#sources.get(url)?.text;
  }

  trace(url: string): TraceMap | undefined {
    const known = this.#traces.get(url);
    const source = this.#sources.get(url);
    if (known !== undefined || source === undefined) return known;
    const trace = new TraceMap(source.map());
    this.#traces.set(url, trace);
    if (this.#traces.size > KEPT_TRACES) this.#traces.delete(this.#traces.keys().next().value!);
    return trace;
  }
}
