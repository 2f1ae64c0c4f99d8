/** @file Experiments, newest first. */
import type { FastifyInstance } from "fastify";
import type { Run, RunReader } from "../../tracking/index.ts";
import { MEMBER_TAG } from "../../experiments/tags.ts";
import type { ExperimentCard, RunRow } from "./types.ts";

export function experimentRoutes(app: FastifyInstance, store: RunReader): void {
  app.get("/api/ui/experiments", (): ExperimentCard[] =>
    cardsOf(store).sort((a, b) => b.updatedAt - a.updatedAt),
  );
}

/** Experiments that have runs: counted where they lie, since there may be a hundred thousand. */
function cardsOf({ connection }: RunReader): ExperimentCard[] {
  type Row = Omit<ExperimentCard, "hasAblation"> & { hasAblation: number };
  const rows = connection
    .prepare<[string, string], Row>(
      `SELECT e.id, e.name, count(*) AS runs, sum(r.status = 'RUNNING') AS running,
         sum(r.status = 'FAILED') AS failed,
         max(e.updated_at, max(coalesce(r.end_time, r.start_time))) AS updatedAt,
         EXISTS (SELECT 1 FROM tags t CROSS JOIN runs m ON m.serial = t.run
           WHERE t.key >= ? AND t.key < ? AND m.experiment = e.id AND m.lifecycle = 'active') AS hasAblation
       FROM experiments e JOIN runs r ON r.experiment = e.id AND r.lifecycle = 'active'
       WHERE e.lifecycle = 'active' GROUP BY e.id`,
    )
    .all(MEMBER_TAG, `${MEMBER_TAG}\u{10ffff}`);
  return rows.map((row) => ({ ...row, hasAblation: row.hasAblation === 1 }));
}

/** A run as JSON carries it: values that are no numbers become null. */
export function rowOf({
  id,
  name,
  status,
  startTime,
  endTime,
  user,
  params,
  metrics,
  tags,
}: Run): Omit<RunRow, "serial"> {
  const finite = Object.entries(metrics).map(([key, value]) => [
    key,
    Number.isFinite(value) ? value : null,
  ]);
  return {
    id,
    name,
    status,
    startTime,
    endTime,
    user,
    params,
    tags,
    metrics: Object.fromEntries(finite),
  };
}
