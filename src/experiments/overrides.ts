/** @file `key=value` overrides over any zod object: parsing, known keys, the nearest one, merging. */
import { z } from "zod";

export type Json = { [key: string]: unknown };

/** A config that can't be: `code` is BAD_CONFIG, the message names the key, the value and what was expected. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "BAD_CONFIG";
}

/** One "a.b.c=value" as a nested object. The value is JSON where it parses as such, else text. */
export function parseOverride(text: string, known: readonly string[]): Json {
  const at = text.indexOf("=");
  if (at < 1) throw new ConfigError(`override "${text}": expected key=value, e.g. loss.alpha=9`);
  const key = text.slice(0, at);
  const raw = text.slice(at + 1);
  const path = key.split(".");
  checkKey(key, known);
  let value: unknown = raw;
  try {
    value = JSON.parse(raw);
  } catch {
    // Plain text such as `model.prompt=system` needs no quotes.
  }
  return path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Json;
}

/** Refuses a key that no config has, naming the nearest one. */
export function checkKey(key: string, known: readonly string[]): void {
  const path = key.split(".");
  const open = known.some(
    (k) =>
      k.endsWith(".*") && path.length > k.split(".").length - 1 && key.startsWith(k.slice(0, -1)),
  );
  if (open || known.includes(key)) return;
  if (known.some((k) => k.startsWith(`${key}.`))) return; // a whole section as JSON
  const nearest = known
    .map((k) => ({ k, distance: editDistance(key, k) }))
    .sort((a, b) => a.distance - b.distance)[0]!.k;
  throw new ConfigError(`unknown config key "${key}"; did you mean "${nearest}"?`);
}

/** Every key of a schema as a dotted path; records end in `.*`. */
export function keysOf(schema: z.ZodType): readonly string[] {
  return [...new Set(walk(z.toJSONSchema(schema, { io: "input" }) as Schema, ""))];
}

type Schema = {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
};

function walk(schema: Schema, prefix: string): string[] {
  const found = (schema.anyOf ?? schema.oneOf ?? []).flatMap((option) => walk(option, prefix));
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const below = walk(inner, path);
    found.push(...(below.length > 0 ? below : [path]));
  }
  if (typeof schema.additionalProperties === "object") found.push(`${prefix}.*`);
  return found;
}

/** `over` laid on `base`; objects merge, anything else replaces. A new `kind` starts its object afresh. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const otherKind = "kind" in over && "kind" in base && over["kind"] !== base["kind"];
  const result: Json = otherKind ? {} : { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value !== undefined) result[key] = merge(result[key], value);
  }
  return result;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What zod found wrong, one line; unknown keys with the nearest known one. */
export function explain(error: z.ZodError, known: readonly string[]): string {
  const lines = error.issues.map((issue) => {
    const where = issue.path.join(".") || "config";
    if (issue.code !== "unrecognized_keys") return `${where}: ${issue.message}`;
    return issue.keys
      .map((key) => {
        const path = [...issue.path.map(String), key].join(".");
        try {
          checkKey(path, known);
          return `${path} does not belong here`;
        } catch (unknown) {
          return (unknown as Error).message;
        }
      })
      .join("; ");
  });
  return `bad config: ${lines.join("; ")}`;
}

/** Frozen to the bottom, in place. */
export function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

/** Levenshtein distance: insertions, deletions and substitutions. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
