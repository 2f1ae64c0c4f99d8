/** @file What `import * as tslab from "tslab"` gives: tslab's public names on this kernel. */
import { randomUUID } from "node:crypto";
import { type KernelHost, HOST_SYMBOL } from "./host.ts";

const host = (): KernelHost => (globalThis as Record<symbol, unknown>)[HOST_SYMBOL] as KernelHost;

/** tslab's display: one method a MIME type. */
export interface TslabDisplay {
  javascript(text: string): void;
  html(text: string): void;
  markdown(text: string): void;
  latex(text: string): void;
  svg(text: string): void;
  gif(bytes: Uint8Array): void;
  jpeg(bytes: Uint8Array): void;
  pdf(bytes: Uint8Array): void;
  png(bytes: Uint8Array): void;
  text(text: string): void;
  raw(type: string, data: unknown): void;
}

const TYPES = {
  javascript: "text/javascript",
  html: "text/html",
  markdown: "text/markdown",
  latex: "text/latex",
  svg: "image/svg+xml",
  gif: "image/gif",
  jpeg: "image/jpeg",
  pdf: "application/pdf",
  png: "image/png",
  text: "text/plain",
} as const;

function displayAs(id: string | undefined): TslabDisplay {
  let shown = false;
  const raw = (type: string, data: unknown): void => {
    const update = id !== undefined && shown;
    shown = true;
    host().display({ [type]: data }, { raw: true, update, ...(id === undefined ? {} : { id }) });
  };
  const methods = Object.entries(TYPES).map(([name, type]) => [
    name,
    (data: unknown) => raw(type, data),
  ]);
  return { ...Object.fromEntries(methods), raw } as TslabDisplay;
}

/** Shows something below the cell. */
export const display: TslabDisplay = displayAs(undefined);

/** A display whose later calls replace what it shows. */
export const newDisplay = (): TslabDisplay => displayAs(randomUUID());

export const versions = {
  get tslab(): string {
    return `rzenlab ${host().version}`;
  },
  typescript: "7",
  get node(): string {
    return process.version;
  },
};
