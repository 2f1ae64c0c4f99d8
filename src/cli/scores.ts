/** @file Scores of one run as a table and as JSON. */
import type { TaskScore } from "../eval/index.ts";
import { columns } from "./output.ts";

/** A score without its queries. */
export function summary({ perQuery: _queries, ...rest }: TaskScore): Omit<TaskScore, "perQuery"> {
  return rest;
}

/** One line a task, in percent, grouped as they come. */
export function scoreTable(scores: readonly TaskScore[]): string {
  const header = ["task", "modality", "domain", "metric", "score", "queries"];
  const rows = scores.map(({ name, modality, domain, metric, score, queries }) => [
    name,
    modality,
    domain ?? "",
    metric,
    `${(100 * score).toFixed(1)} %`,
    String(queries),
  ]);
  return columns([header, ...rows]);
}
