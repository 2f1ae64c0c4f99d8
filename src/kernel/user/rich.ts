/** @file Any value as a MIME bundle: by its own symbol, by a built-in renderer, else as text. */
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import type { MimeBundle, Rich } from "./messages.ts";
import { type RenderContext, RENDERERS } from "./renderers/index.ts";

/** A method of this name returns the value's own MIME bundle, as with Deno's kernel. */
export const DISPLAY_SYMBOL = Symbol.for("Jupyter.display");

const MAX_TEXT = 50_000;

/** The bundle of `value`; a promise only if the value renders itself asynchronously. */
export function richOf(value: unknown, context: RenderContext): Rich | Promise<Rich> {
  const own = ownDisplay(value);
  if (own !== undefined) {
    const bundle = own.call(value);
    if (bundle instanceof Promise) return bundle.then((made) => complete(value, made));
    return complete(value, bundle);
  }
  for (const render of RENDERERS) {
    const bundle = unlessItThrows(() => render(value, context));
    if (bundle !== undefined) return complete(value, bundle);
  }
  return { data: { "text/plain": textOf(value) }, metadata: {} };
}

function ownDisplay(value: unknown): (() => unknown) | undefined {
  if (value === null || (typeof value !== "object" && typeof value !== "function"))
    return undefined;
  const own = unlessItThrows(() => (value as Record<symbol, unknown>)[DISPLAY_SYMBOL]);
  return typeof own === "function" ? (own as () => unknown) : undefined;
}

/** A value may resist being looked into, as a proxy can; it is then shown as text. */
function unlessItThrows<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Every bundle has a text form, for front ends that show nothing else. */
function complete(value: unknown, bundle: unknown): Rich {
  if (typeof bundle !== "object" || bundle === null) {
    throw new TypeError(
      `Symbol.for("Jupyter.display") must return an object from MIME types to data, got ${bundle === null ? "null" : typeof bundle}`,
    );
  }
  const data = encodeBundle(bundle as MimeBundle);
  return {
    data: "text/plain" in data ? data : { ...data, "text/plain": textOf(value) },
    metadata: {},
  };
}

/** JSON-ready: bytes become base64, everything of a text type a string. */
export function encodeBundle(bundle: MimeBundle): MimeBundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([type, data]) => {
      if (data instanceof Uint8Array) return [type, Buffer.from(data).toString("base64")];
      const json = /^application\/(.*\+)?json$/.test(type);
      return [type, json ? plainJson(data) : typeof data === "string" ? data : inspect(data)];
    }),
  );
}

/** Typed arrays as arrays, which is what front ends expect in JSON. */
function plainJson(data: unknown): unknown {
  const json = JSON.stringify(data, (_, each: unknown) =>
    ArrayBuffer.isView(each) && !(each instanceof DataView)
      ? Array.from(each as unknown as ArrayLike<number>)
      : each,
  ) as string | undefined;
  return json === undefined ? null : (JSON.parse(json) as unknown);
}

/** `util.inspect` within bounds: the start of what is large, and how large it is. */
export function textOf(value: unknown): string {
  let text: string;
  try {
    text = inspect(value, {
      depth: 4,
      maxArrayLength: 100,
      maxStringLength: 10_000,
      breakLength: 100,
      customInspect: true,
    });
  } catch (error) {
    return `[a value that can't be shown: ${String(error)}]`;
  }
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}\n… ${text.length - MAX_TEXT} more characters`;
}
