/** @file Columns of the runs table: how each reads and shows a run. */
import { csv, percent } from "../../plot/format.ts";
import type { RunRow } from "../server/types.ts";

export type Column = {
  /** "status", "params.seed", "metrics.test/overall". */
  readonly id: string;
  readonly label: string;
  readonly numeric: boolean;
  readonly value: (run: RunRow) => string | number | null;
  readonly text: (run: RunRow) => string;
  /** How a mean of the column reads; columns without have none. */
  readonly number?: (value: number) => string;
};

/** Shown where the address names no columns, as far as the runs have them. */
const FIRST = [
  "name",
  "status",
  "startTime",
  "params.seed",
  "metrics.test/overall",
  "metrics.test/image",
  "metrics.test/video",
  "metrics.test/visdoc",
  "metrics.test/text",
  "metrics.loss",
];

/** One for all cells: to make one takes longer than to draw a row. */
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function columnOf(id: string): Column {
  const [group, ...rest] = id.split(".");
  const key = rest.join(".");
  if (group === "metrics") {
    const isScore = /^(?:test|dev)\//.test(key);
    const value = (run: RunRow): number | null => run.metrics[key] ?? null;
    const number = (one: number): string => (isScore ? percent(one) : one.toPrecision(5));
    const text = (run: RunRow): string => {
      const own = value(run);
      if (own === null) return key in run.metrics ? "NaN" : "";
      return number(own);
    };
    return { id, label: isScore ? `${key} %` : key, numeric: true, value, text, number };
  }
  if (group === "params" || group === "tags") {
    const text = (run: RunRow): string => run[group][key] ?? "";
    const value = (run: RunRow): string | number => {
      const number = Number(text(run));
      return text(run) === "" || Number.isNaN(number) ? text(run) : number;
    };
    return { id, label: key, numeric: group === "params", value, text };
  }
  if (id === "startTime") {
    return {
      id,
      label: "started",
      numeric: false,
      value: (run) => run.startTime,
      text: (run) => TIME.format(run.startTime),
    };
  }
  const own = (run: RunRow): string => run[id as "name" | "status" | "user" | "id"];
  return { id, label: id, numeric: false, value: own, text: own };
}

export function firstColumns(known: readonly string[]): string[] {
  return FIRST.filter((id) => known.includes(id));
}

export function runsCsv(runs: readonly RunRow[], columns: readonly Column[]): string {
  const lines = runs.map((run) =>
    columns.map((column) => csv(String(column.value(run) ?? ""))).join(","),
  );
  return `${[columns.map(({ id }) => csv(id)).join(","), ...lines].join("\n")}\n`;
}
