/** @file MIME bundles, and values that carry their own. */
import { inspect } from "node:util";

/** MIME type -> data: text, JSON for JSON types, base64 for pictures. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** A method of this name gives a value's bundle; our kernel and Deno's call it on a cell's result. */
export const DISPLAY = Symbol.for("Jupyter.display");

/** A value that shows itself as a cell's result, and as text in a terminal. */
export class Shown {
  readonly #make: () => MimeBundle | Promise<MimeBundle>;
  readonly #text: string;

  constructor(text: string, make: () => MimeBundle | Promise<MimeBundle>) {
    this.#text = text;
    this.#make = make;
    // Not a class member: its name is a registered symbol, which types can't follow.
    Object.defineProperty(this, DISPLAY, { value: () => this.bundle() });
  }

  /** Everything a front end may choose from; `text/plain` always. */
  async bundle(): Promise<MimeBundle> {
    return { ...(await this.#make()), "text/plain": this.#text };
  }

  toString(): string {
    return this.#text;
  }

  [inspect.custom](): string {
    return this.#text;
  }
}

/** The bundle of any value: its own, else its text. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (typeof value === "object" && value !== null) {
    const own = (value as Record<symbol, unknown>)[DISPLAY];
    if (typeof own === "function") return (await own.call(value)) as MimeBundle;
  }
  return { "text/plain": typeof value === "string" ? value : inspect(value) };
}

/** What a terminal shows of a bundle. */
export function textOf(bundle: MimeBundle): string {
  const text = bundle["text/plain"] ?? bundle["text/markdown"];
  return typeof text === "string" ? text : `[${Object.keys(bundle).join(", ")}]`;
}
