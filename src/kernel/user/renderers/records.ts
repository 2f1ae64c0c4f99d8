/** @file Arrays of records as tables. */
import { inspect } from "node:util";
import { html } from "../../../plot/format.ts";
import type { Renderer } from "./index.ts";

const MAX_ROWS = 60;
const MAX_COLUMNS = 30;
const MAX_CELL = 120;

type Row = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Row => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

const NUMBER = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6, useGrouping: false });

function cellText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number")
    return Number.isFinite(value) ? NUMBER.format(value) : String(value);
  const text =
    typeof value === "string"
      ? value
      : inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 8 });
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}

export const records: Renderer = (value) => {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const rows = value.slice(0, MAX_ROWS) as unknown[];
  if (!rows.every(isRecord)) return undefined;
  const all = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (all.length === 0) return undefined;
  const columns = all.slice(0, MAX_COLUMNS);
  const size = `${value.length} rows × ${all.length} columns`;
  const whole = rows.length === value.length && columns.length === all.length;
  const note = whole ? size : `${size}, the first ${rows.length} × ${columns.length} shown`;
  return { "text/html": asHtml(rows, columns, note), "text/plain": asText(rows, columns, note) };
};

function asHtml(rows: readonly Row[], columns: readonly string[], note: string): string {
  const head = columns.map((name) => `<th>${html(name)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = columns.map((name) => {
      const side = typeof row[name] === "number" ? "right" : "left";
      return `<td style="text-align:${side}">${html(cellText(row[name]))}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div style="overflow-x:auto"><table class="dataframe"><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table><small>${html(note)}</small></div>`;
}

function asText(rows: readonly Row[], columns: readonly string[], note: string): string {
  const texts = [
    columns.map(String),
    ...rows.map((row) => columns.map((name) => cellText(row[name]).replaceAll("\n", " "))),
  ];
  const widths = columns.map((_, i) => Math.max(...texts.map((row) => row[i]!.length)));
  const lines = texts.map((row, r) =>
    row
      .map((text, i) => {
        const number = r > 0 && typeof rows[r - 1]![columns[i]!] === "number";
        return number ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n${note}`;
}
