/** @file Runs that agree on a column, and what they have on average. */
import type { RunRow } from "../server/types.ts";
import { type Column, columnOf } from "./columns.ts";

export type RunGroup = { readonly value: string; readonly runs: readonly RunRow[] };

/** Groups in the order of their first runs. */
export function groupRuns(runs: readonly RunRow[], columnId: string): RunGroup[] {
  const { text } = columnOf(columnId);
  return [...Map.groupBy(runs, text)].map(([value, members]) => ({ value, runs: members }));
}

/** Mean of the runs that have a value, with the sample standard deviation if two have. */
export function meanText({ value, number }: Column, runs: readonly RunRow[]): string {
  if (number === undefined) return "";
  const values = runs.map(value).filter((one): one is number => typeof one === "number");
  if (values.length === 0) return "";
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  if (values.length === 1) return number(mean);
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return `${number(mean)} ± ${number(Math.sqrt(squares / (values.length - 1)))}`;
}
