/** @file From rows of the database to the records of types.ts. */
import type { Database } from "better-sqlite3";
import type { Experiment, Lifecycle, Run, RunStatus } from "./types.ts";

/** A metric value as it stands in the file: a number, or 'NaN', which SQLite has no number for. */
export function toNumber(stored: number | string): number {
  return typeof stored === "number" ? stored : NaN;
}

export function fromNumber(value: number): number | "NaN" {
  return Number.isNaN(value) ? "NaN" : value;
}

export type ExperimentRow = {
  id: number;
  name: string;
  lifecycle: Lifecycle;
  created_at: number;
  updated_at: number;
};

export function toExperiment(sql: Database, row: ExperimentRow): Experiment {
  const tags = sql
    .prepare("SELECT key, value FROM experiment_tags WHERE experiment = ? ORDER BY key")
    .raw()
    .all(row.id) as [string, string][];
  return {
    id: row.id,
    name: row.name,
    lifecycle: row.lifecycle,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: Object.fromEntries(tags),
  };
}

type RunRow = {
  serial: number;
  id: string;
  experiment: number;
  name: string;
  user: string;
  status: RunStatus;
  start_time: number;
  end_time: number | null;
  lifecycle: Lifecycle;
};

/** Whole runs, in the order of their serial numbers as given: four queries, however many runs. */
export function loadRuns(sql: Database, serials: readonly number[]): Run[] {
  const chosen = JSON.stringify(serials);
  const from = "(SELECT value FROM json_each(?))";
  const rows = sql.prepare(`SELECT * FROM runs WHERE serial IN ${from}`).all(chosen) as RunRow[];
  const grouped = <Value>(text: string): Map<number, [string, Value][]> => {
    const groups = new Map<number, [string, Value][]>();
    for (const row of sql.prepare(text).raw().all(chosen) as [number, string, Value][]) {
      const group = groups.get(row[0]);
      if (group) group.push([row[1], row[2]]);
      else groups.set(row[0], [[row[1], row[2]]]);
    }
    return groups;
  };
  const params = grouped<string>(`SELECT run, key, value FROM params WHERE run IN ${from}`);
  const tags = grouped<string>(`SELECT run, key, value FROM tags WHERE run IN ${from}`);
  // Ascending, so that of several data sets' series the latest is written last.
  const metrics = grouped<number | string>(
    `SELECT run, key, latest_value FROM series WHERE run IN ${from} AND count > 0
     ORDER BY run, key, latest_step, latest_timestamp, latest_value`,
  );
  const bySerial = new Map(rows.map((row) => [row.serial, row]));
  return serials.map((serial) => {
    const row = bySerial.get(serial)!;
    const latest = (metrics.get(serial) ?? []).map(([key, value]) => [key, toNumber(value)]);
    return {
      id: row.id,
      experimentId: row.experiment,
      name: row.name,
      user: row.user,
      status: row.status,
      startTime: row.start_time,
      endTime: row.end_time,
      lifecycle: row.lifecycle,
      params: Object.fromEntries(params.get(serial) ?? []),
      tags: Object.fromEntries(tags.get(serial) ?? []),
      metrics: Object.fromEntries(latest) as Record<string, number>,
    };
  });
}
