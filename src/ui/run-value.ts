/** @file What a column of the runs table holds of a run, on pages and in files. */
import type { RunRow } from "./server/types.ts";

/** By the column's id: "status", "params.seed" (a number where it reads as one), "metrics.test/overall". Null is none. */
export function valueOf(run: RunRow, id: string): string | number | null {
  const dot = id.indexOf(".");
  const [group, key] = [id.slice(0, dot), id.slice(dot + 1)];
  if (group === "metrics") return run.metrics[key] ?? null;
  if (group === "params" || group === "tags") {
    const text = run[group][key] ?? "";
    if (text.trim() === "") return text === "" ? null : text;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  }
  return run[id as "name" | "status" | "user" | "id" | "startTime" | "endTime"];
}
