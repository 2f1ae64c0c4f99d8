/** @file /traces: stored, listed, tagged, judged, deleted. */
import { filterSql, orderSql, vocabularyOf } from "../../search/index.ts";
import { checkName } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { Fields, maxResults } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { durationOf, timeOf, traceRow, type TraceRow, wireTrace } from "../traces/rows.ts";
import { runRow } from "../wire.ts";
import { activeExperiment, experimentId } from "./experiments.ts";

const TRACES = vocabularyOf({
  texts: {
    trace_id: "t.id",
    request_id: "t.id",
    state: "t.state",
    status: "t.state",
    name: "(SELECT value FROM trace_tags WHERE trace = t.serial AND key = 'mlflow.traceName')",
    client_request_id: "t.client_request_id",
    run_id:
      "(SELECT value FROM trace_metadata WHERE trace = t.serial AND key = 'mlflow.sourceRun')",
  },
  numbers: {
    timestamp_ms: "t.request_time",
    timestamp: "t.request_time",
    request_time: "t.request_time",
    execution_time_ms: "t.duration_ms",
    execution_time: "t.duration_ms",
    execution_duration: "t.duration_ms",
  },
  pairs: {
    tags: { text: "(SELECT value FROM trace_tags WHERE trace = t.serial AND key = ?)" },
    metadata: { text: "(SELECT value FROM trace_metadata WHERE trace = t.serial AND key = ?)" },
  },
});
const STATES = ["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"] as const;
const MAX_PAGE = 500;

export function traceRoutes(context: Context): Route[] {
  const { connection, write, now, announce } = context;

  /** Clients send a trace when it starts, when it ends, and again after its spans. */
  const start = ({ fields }: Call) => {
    const info = fields.object("trace")?.object("trace_info");
    if (!info) throw fields.absent("trace.trace_info");
    const id = info.required("trace_id");
    checkName("trace id", id);
    const experiment = experimentId(
      info.object("trace_location")?.object("mlflow_experiment") ??
        new Fields({ experiment_id: "0" }),
    );
    const values = [
      timeOf(info, "request_time") ?? now(),
      durationOf(info, "execution_duration") ?? null,
      info.choice("state", STATES) ?? "STATE_UNSPECIFIED",
      info.text("client_request_id") ?? null,
      info.text("request_preview") ?? null,
      info.text("response_preview") ?? null,
    ];
    const tags = record(info, "tags");
    const metadata = record(info, "trace_metadata");
    return write(() => {
      const { id: serialOfExperiment } = activeExperiment(context, experiment);
      connection
        .prepare(
          `INSERT INTO traces (id, experiment, request_time, duration_ms, state, client_request_id, request_preview, response_preview)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET request_time = excluded.request_time,
             duration_ms = excluded.duration_ms, state = excluded.state, client_request_id = excluded.client_request_id,
             request_preview = excluded.request_preview, response_preview = excluded.response_preview`,
        )
        .run(id, serialOfExperiment, ...values);
      const row = traceRow(context, id);
      setPairs("trace_tags", row, tags);
      setPairs("trace_metadata", row, metadata);
      announce({ kind: "trace", experimentId: serialOfExperiment, id });
      return { trace: { trace_info: wireTrace(context, row) } };
    });
  };
  const setPairs = (
    table: string,
    { serial }: TraceRow,
    pairs: readonly [string, string][],
  ): void => {
    const insert = connection.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?)`);
    for (const [key, value] of pairs) insert.run(serial, key, value);
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, 100, MAX_PAGE);
    const offset = pageOffset(fields);
    const experiments = [
      ...fields.texts("experiment_ids"),
      ...fields
        .objects("locations")
        .map((one) => one.object("mlflow_experiment")?.text("experiment_id") ?? ""),
    ];
    const filter = filterSql(fields.text("filter") ?? "", TRACES);
    const order = orderSql(fields.texts("order_by"), TRACES);
    const rows = connection.snapshot("search traces", () =>
      connection
        .prepare<unknown[], TraceRow>(
          `SELECT t.* FROM traces t WHERE CAST(t.experiment AS TEXT) IN (SELECT value FROM json_each(?)) AND ${filter.text}
           ORDER BY ${order.text === "" ? "" : `${order.text}, `}t.request_time DESC, t.serial DESC LIMIT ? OFFSET ?`,
        )
        .all(JSON.stringify(experiments), ...filter.values, ...order.values, limit + 1, offset),
    );
    const { page, ...next } = paged(rows, offset, limit);
    return {
      ...(page.length > 0 && { traces: page.map((row) => wireTrace(context, row)) }),
      ...next,
    };
  };

  const whole = (id: string): object => {
    const row = traceRow(context, id);
    const spans = connection
      .prepare<[string], string>("SELECT document FROM spans WHERE trace = ? ORDER BY start_ns, id")
      .pluck()
      .all(id)
      .map((document) => JSON.parse(document) as object);
    return { trace_info: wireTrace(context, row), ...(spans.length > 0 && { spans }) };
  };

  const remove = ({ fields }: Call) => {
    const experiment = experimentId(fields);
    const ids = [...fields.texts("trace_ids"), ...fields.texts("request_ids")];
    const before = fields.integer("max_timestamp_millis");
    const most = fields.integer("max_traces") ?? 10_000;
    if ((ids.length === 0) === (before === undefined)) {
      throw fields.wrong("max_timestamp_millis", before, "given, or trace_ids, but not both");
    }
    return write(() => {
      const chosen =
        ids.length > 0 ? "id IN (SELECT value FROM json_each(?))" : "request_time <= ?";
      const doomed = connection
        .prepare<unknown[], string>(
          `SELECT id FROM traces WHERE CAST(experiment AS TEXT) = ? AND ${chosen} ORDER BY request_time LIMIT ?`,
        )
        .pluck()
        .all(experiment, ids.length > 0 ? JSON.stringify(ids) : before, Math.max(0, most));
      for (const id of doomed) {
        connection.prepare("DELETE FROM spans WHERE trace = ?").run(id);
        connection.prepare("DELETE FROM traces WHERE id = ?").run(id);
      }
      return { traces_deleted: doomed.length };
    });
  };

  const linkToRun = ({ fields }: Call) => {
    const run = fields.required("run_id");
    const ids = fields.texts("trace_ids");
    return write(() => {
      runRow(connection, run);
      for (const id of ids) {
        connection
          .prepare("INSERT OR IGNORE INTO trace_runs VALUES (?, ?)")
          .run(traceRow(context, id).serial, run);
      }
      return {};
    });
  };

  return [
    route("POST /traces", start),
    route("POST /traces/search", search, "viewer"),
    route("GET /traces/search", search),
    route("GET /traces/get", ({ fields }) => ({ trace: whole(fields.required("trace_id")) })),
    route("GET /traces/batchGet", ({ fields }) => ({
      traces: fields.texts("trace_ids").map(whole),
    })),
    route(
      "POST /traces/batchGetInfos",
      ({ fields }) => ({
        trace_infos: fields
          .texts("trace_ids")
          .map((id) => wireTrace(context, traceRow(context, id))),
      }),
      "viewer",
    ),
    route("POST /traces/delete-traces", remove, "admin"),
    route("POST /traces/link-to-run", linkToRun),
    route("GET /traces/{id}", ({ fields }) => ({
      trace: { trace_info: wireTrace(context, traceRow(context, fields.required("id"))) },
    })),
    route("PATCH /traces/{id}/tags", ({ fields }) => {
      const pair: [string, string] = [fields.required("key"), fields.text("value") ?? ""];
      return write(() => {
        setPairs("trace_tags", traceRow(context, fields.required("id")), [pair]);
        return {};
      });
    }),
    route("DELETE /traces/{id}/tags", ({ fields, request }) => {
      const key = fields.text("key") ?? new Fields(request.query).required("key");
      return write(() => {
        const { serial } = traceRow(context, fields.required("id"));
        connection.prepare("DELETE FROM trace_tags WHERE trace = ? AND key = ?").run(serial, key);
        return {};
      });
    }),
  ];
}

/** A map of texts. */
function record(fields: Fields, name: string): [string, string][] {
  const map = fields.object(name);
  if (!map) return [];
  const raw = fields.raw(name) as Record<string, unknown>;
  return Object.keys(raw).map((key) => [key, map.text(key) ?? ""]);
}
