/** @file From rows of the database to the records of types.ts. */
import type { Connection } from "./database.ts";
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

export function toExperiment(connection: Connection, row: ExperimentRow): Experiment {
  const tags = connection
    .prepare<[number], [string, string]>(
      "SELECT key, value FROM experiment_tags WHERE experiment = ? ORDER BY key",
    )
    .raw()
    .all(row.id);
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
export function loadRuns(connection: Connection, serials: readonly number[]): Run[] {
  const chosen = JSON.stringify(serials);
  const from = "(SELECT value FROM json_each(?))";
  const rows = connection
    .prepare<[string], RunRow>(`SELECT * FROM runs WHERE serial IN ${from}`)
    .all(chosen);
  const grouped = <Value>(text: string): Map<number, [string, Value][]> => {
    const groups = new Map<number, [string, Value][]>();
    type Row = { run: number; key: string; value: Value };
    for (const { run, key, value } of connection.prepare<[string], Row>(text).all(chosen)) {
      const group = groups.get(run);
      if (group) group.push([key, value]);
      else groups.set(run, [[key, value]]);
    }
    return groups;
  };
  const params = grouped<string>(`SELECT run, key, value FROM params WHERE run IN ${from}`);
  const tags = grouped<string>(`SELECT run, key, value FROM tags WHERE run IN ${from}`);
  // Ascending, so that of several data sets' series the latest is written last.
  const metrics = grouped<number | string>(
    `SELECT run, key, latest_value AS value FROM series WHERE run IN ${from} AND count > 0
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
