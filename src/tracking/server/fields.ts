/** @file What a request says, read field by field: JSON body or query string, checked by hand. */
import { type ApiError, invalid } from "./errors.ts";

export type Pair = { readonly key: string; readonly value: string };

/** A JSON object or a query string. Unknown fields are ignored; null and absent are the same. */
export class Fields {
  readonly #raw: Readonly<Record<string, unknown>>;
  /** Where the fields stand, for messages: `metrics[3].`. */
  readonly #path: string;

  constructor(raw: unknown, path = "") {
    if (raw !== undefined && raw !== null && (typeof raw !== "object" || Array.isArray(raw))) {
      throw invalid(
        `${path === "" ? "The request" : path.slice(0, -1)} must be a JSON object, got ${shown(raw)}`,
      );
    }
    this.#raw = (raw ?? {}) as Record<string, unknown>;
    this.#path = path;
  }

  /** The same with some fields replaced. */
  with(fields: Readonly<Record<string, unknown>>): Fields {
    return new Fields({ ...this.#raw, ...fields }, this.#path);
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** As it came. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#raw, name) ? (this.#raw[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.wrong(name, value, "a string");
  }

  /** Not empty. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw this.absent(name);
    return value;
  }

  /** Also one that is the empty string. */
  given(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw this.absent(name);
    return value;
  }

  /** An int64, as a number or as a string of digits. */
  integer(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const number =
      typeof value === "string" && /^[+-]?\d{1,16}$/.test(value) ? Number(value) : value;
    if (Number.isSafeInteger(number)) return number as number;
    throw this.wrong(name, value, "a whole number of at most 53 bits");
  }

  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value === undefined) throw this.absent(name);
    return value;
  }

  time(name: string): number | undefined {
    const value = this.integer(name);
    // The last millisecond that a Date can hold.
    if (value === undefined || (value >= 0 && value <= 8.64e15)) return value;
    throw this.wrong(name, value, "milliseconds since 1970, not negative");
  }

  requiredTime(name: string): number {
    const value = this.time(name);
    if (value === undefined) throw this.absent(name);
    return value;
  }

  /** A double; "NaN", "Infinity" and "-Infinity" too. */
  double(name: string): number {
    const value = this.raw(name);
    if (typeof value === "number") return value;
    if (value === undefined) throw this.absent(name);
    const number = typeof value === "string" ? toDouble(value) : undefined;
    if (number === undefined) {
      throw this.wrong(name, value, 'a number, "NaN", "Infinity" or "-Infinity"');
    }
    return number;
  }

  flag(name: string): boolean {
    const value = this.raw(name);
    if (value === undefined || value === false || value === "false") return false;
    if (value === true || value === "true") return true;
    throw this.wrong(name, value, "true or false");
  }

  /** A single value counts as a list of one. */
  list(name: string): readonly unknown[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value, i) => {
      if (typeof value === "string") return value;
      throw this.wrong(`${name}[${i}]`, value, "a string");
    });
  }

  objects(name: string): readonly Fields[] {
    return this.list(name).map(
      (value, i) => new Fields(value ?? "", `${this.#path}${name}[${i}].`),
    );
  }

  object(name: string): Fields | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : new Fields(value, `${this.#path}${name}.`);
  }

  /** `[{key, value}]`, values perhaps empty. */
  pairs(name: string): readonly Pair[] {
    return this.objects(name).map((pair) => ({
      key: pair.required("key"),
      value: pair.text("value") ?? "",
    }));
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.wrong(name, value, `one of ${choices.join(", ")}`);
    return found;
  }

  absent(name: string): ApiError {
    return invalid(
      `Missing value for required parameter '${this.#path}${name}'. See the API docs for more information about request parameters.`,
    );
  }

  wrong(name: string, value: unknown, expected: string): ApiError {
    return invalid(
      `Invalid value ${shown(value)} for parameter '${this.#path}${name}' supplied: it must be ${expected}`,
    );
  }
}

function toDouble(text: string): number | undefined {
  if (text === "NaN") return NaN;
  const number = text.trim() === "" ? NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

/** Checks a count of results; `undefined` becomes `fallback`. */
export function maxResults(fields: Fields, fallback: number, limit: number, least = 1): number {
  const value = fields.integer("max_results") ?? fallback;
  if (value >= least && value <= limit) return value;
  throw fields.wrong("max_results", value, `from ${least} to ${limit}`);
}
