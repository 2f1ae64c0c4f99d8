/** @file Files that are tables: CSV, and JSON as MLflow's log_table and pandas write it. */

export type Grid = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** Null for what is no table. */
export function tableOf(path: string, text: string): Grid | null {
  if (/\.csv$/i.test(path)) {
    const [columns, ...rows] = csvRows(text);
    return columns === undefined ? null : { columns, rows };
  }
  if (!/\.json$/i.test(path)) return null;
  try {
    return split(JSON.parse(text));
  } catch {
    return null; // shown as text
  }
}

/** `{"columns": [...], "data": [[...], ...]}`. */
function split(value: unknown): Grid | null {
  if (typeof value !== "object" || value === null) return null;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data)) return null;
  if (!data.every((row): row is unknown[] => Array.isArray(row))) return null;
  return { columns: columns.map(word), rows: data.map((row) => row.map(word)) };
}

function word(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** RFC 4180: quotes double inside quotes, and lines may break there. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) return []; // a quote in the middle of a word: no CSV
    const [, quoted, plain = "", end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
