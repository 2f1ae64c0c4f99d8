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
  trace?: TraceMap;
};

/** Every transformed script and module by its URL; maps are made when an error first needs them. */
export class SourceMaps {
  readonly #sources = new Map<string, Source>();

  add(url: string, name: string, text: string, map: Transformed["map"]): void {
    this.#sources.set(url, { name, text, map });
  }

  /** Where `line` (from 1) and `column` (from 1) of the script came from, if it is one of ours. */
  find(url: string, line: number, column: number): Place | undefined {
    const source = this.#sources.get(url);
    if (source === undefined) return undefined;
    source.trace ??= new TraceMap(source.map());
    const found = originalPositionFor(source.trace, { line, column: column - 1 });
    return {
      name: source.name,
      line: found.line ?? 1,
      column: (found.column ?? 0) + 1,
      source: source.text,
    };
  }
}
