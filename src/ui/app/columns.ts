/** @file Columns of the runs table: how each reads and shows a run. */
import { percent } from "../../plot/format.ts";
import { valueOf } from "../run-value.ts";
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
const TIME = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

export function columnOf(id: string): Column {
  const [group, ...rest] = id.split(".");
  const key = rest.join(".");
  const value = (run: RunRow): string | number | null => valueOf(run, id);
  if (group === "metrics") {
    const isScore = /^(?:test|dev)\//.test(key);
    const number = (one: number): string => (isScore ? percent(one) : one.toPrecision(5));
    const text = (run: RunRow): string => {
      const own = run.metrics[key];
      if (own === null) return "NaN";
      return own === undefined ? "" : number(own);
    };
    return { id, label: isScore ? `${key} %` : key, numeric: true, value, text, number };
  }
  if (group === "params" || group === "tags") {
    const text = (run: RunRow): string => run[group][key] ?? "";
    return { id, label: key, numeric: group === "params", value, text };
  }
  if (id === "startTime") {
    const text = (run: RunRow): string => TIME.format(run.startTime);
    return { id, label: "started", numeric: false, value, text };
  }
  return { id, label: id, numeric: false, value, text: (run) => String(value(run) ?? "") };
}

export function firstColumns(known: readonly string[]): string[] {
  return FIRST.filter((id) => known.includes(id));
}
