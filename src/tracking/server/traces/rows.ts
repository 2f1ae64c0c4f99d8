/** @file Traces as MLflow's JSON. */
import type { Context } from "../context.ts";
import { missing } from "../errors.ts";
import type { Fields } from "../fields.ts";
import { experimentRoot, omitNull } from "../wire.ts";

export type TraceRow = {
  readonly serial: number;
  readonly id: string;
  readonly experiment: number;
  readonly request_time: number;
  readonly duration_ms: number | null;
  readonly state: string;
  readonly client_request_id: string | null;
  readonly request_preview: string | null;
  readonly response_preview: string | null;
};

export function traceRow({ connection }: Pick<Context, "connection">, id: string): TraceRow {
  const row = connection.prepare<[string], TraceRow>("SELECT * FROM traces WHERE id = ?").get(id);
  if (!row) throw missing(`Trace with ID '${id}' not found.`);
  return row;
}

/** `trace_info` of a row. */
export function wireTrace({ connection }: Pick<Context, "connection">, row: TraceRow): object {
  const record = (table: string): Record<string, string> =>
    Object.fromEntries(
      connection
        .prepare<[number], [string, string]>(`SELECT key, value FROM ${table} WHERE trace = ?`)
        .raw()
        .all(row.serial),
    );
  const location = connection
    .prepare<[number], string | null>("SELECT artifact_location FROM experiments WHERE id = ?")
    .pluck()
    .get(row.experiment)!;
  const assessments = connection
    .prepare<[number], string>(
      "SELECT document FROM assessments WHERE trace = ? ORDER BY created_at, id",
    )
    .pluck()
    .all(row.serial)
    .map((document) => JSON.parse(document) as object);
  return omitNull({
    trace_id: row.id,
    client_request_id: row.client_request_id,
    trace_location: {
      type: "MLFLOW_EXPERIMENT",
      mlflow_experiment: { experiment_id: String(row.experiment) },
    },
    request_preview: row.request_preview,
    response_preview: row.response_preview,
    request_time: new Date(row.request_time).toISOString(),
    execution_duration: row.duration_ms === null ? null : `${row.duration_ms / 1_000}s`,
    state: row.state,
    trace_metadata: record("trace_metadata"),
    tags: {
      ...record("trace_tags"),
      // Where clients put the spans, and look for them.
      "mlflow.artifactLocation": `${experimentRoot(row.experiment, location)}/traces/${row.id}/artifacts`,
    },
    assessments: assessments.length > 0 ? assessments : null,
  });
}

/** A protobuf Timestamp as JSON, or milliseconds. */
export function timeOf(fields: Fields, name: string): number | undefined {
  const raw = fields.raw(name);
  if (raw === undefined || typeof raw === "number") return fields.time(name);
  const time = Date.parse(fields.required(name));
  if (Number.isNaN(time) || time < 0)
    throw fields.wrong(name, raw, "a time such as 2026-01-31T12:00:00Z");
  return time;
}

/** A protobuf Duration as JSON (`0.25s`), in milliseconds. */
export function durationOf(fields: Fields, name: string): number | undefined {
  const raw = fields.raw(name);
  if (raw === undefined || typeof raw === "number") return fields.integer(name);
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(fields.required(name))?.[1];
  if (seconds === undefined) throw fields.wrong(name, raw, "a duration such as 0.25s");
  return Math.round(Number(seconds) * 1_000);
}
