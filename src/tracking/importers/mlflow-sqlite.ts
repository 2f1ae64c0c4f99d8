/** @file Runs of an MLflow server's SQLite file. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import { StoreError } from "../error.ts";
import type { NewInput } from "../records.ts";
import type { NewPoint, RunStatus } from "../types.ts";
import { artifactFolder, filesBelow } from "./artifacts.ts";
import type { ForeignRun, RunSource } from "./import.ts";

export type MlflowOptions = {
  /** Folder behind `mlflow-artifacts:/`. Default: `mlartifacts` beside the file. */
  readonly artifacts?: string;
};

/** SQL has no infinities in MLflow's schema: it keeps the largest double instead. */
const LARGEST = Number.MAX_VALUE;

type RunRow = {
  run_uuid: string;
  name: string | null;
  user_id: string | null;
  status: RunStatus;
  start_time: number | null;
  end_time: number | null;
  lifecycle_stage: string;
  artifact_uri: string;
  experiment: string;
};

/** Opens read-only; the source is closed when its last run was read. */
export function mlflowSqlite(file: string, { artifacts }: MlflowOptions = {}): RunSource {
  const sql = openFile(file);
  const warnings: string[] = [];
  const base = dirname(file);
  const proxied = artifacts ?? join(base, "mlartifacts");
  const pairs = (table: string, run: string): Record<string, string> => {
    const rows = sql.prepare(`SELECT key, value FROM ${table} WHERE run_uuid = ?`).raw().all(run);
    return Object.fromEntries(rows as [string, string][]);
  };
  const toRun = (row: RunRow): ForeignRun => {
    const folder = artifactFolder(row.artifact_uri, base, proxied);
    if (folder === undefined && !/^(\.|\/|file:|mlflow-artifacts:)/.test(row.artifact_uri)) {
      warnings.push(
        `run ${row.run_uuid}: artifacts at ${row.artifact_uri} are not on this machine`,
      );
    }
    return {
      sourceId: row.run_uuid,
      experiment: row.experiment,
      name: row.name || row.run_uuid,
      ...(row.user_id ? { user: row.user_id } : {}),
      status: row.status,
      startTime: row.start_time ?? 0,
      endTime: row.end_time,
      lifecycle: row.lifecycle_stage === "deleted" ? "deleted" : "active",
      params: pairs("params", row.run_uuid),
      tags: pairs("tags", row.run_uuid),
      inputs: inputsOf(sql, row.run_uuid),
      points: () => pointsOf(sql, row.run_uuid),
      artifacts: function* () {
        if (folder === undefined) return;
        for (const { path, file: found } of filesBelow(folder)) {
          yield { path, source: { file: found } };
        }
      },
    };
  };
  return {
    warnings,
    *runs() {
      try {
        const rows = sql
          .prepare<[], RunRow>(
            `SELECT r.run_uuid, r.name, r.user_id, r.status, r.start_time, r.end_time,
               r.lifecycle_stage, r.artifact_uri, e.name AS experiment
             FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
             ORDER BY r.start_time, r.run_uuid`,
          )
          .all();
        for (const row of rows) yield toRun(row);
      } finally {
        sql.close();
      }
    },
  };
}

function openFile(file: string): Sqlite.Database {
  if (!existsSync(file)) throw new StoreError("NOT_FOUND", `import: no file ${file}`);
  const sql = new Sqlite(file, { readonly: true });
  try {
    const names = sql.prepare("SELECT name FROM sqlite_schema").pluck().all() as string[];
    const missing = ["experiments", "runs", "metrics", "params", "tags"].filter(
      (name) => !names.includes(name),
    );
    if (missing.length === 0) return sql;
    throw new StoreError(
      "INVALID",
      `import: ${file} is no MLflow database (no table ${missing.join(", ")})`,
    );
  } catch (error) {
    sql.close();
    if (error instanceof StoreError) throw error;
    const text = `import: ${file} is no SQLite file: ${(error as Error).message}`;
    throw new StoreError("INVALID", text, { cause: error });
  }
}

function* pointsOf(sql: Sqlite.Database, run: string): Generator<NewPoint> {
  const rows = sql
    .prepare(
      `SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ?
       ORDER BY key, step, timestamp`,
    )
    .raw()
    .all(run) as [string, number, number, number, number][];
  for (const [key, stored, timestamp, step, isNaN] of rows) {
    const infinite = Math.abs(stored) >= LARGEST ? Math.sign(stored) * Infinity : stored;
    yield { key, value: isNaN ? NaN : infinite, timestamp, step };
  }
}

/** Since MLflow 2.4; older files have no such tables. */
function inputsOf(sql: Sqlite.Database, run: string): NewInput[] {
  const exists = sql.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'inputs'").get();
  if (!exists) return [];
  type Row = { id: string } & Record<string, string | null>;
  const rows = sql
    .prepare<[string], Row>(
      `SELECT i.input_uuid AS id, d.name, d.digest, d.dataset_source_type AS sourceType,
         d.dataset_source AS source, d.dataset_schema AS schema, d.dataset_profile AS profile
       FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
       WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ?`,
    )
    .all(run);
  const tags = sql.prepare<[string], [string, string]>(
    "SELECT name, value FROM input_tags WHERE input_uuid = ?",
  );
  return rows.map(({ id, ...row }) => {
    const known = Object.entries(row).filter(([, value]) => value !== null);
    const dataset = Object.fromEntries(known) as NewInput["dataset"];
    return { dataset, tags: Object.fromEntries(tags.raw().all(id)) };
  });
}
