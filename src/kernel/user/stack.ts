/** @file `error.stack` in terms of cells and source files, for whoever reads it. */
import { fileURLToPath } from "node:url";
import type { Place, SourceMaps } from "./source-maps.ts";

export type Frame = {
  readonly text: string;
  readonly place?: Place;
  readonly inNode: boolean;
};

const FRAMES = new WeakMap<object, readonly Frame[]>();

/** Frames of the kernel itself and of Node's insides say nothing about the cell. */
const OWN = new URL("./", import.meta.url).href;
const HIDDEN = /^node:internal\/|^node:inspector|^node:diagnostics_channel|^evalmachine/;

/** Frames of an error whose stack has been read. */
export function framesOf(error: object): readonly Frame[] {
  // Reading the stack is what makes V8 call prepareStackTrace.
  void (error as { stack?: unknown }).stack;
  return FRAMES.get(error) ?? [];
}

/** Makes V8 describe places through `maps`. */
export function installStackTraces(maps: SourceMaps): void {
  Error.stackTraceLimit = 50;
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.flatMap((site) => {
      const url = site.getScriptNameOrSourceURL() ?? "";
      if (url === "" || url.startsWith(OWN) || HIDDEN.test(url)) return [];
      return [frameOf(site, url, maps)];
    });
    // Below the cell are only the timers and pipes that called it.
    while (frames.at(-1)?.inNode) frames.pop();
    FRAMES.set(error, frames);
    const head = headOf(error);
    return frames.length === 0
      ? head
      : `${head}\n${frames.map(({ text }) => `    at ${text}`).join("\n")}`;
  };
}

function headOf(error: Error): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

function frameOf(site: NodeJS.CallSite, url: string, maps: SourceMaps): Frame {
  const line = site.getLineNumber() ?? 1;
  const column = site.getColumnNumber() ?? 1;
  const place = maps.find(url, line, column);
  const path = url.startsWith("file:") ? fileURLToPath(url.replace(/\?.*$/, "")) : url;
  const where = place ? `${place.name}:${place.line}:${place.column}` : `${path}:${line}:${column}`;
  const called = functionName(site);
  return {
    text: called ? `${called} (${where})` : where,
    inNode: url.startsWith("node:"),
    ...(place ? { place } : {}),
  };
}

function functionName(site: NodeJS.CallSite): string {
  const name = site.getFunctionName();
  const asynchronous = site.isAsync() ? "async " : "";
  if (!name) return asynchronous;
  if (site.isConstructor()) return `new ${name}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  const method = type && type !== "Object" && !name.includes(".") ? `${type}.${name}` : name;
  return `${asynchronous}${method}`;
}
