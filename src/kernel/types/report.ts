/** @file Diagnostics as text below a cell, or as the error that a strict notebook stops with. */
import { positionOf } from "../transform/source-position.ts";
import type { CellDiagnostic } from "./service.ts";

const SHOWN = 5;
const yellow = (text: string): string => `\u001b[33m${text}\u001b[39m`;

/** Place, message and the line itself with the fault underlined. */
export function reportOf(
  diagnostics: readonly CellDiagnostic[],
  text: string,
  count: number,
): string {
  const lines = text.split("\n");
  const shown = diagnostics.slice(0, SHOWN).map(({ code, message, start, end }) => {
    const { line, column } = positionOf(text, start);
    const source = lines[line - 1]!;
    const length = Math.max(1, Math.min(end - start, source.length - column));
    const mark = yellow(" ".repeat(column) + "~".repeat(length));
    return `${yellow("Type warning")} in cell [${count}] line ${line}: ${message} (TS${code})\n    ${source}\n    ${mark}\n`;
  });
  const more = diagnostics.length - shown.length;
  return shown.join("") + (more > 0 ? `... and ${more} more\n` : "");
}

/** What `execute_reply` says of a cell that was not run because of its types. */
export function typeErrorOf(diagnostics: readonly CellDiagnostic[], text: string, count: number) {
  const [first] = diagnostics;
  return {
    ename: `TS${first!.code}`,
    evalue: first!.message,
    traceback: [
      `${reportOf(diagnostics, text, count)}The cell was not run: jupyter.diagnostics is "strict".`,
    ],
  };
}
