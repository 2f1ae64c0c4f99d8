/** @file Scores of runs on tasks: the rows that ablation tables are made of. */
import type { Sql } from "./search.ts";
import type { NewEvaluation, PerQuery } from "./types.ts";
import { checkCount, checkName, invalid } from "./validate.ts";

export const DEFAULT_BENCHMARK = "mini-MMEB";

/** Which rows to read; a field left out means all. Rows of deleted runs only if named in `runIds`. */
export type EvaluationQuery = {
  readonly experimentIds?: readonly number[];
  readonly runIds?: readonly string[];
  readonly benchmark?: string;
  readonly split?: string;
  readonly metric?: string;
};

export function evaluationsSql(query: EvaluationQuery): Sql {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const oneOf = (column: string, choices: readonly (string | number)[] | undefined): void => {
    if (!choices) return;
    parts.push(`${column} IN (SELECT value FROM json_each(?))`);
    values.push(JSON.stringify(choices));
  };
  oneOf("r.experiment", query.experimentIds);
  oneOf("r.id", query.runIds);
  oneOf("e.benchmark", query.benchmark === undefined ? undefined : [query.benchmark]);
  oneOf("e.split", query.split === undefined ? undefined : [query.split]);
  oneOf("e.metric", query.metric === undefined ? undefined : [query.metric]);
  if (!query.runIds) parts.push("r.lifecycle = 'active'");
  const text = `SELECT r.id AS runId, e.benchmark, e.task, e.split, e.metric, e.value, e.n,
      e.modality, e.meta_task AS metaTask, e.domain, e.kind, e.digest, e.per_query AS perQuery
    FROM evaluations e JOIN runs r ON r.serial = e.run
    ${parts.length > 0 ? `WHERE ${parts.join(" AND ")}` : ""}
    ORDER BY r.serial, e.benchmark, e.task, e.split, e.metric`;
  return { text, values };
}

export function checkEvaluation(row: NewEvaluation): void {
  const names = [
    ["benchmark", row.benchmark ?? DEFAULT_BENCHMARK],
    ["task", row.task],
    ["split", row.split],
    ["metric", row.metric],
    ["modality", row.modality],
    ["meta-task", row.metaTask],
    ["kind", row.kind],
  ] as const;
  for (const [what, name] of names) checkName(`evaluation: ${what}`, name);
  if (typeof row.value !== "number") {
    throw invalid(`evaluation of ${row.task}: value`, row.value, "a number");
  }
  checkCount(`evaluation of ${row.task}: n`, row.n);
  if (row.perQuery && row.perQuery.length !== row.n) {
    throw invalid(`evaluation of ${row.task}: perQuery`, row.perQuery.length, `n = ${row.n} long`);
  }
}

/** Artifact path of the results of each query; any name makes a legal path. */
export function perQueryPath(row: NewEvaluation): string {
  const segments = [row.benchmark ?? DEFAULT_BENCHMARK, row.split, row.task, row.metric];
  const legal = segments.map((name) =>
    encodeURIComponent(name)
      .replaceAll("*", "%2A")
      .replace(/^\.+$/, (dots) => "%2E".repeat(dots.length)),
  );
  return `evaluations/${legal.join("/")}.jsonl`;
}

/** One JSON object a line. */
export function perQueryText(results: readonly PerQuery[]): string {
  return results.map((result) => `${JSON.stringify(result)}\n`).join("");
}
