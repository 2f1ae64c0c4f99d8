/** @file The one error of src/data: which file, row and field held what, and what was expected. */

export type DataErrorDetail = {
  /** The file read or written, as the caller would open it. */
  readonly file: string;
  /** Row in the file, from 0, or the id of the query, candidate or task meant. */
  readonly row?: number | string;
  readonly field?: string;
  /** What was there. Shown as JSON, cut to 80 characters. */
  readonly value?: unknown;
  /** What should have been there, to be read after "expected". */
  readonly expected: string;
  readonly cause?: unknown;
};

const MAX_SHOWN = 80;

/** Bad data. `message` holds every detail: `a.parquet: row 3: tgt_grade is -1, expected a number > 0`. */
export class DataError extends Error {
  readonly code = "BAD_DATA";
  readonly detail: DataErrorDetail;

  constructor(detail: DataErrorDetail) {
    const { file, row, field, expected } = detail;
    const parts = [file];
    if (row !== undefined) parts.push(typeof row === "number" ? `row ${row}` : row);
    const found = "value" in detail ? ` is ${show(detail.value)}` : "";
    parts.push(
      `${field ?? (found ? "it" : "")}${found}${field || found ? ", " : ""}expected ${expected}`,
    );
    super(parts.join(": "), detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = "DataError";
    this.detail = detail;
  }
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const text =
    JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)) ?? "nothing";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
