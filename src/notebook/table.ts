/** @file `table`: records as a table in HTML, Markdown and text. */
import { Shown } from "./bundle.ts";
import { escapeHtml, shown } from "./format.ts";

export type TableOptions = {
  readonly caption?: string;
  /** Columns to show, in order; default: every key, in order of appearance. */
  readonly columns?: readonly string[];
  /** Rows shown; the rest is counted. Default 100. */
  readonly limit?: number;
};

/** A value that shows records as a table; numbers are right-aligned. */
export function table(
  records: readonly Readonly<Record<string, unknown>>[],
  { caption, columns, limit = 100 }: TableOptions = {},
): Shown {
  const keys = columns ?? [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = records.slice(0, limit).map((record) => keys.map((key) => shown(record[key])));
  const right = keys.map((key) => records.some((record) => typeof record[key] === "number"));
  const rest = records.length - rows.length;
  const notes = [...(caption ? [caption] : []), ...(rest > 0 ? [`… ${rest} more rows`] : [])];
  return new Shown([...notes, asText(keys, rows, right)].join("\n"), () => ({
    "text/html": asHtml(keys, rows, right, notes),
    "text/markdown": [asMarkdown(keys, rows, right), ...notes].join("\n\n"),
  }));
}

type Rows = readonly (readonly string[])[];

function asText(keys: readonly string[], rows: Rows, right: readonly boolean[]): string {
  const widths = keys.map((key, i) => Math.max(key.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(keys), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function asMarkdown(keys: readonly string[], rows: Rows, right: readonly boolean[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`).replaceAll("\n", " ")).join(" | ")} |`;
  return [line(keys), line(right.map((r) => (r ? "---:" : "---"))), ...rows.map(line)].join("\n");
}

function asHtml(
  keys: readonly string[],
  rows: Rows,
  right: readonly boolean[],
  notes: readonly string[],
): string {
  const align = (i: number): string => `style="text-align:${right[i] ? "right" : "left"}"`;
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell, i) => `<${tag} ${align(i)}>${linked(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => cells("td", row)).join("\n");
  const caption = notes.length === 0 ? "" : `<caption>${escapeHtml(notes.join(" · "))}</caption>`;
  return `<table>${caption}<thead>${cells("th", keys)}</thead><tbody>\n${body}\n</tbody></table>`;
}

/** Addresses lead where they say. */
function linked(cell: string): string {
  const plain = escapeHtml(cell);
  return /^https?:\/\/\S+$/.test(cell) ? `<a href="${plain}">${plain}</a>` : plain;
}
