/** @file Parquet in and out: a few column kinds, and rows whose fields are checked as they are read. */
import type { parquetWriteBuffer } from "hyparquet-writer";
import { DataError } from "../error.ts";
import { replaceFile } from "../replace.ts";

/** Columns we write. A null is a value that is not there; a list is never null itself. */
export type Column =
  | { readonly name: string; readonly kind: "text"; readonly data: readonly (string | null)[] }
  | { readonly name: string; readonly kind: "number"; readonly data: readonly number[] }
  | {
      readonly name: string;
      readonly kind: "texts";
      readonly data: readonly (readonly (string | null)[])[];
    }
  | {
      readonly name: string;
      readonly kind: "numbers";
      readonly data: readonly (readonly number[])[];
    };

type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>[number];

const LEAF = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  number: { type: "DOUBLE" },
} as const;

function schemaOf({ name, kind }: Column): SchemaElement[] {
  if (kind === "text" || kind === "number") {
    return [{ name, repetition_type: "OPTIONAL", ...LEAF[kind] }];
  }
  const leaf = kind === "texts" ? LEAF.text : LEAF.number;
  return [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", ...leaf },
  ];
}

/** Writes `columns`, all of one length, to `file`: a temporary file first, then renamed over it. */
export async function writeParquet(file: string, columns: readonly Column[]): Promise<void> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const bytes = parquetWriteBuffer({
    columnData: columns.map(({ name, data }) => ({ name, data: data as unknown[] })),
    schema: [{ name: "root", num_children: columns.length }, ...columns.flatMap(schemaOf)],
    createdBy: "rzenlab",
  });
  await replaceFile(file, new Uint8Array(bytes));
}

/** All rows of a file, or those columns of it that exist when `columns` is given. */
export async function readRows(
  file: string,
  options: { readonly columns?: readonly string[] } = {},
): Promise<Row[]> {
  let records: Record<string, unknown>[];
  let names: Set<string>;
  try {
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } =
      await import("hyparquet");
    const { compressors } = await import("hyparquet-compressors");
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    names = columnNames(metadata.schema);
    const columns = options.columns?.filter((name) => names.has(name));
    records = await parquetReadObjects({
      file: buffer,
      metadata,
      compressors,
      // Else image bytes, which carry no type, would be decoded as text.
      utf8: false,
      ...(columns && { columns }),
    });
  } catch (cause) {
    throw new DataError({ file, expected: `a readable parquet file (${reason(cause)})`, cause });
  }
  return records.map((record, i) => new Row(file, i, record, names));
}

/** Names of the top-level columns in a depth-first schema. */
function columnNames(schema: readonly { name: string; num_children?: number }[]): Set<string> {
  const names = new Set<string>();
  let at = 1;
  const skip = (): void => {
    let children = schema[at++]?.num_children ?? 0;
    while (children-- > 0) skip();
  };
  while (at < schema.length) {
    names.add(schema[at]!.name);
    skip();
  }
  return names;
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One row; every getter throws a DataError that names file, row and field. */
export class Row {
  readonly file: string;
  readonly index: number;
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #columns: ReadonlySet<string>;

  constructor(
    file: string,
    index: number,
    record: Readonly<Record<string, unknown>>,
    columns: ReadonlySet<string>,
  ) {
    this.file = file;
    this.index = index;
    this.#record = record;
    this.#columns = columns;
  }

  /** Whether the file has this column, null values or not. */
  has(field: string): boolean {
    return this.#columns.has(field);
  }

  raw(field: string): unknown {
    return this.#record[field];
  }

  fail(field: string, expected: string): DataError {
    return new DataError({
      file: this.file,
      row: this.index,
      field,
      value: this.#record[field] ?? undefined,
      expected,
    });
  }

  /** A string; numbers count, since ids are numbers in some repositories. */
  text(field: string): string {
    const value = this.optionalText(field);
    if (value === undefined) throw this.fail(field, "a string");
    return value;
  }

  /** A string, or undefined where the column or the value is missing. */
  optionalText(field: string): string | undefined {
    const value = this.#record[field];
    if (value === null || value === undefined) return undefined;
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    // A string column that its writer did not mark as one.
    if (value instanceof Uint8Array) return new TextDecoder().decode(value);
    throw this.fail(field, "a string");
  }

  number(field: string): number {
    return this.#toNumber(field, this.#record[field]);
  }

  /** A list of strings; a single string counts as a list of one, a missing one as an empty list. */
  texts(field: string): string[] {
    return this.optionalTexts(field).map((value) => {
      if (value === null) throw this.fail(field, "no null in the list");
      return value;
    });
  }

  optionalTexts(field: string): (string | null)[] {
    const value = this.#record[field];
    if (value === null || value === undefined) return [];
    if (typeof value === "string") return [value];
    if (!Array.isArray(value)) throw this.fail(field, "a list of strings");
    return value.map((each: unknown) => {
      if (each === null || each === undefined) return null;
      if (typeof each !== "string") throw this.fail(field, "a list of strings");
      return each;
    });
  }

  numbers(field: string): number[] {
    const value = this.#record[field] ?? [];
    if (!Array.isArray(value)) throw this.fail(field, "a list of numbers");
    return value.map((each: unknown) => this.#toNumber(field, each));
  }

  #toNumber(field: string, value: unknown): number {
    if (typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    throw this.fail(field, "a number");
  }
}
