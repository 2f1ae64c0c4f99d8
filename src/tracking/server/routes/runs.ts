/** @file /runs: make, read, search, update, delete, restore. */
import { NAME_TAG } from "../../records.ts";
import { checkQuery } from "../../search/index.ts";
import type { RunStatus } from "../../types.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { pageOffset } from "../paging.ts";
import { runRow, wireNewRun, wireRunInfo, wireRuns } from "../wire.ts";
import { activeExperiment, experimentIds, lifecycleSql } from "./experiments.ts";
import { tagRecord } from "./log.ts";
import { activeRun, runId } from "./run-id.ts";

const STATUSES: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const MAX_PAGE = 50_000;

export function runRoutes(context: Context): Route[] {
  const { store, connection, write, read, announce } = context;

  const create = ({ fields }: Call) => {
    const raw = fields.raw("experiment_id");
    const experiment =
      typeof raw === "number" ? String(raw) : (fields.text("experiment_id") ?? "0");
    const startTime = fields.time("start_time");
    const tags = tagRecord(fields.pairs("tags"));
    // Clients send an empty name for none.
    const name = fields.text("run_name") || tags[NAME_TAG] || undefined;
    if (name !== undefined && tags[NAME_TAG] !== undefined && tags[NAME_TAG] !== name) {
      throw invalid(
        `Both 'run_name' argument and '${NAME_TAG}' tag are specified, but with different values (run_name='${name}', ${NAME_TAG}='${tags[NAME_TAG]}').`,
      );
    }
    const user = fields.text("user_id") ?? "";
    return write(() => {
      const { id: experimentId } = activeExperiment(context, experiment || "0");
      const id = store.insertRun({
        experimentId,
        user,
        tags,
        ...(name !== undefined && { name }),
        ...(startTime !== undefined && { startTime }),
      });
      announce({ kind: "run", experimentId, runId: id });
      return { run: wireNewRun(connection, id) };
    });
  };

  const search = ({ fields, reply }: Call) => {
    const limit = maxResults(fields, 1_000, MAX_PAGE);
    const offset = pageOffset(fields);
    const ids = experimentIds(fields);
    const query = {
      experimentIds: ids,
      view: lifecycleSql(fields, "run_view_type", "r"),
      filter: fields.text("filter") ?? "",
      orderBy: fields.texts("order_by"),
      limit,
      offset,
    };
    checkQuery(query);
    if (ids.length === 0) return {};
    return read(reply, "search", query);
  };

  const update = ({ fields }: Call) => {
    const id = runId(fields);
    const status = statusOf(fields);
    const endTime = fields.time("end_time");
    const name = fields.text("run_name") || undefined;
    return write(() => {
      activeRun(context, id);
      store.updateRun(id, {
        ...(status !== undefined && { status }),
        ...(endTime !== undefined && { endTime }),
        ...(name !== undefined && { name }),
      });
      const row = runRow(connection, id);
      announce({ kind: "run", experimentId: row.experiment, runId: id });
      return { run_info: wireRunInfo(row) };
    });
  };

  const setLifecycle =
    (lifecycle: "active" | "deleted") =>
    ({ fields }: Call) => {
      const id = runId(fields);
      return write(() => {
        const row = runRow(connection, id);
        if (lifecycle === "deleted") store.deleteRun(id);
        else {
          activeExperiment(context, String(row.experiment));
          store.restoreRun(id);
        }
        announce({ kind: "run", experimentId: row.experiment, runId: id });
        return {};
      });
    };

  return [
    route("POST /runs/create", create),
    route("GET /runs/get", ({ fields }) => ({ run: oneRun(context, runId(fields)) })),
    route("POST /runs/search", search, "viewer"),
    route("GET /runs/search", search),
    route("POST /runs/update", update),
    route("POST /runs/delete", setLifecycle("deleted"), "admin"),
    route("POST /runs/restore", setLifecycle("active"), "admin"),
    route(
      "POST /experiments/search-datasets",
      ({ fields }) => {
        const ids = JSON.stringify(experimentIds(fields));
        const rows = connection
          .prepare<[string], Record<string, string>>(
            `SELECT DISTINCT CAST(d.experiment AS TEXT) AS experiment_id, d.name, d.digest, coalesce(t.value, '') AS context
             FROM datasets d JOIN inputs i ON i.dataset = d.id
             LEFT JOIN input_tags t ON t.run = i.run AND t.dataset = i.dataset AND t.key = 'mlflow.data.context'
             WHERE d.experiment IN (SELECT value FROM json_each(?)) ORDER BY d.experiment, d.name, d.digest LIMIT 1000`,
          )
          .all(ids);
        return rows.length > 0 ? { dataset_summaries: rows } : {};
      },
      "viewer",
    ),
  ];
}

function oneRun({ connection }: Context, id: string): object {
  return connection.snapshot(
    "run",
    () => wireRuns(connection, [runRow(connection, id).serial])[0]!,
  );
}

function statusOf(fields: Fields): RunStatus | undefined {
  // Very old clients send the number of the enumeration.
  const raw = fields.raw("status");
  if (typeof raw === "number" && STATUSES[raw - 1] !== undefined) return STATUSES[raw - 1];
  return fields.choice("status", STATUSES);
}
