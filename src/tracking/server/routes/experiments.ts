/** @file /experiments: make, find, rename, tag, delete, restore. */
import {
  experimentNamed,
  insertExperiment,
  setExperimentLifecycle,
  updateExperiment,
} from "../../records.ts";
import { type ExperimentRow, toExperiment } from "../../rows.ts";
import { EXPERIMENTS, filterSql, orderSql } from "../../search/index.ts";
import { checkName } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { ApiError, invalid, missing } from "../errors.ts";
import { type Fields, maxResults, type Pair } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { wireExperiment } from "../wire.ts";
import { checkLocation } from "../places.ts";

const MAX_TAG = 5_000;
const MAX_PAGE = 50_000;

type Row = ExperimentRow & { readonly artifact_location: string | null };

export function experimentRoutes(context: Context): Route[] {
  const { connection, write, now, announce } = context;
  const wire = (row: Row): object =>
    wireExperiment({
      ...toExperiment(connection, row),
      artifactLocation: row.artifact_location,
    });

  const create = ({ fields }: Call) => {
    const name = fields.required("name");
    checkName("experiment name", name);
    const location = fields.text("artifact_location") || null;
    if (location !== null) checkLocation(location);
    const tags = experimentTags(fields.pairs("tags"));
    return write(() => {
      const known = experimentNamed(connection, name);
      if (known) {
        const deleted =
          known.lifecycle === "deleted"
            ? " in the deleted state. Restore it, or remove it for ever with `rzenlab` gc, to reuse the name"
            : "";
        throw new ApiError(
          "RESOURCE_ALREADY_EXISTS",
          `Experiment '${name}' already exists${deleted}.`,
        );
      }
      const id = insertExperiment(connection, name, tags, now());
      if (location !== null) {
        connection
          .prepare("UPDATE experiments SET artifact_location = ? WHERE id = ?")
          .run(location, id);
      }
      announce({ kind: "experiment", experimentId: id });
      return { experiment_id: String(id) };
    });
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, 1_000, MAX_PAGE);
    const offset = pageOffset(fields);
    const filter = filterSql(fields.text("filter") ?? "", EXPERIMENTS);
    const order = orderSql(fields.texts("order_by"), EXPERIMENTS);
    const rows = connection.snapshot("search experiments", () =>
      connection
        .prepare<unknown[], Row>(
          `SELECT e.* FROM experiments e WHERE ${lifecycleSql(fields, "view_type", "e")} AND ${filter.text}
           ORDER BY ${order.text === "" ? "e.updated_at DESC, e.id DESC" : `${order.text}, e.id`}
           LIMIT ? OFFSET ?`,
        )
        .all(...filter.values, ...order.values, limit + 1, offset),
    );
    const { page, ...next } = paged(rows, offset, limit);
    return { ...(page.length > 0 && { experiments: page.map(wire) }), ...next };
  };

  const update = ({ fields }: Call) => {
    const id = experimentId(fields);
    const name = fields.text("new_name");
    if (name !== undefined) checkName("experiment name", name);
    return write(() => {
      const row = experimentRow(context, id);
      if (row.lifecycle !== "active") {
        throw invalid(
          `Experiment ${id} is deleted: it cannot be renamed (it must be in the 'active' state)`,
        );
      }
      if (name !== undefined) {
        const known = experimentNamed(connection, name);
        if (known && known.id !== row.id) {
          throw new ApiError("RESOURCE_ALREADY_EXISTS", `Experiment '${name}' already exists.`);
        }
        connection.prepare("UPDATE experiments SET name = ? WHERE id = ?").run(name, row.id);
        updateExperiment(connection, row.id, {}, now());
        announce({ kind: "experiment", experimentId: row.id });
      }
      return {};
    });
  };

  const setLifecycle =
    (lifecycle: "active" | "deleted") =>
    ({ fields }: Call) => {
      const id = experimentId(fields);
      return write(() => {
        const row = experimentRow(context, id);
        if (row.lifecycle === lifecycle) {
          throw missing(
            `No ${lifecycle === "deleted" ? "active" : "deleted"} experiment with id ${row.id} exists`,
          );
        }
        setExperimentLifecycle(connection, row.id, lifecycle, now());
        announce({ kind: "experiment", experimentId: row.id });
        return {};
      });
    };

  return [
    route("POST /experiments/create", create),
    route("GET /experiments/get", ({ fields }) => ({
      experiment: wire(experimentRow(context, experimentId(fields))),
    })),
    route("GET /experiments/get-by-name", ({ fields }) => {
      const name = fields.required("experiment_name");
      const row = connection
        .prepare<[string], Row>("SELECT * FROM experiments WHERE name = ?")
        .get(name);
      if (!row) throw missing(`Could not find experiment with name '${name}'`);
      return { experiment: wire(row) };
    }),
    route("POST /experiments/search", search, "viewer"),
    route("GET /experiments/search", search),
    route("POST /experiments/update", update),
    route("POST /experiments/delete", setLifecycle("deleted"), "admin"),
    route("POST /experiments/restore", setLifecycle("active"), "admin"),
    route("POST /experiments/set-experiment-tag", ({ fields }) => {
      const id = experimentId(fields);
      const tags = experimentTags([{ key: fields.required("key"), value: fields.given("value") }]);
      return write(() => {
        const row = activeExperiment(context, id);
        updateExperiment(connection, row.id, tags, now());
        announce({ kind: "experiment", experimentId: row.id });
        return {};
      });
    }),
    route("POST /experiments/delete-experiment-tag", ({ fields }) => {
      const id = experimentId(fields);
      const key = fields.required("key");
      return write(() => {
        const row = activeExperiment(context, id);
        const { changes } = connection
          .prepare("DELETE FROM experiment_tags WHERE experiment = ? AND key = ?")
          .run(row.id, key);
        if (changes === 0)
          throw missing(`No tag with name: ${key} in experiment with id ${row.id}`);
        updateExperiment(connection, row.id, {}, now());
        return {};
      });
    }),
  ];
}

function experimentTags(pairs: readonly Pair[]): Record<string, string> {
  for (const { key, value } of pairs) {
    if (value.length > MAX_TAG) {
      throw invalid(
        `Experiment tag '${key}' has ${value.length} characters, at most ${MAX_TAG} are allowed`,
      );
    }
  }
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

export function experimentId(fields: Fields): string {
  // The browser and some clients send numbers.
  const raw = fields.raw("experiment_id");
  return typeof raw === "number" ? String(raw) : fields.required("experiment_id");
}

/** The experiment, deleted or not. Ids are texts to clients; one that is no number names nothing. */
export function experimentRow({ connection }: Pick<Context, "connection">, id: string): Row {
  const row = /^\d{1,15}$/.test(id)
    ? connection.prepare<[number], Row>("SELECT * FROM experiments WHERE id = ?").get(Number(id))
    : undefined;
  if (!row) throw missing(`No Experiment with id=${id} exists`);
  return row;
}

export function activeExperiment(context: Pick<Context, "connection">, id: string): Row {
  const row = experimentRow(context, id);
  if (row.lifecycle === "active") return row;
  throw invalid(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);
}

/** Ids of existing experiments, unknown ones left out. */
export function experimentIds(fields: Fields): number[] {
  return fields
    .list("experiment_ids")
    .map((id, i) => {
      if (typeof id === "string" || typeof id === "number") return String(id);
      throw fields.wrong(`experiment_ids[${i}]`, id, "a string");
    })
    .filter((id) => /^\d{1,15}$/.test(id))
    .map(Number);
}

const VIEWS = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;

/** SQL of a view type on table `table`. */
export function lifecycleSql(fields: Fields, name: string, table: string): string {
  const view = fields.choice(name, VIEWS) ?? "ACTIVE_ONLY";
  return view === "ALL"
    ? "1"
    : `${table}.lifecycle = '${view === "ACTIVE_ONLY" ? "active" : "deleted"}'`;
}
