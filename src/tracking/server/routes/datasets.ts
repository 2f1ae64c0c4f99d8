/** @file /datasets (API 3.0): evaluation data sets, their records, tags and experiments. */
import { createHash, randomUUID } from "node:crypto";
import { filterSql, orderSql, vocabularyOf } from "../../search/index.ts";
import { checkKey, checkName } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { ApiError, missing } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { omitNull } from "../wire.ts";
import { activeExperiment, experimentIds } from "./experiments.ts";

type Row = {
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly created_by: string | null;
  readonly updated_by: string | null;
};

const DATASETS = vocabularyOf({
  texts: {
    name: "d.name",
    dataset_id: "d.id",
    digest: "d.digest",
    created_by: "d.created_by",
    last_updated_by: "d.updated_by",
  },
  numbers: { created_time: "d.created_at", last_update_time: "d.updated_at" },
  pairs: {
    tags: { text: "(SELECT value FROM evaluation_dataset_tags WHERE dataset = d.id AND key = ?)" },
  },
});
const MAX_PAGE = 1_000;

export function datasetRoutes(context: Context): Route[] {
  const { connection, write, now } = context;

  const rowOf = (fields: Fields): Row => {
    const id = fields.required("id");
    const row = connection
      .prepare<[string], Row>("SELECT * FROM evaluation_datasets WHERE id = ?")
      .get(id);
    if (!row) throw missing(`Evaluation dataset with id '${id}' not found`);
    return row;
  };
  const touch = (id: string, user: string | undefined): void => {
    const records = connection
      .prepare<[string], string>(
        "SELECT document FROM evaluation_dataset_records WHERE dataset = ? ORDER BY serial",
      )
      .pluck()
      .all(id);
    const digest = createHash("sha256").update(records.join("\n")).digest("hex").slice(0, 8);
    connection
      .prepare(
        "UPDATE evaluation_datasets SET digest = ?, updated_at = ?, updated_by = coalesce(?, updated_by) WHERE id = ?",
      )
      .run(digest, now(), user ?? null, id);
  };
  const experimentsOf = (id: string): string[] =>
    connection
      .prepare<[string], string>(
        "SELECT CAST(experiment AS TEXT) FROM evaluation_dataset_experiments WHERE dataset = ? ORDER BY experiment",
      )
      .pluck()
      .all(id);
  const setTags = (id: string, tags: readonly [string, string | null][]): void => {
    for (const [key, value] of tags) {
      checkKey("tag", key);
      if (value === null)
        connection
          .prepare("DELETE FROM evaluation_dataset_tags WHERE dataset = ? AND key = ?")
          .run(id, key);
      else
        connection
          .prepare("INSERT OR REPLACE INTO evaluation_dataset_tags VALUES (?, ?, ?)")
          .run(id, key, value);
    }
  };
  const setExperiments = (id: string, fields: Fields, sql: string): void => {
    for (const experiment of experimentIds(fields)) {
      activeExperiment(context, String(experiment));
      connection.prepare(sql).run(id, experiment);
    }
  };
  const ADD = "INSERT OR IGNORE INTO evaluation_dataset_experiments VALUES (?, ?)";
  const REMOVE = "DELETE FROM evaluation_dataset_experiments WHERE dataset = ? AND experiment = ?";

  const wire = (row: Row): object => {
    const tags = connection
      .prepare<[string], [string, string]>(
        "SELECT key, value FROM evaluation_dataset_tags WHERE dataset = ? ORDER BY key",
      )
      .raw()
      .all(row.id);
    return omitNull({
      dataset_id: row.id,
      name: row.name,
      digest: row.digest,
      schema: row.schema,
      profile: row.profile,
      tags: JSON.stringify(Object.fromEntries(tags)),
      created_time: row.created_at,
      last_update_time: row.updated_at,
      created_by: row.created_by,
      last_updated_by: row.updated_by,
      experiment_ids: experimentsOf(row.id),
    });
  };
  const changed = (fields: Fields): object => ({ dataset: wire(rowOf(fields)) });

  const create = ({ fields }: Call) => {
    const name = fields.required("name");
    checkName("data set name", name);
    const tags = tagsOf(fields);
    const user =
      tags.find(([key]) => key === "mlflow.user")?.[1] ?? fields.text("created_by") ?? null;
    const id = `d-${randomUUID().replaceAll("-", "")}`;
    return write(() => {
      const { changes } = connection
        .prepare(
          "INSERT OR IGNORE INTO evaluation_datasets VALUES (?, ?, '', NULL, NULL, ?, ?, ?, ?)",
        )
        .run(id, name, now(), now(), user, user);
      if (changes === 0)
        throw new ApiError(
          "RESOURCE_ALREADY_EXISTS",
          `Evaluation dataset '${name}' already exists.`,
        );
      setTags(id, tags);
      setExperiments(id, fields, ADD);
      touch(id, undefined);
      return changed(fields.with({ id }));
    });
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, MAX_PAGE, MAX_PAGE);
    const offset = pageOffset(fields);
    const ids = experimentIds(fields);
    const filter = filterSql(fields.text("filter_string") ?? fields.text("filter") ?? "", DATASETS);
    const order = orderSql(fields.texts("order_by"), DATASETS);
    const within =
      ids.length === 0
        ? "1"
        : `EXISTS (SELECT 1 FROM evaluation_dataset_experiments x WHERE x.dataset = d.id AND x.experiment IN (SELECT value FROM json_each('${JSON.stringify(ids)}')))`;
    const rows = connection.snapshot("search data sets", () =>
      connection
        .prepare<unknown[], Row>(
          `SELECT d.* FROM evaluation_datasets d WHERE ${within} AND ${filter.text}
           ORDER BY ${order.text === "" ? "" : `${order.text}, `}d.created_at DESC, d.id LIMIT ? OFFSET ?`,
        )
        .all(...filter.values, ...order.values, limit + 1, offset),
    );
    const { page, ...next } = paged(rows, offset, limit);
    return { ...(page.length > 0 && { datasets: page.map(wire) }), ...next };
  };

  /** Records with inputs that are there already are merged into those. */
  const upsert = ({ fields }: Call) => {
    const records = parseJson(fields, "records");
    if (!Array.isArray(records)) throw fields.wrong("records", records, "a JSON list of records");
    for (const record of records as unknown[]) {
      const inputs =
        typeof record === "object" && record !== null && "inputs" in record
          ? record.inputs
          : undefined;
      if (typeof inputs !== "object" || inputs === null)
        throw fields.wrong("records", record, "a record with inputs");
    }
    return write(() => {
      const { id } = rowOf(fields);
      let inserted = 0;
      for (const record of records as Record<string, unknown>[]) {
        const inputs = JSON.stringify(record["inputs"]);
        const known = connection
          .prepare<[string, string], { id: string; document: string }>(
            "SELECT id, document FROM evaluation_dataset_records WHERE dataset = ? AND inputs = ?",
          )
          .get(id, inputs);
        const recordId = known?.id ?? `dr-${randomUUID().replaceAll("-", "")}`;
        const old = known ? (JSON.parse(known.document) as object) : { created_time: now() };
        const document = JSON.stringify({
          ...old,
          ...record,
          dataset_record_id: recordId,
          dataset_id: id,
          last_update_time: now(),
        });
        if (known) {
          connection
            .prepare("UPDATE evaluation_dataset_records SET document = ? WHERE id = ?")
            .run(document, recordId);
        } else {
          inserted++;
          connection
            .prepare(
              "INSERT INTO evaluation_dataset_records (id, dataset, inputs, document) VALUES (?, ?, ?, ?)",
            )
            .run(recordId, id, inputs, document);
        }
      }
      touch(id, fields.text("updated_by"));
      return { inserted_count: inserted, updated_count: records.length - inserted };
    });
  };

  const removeRecords = ({ fields }: Call) => {
    const ids = JSON.stringify(fields.texts("dataset_record_ids"));
    return write(() => {
      const { id } = rowOf(fields);
      const { changes } = connection
        .prepare(
          "DELETE FROM evaluation_dataset_records WHERE dataset = ? AND id IN (SELECT value FROM json_each(?))",
        )
        .run(id, ids);
      touch(id, undefined);
      return { deleted_count: changes };
    });
  };

  const records = ({ fields }: Call) => {
    const limit = maxResults(fields, MAX_PAGE, MAX_PAGE);
    const offset = pageOffset(fields);
    const rows = connection
      .prepare<[string, number, number], string>(
        "SELECT document FROM evaluation_dataset_records WHERE dataset = ? ORDER BY serial LIMIT ? OFFSET ?",
      )
      .pluck()
      .all(rowOf(fields).id, limit + 1, offset);
    const { page, ...next } = paged(rows, offset, limit);
    return { records: `[${page.join(",")}]`, ...next };
  };

  const change = (work: (id: string, fields: Fields) => void) => (call: Call) =>
    write(() => {
      const { id } = rowOf(call.fields);
      work(id, call.fields);
      touch(id, undefined);
      return changed(call.fields);
    });

  return [
    route("POST /datasets/create", create),
    route("POST /datasets/search", search, "viewer"),
    route("GET /datasets/search", search),
    route("GET /datasets/{id}", ({ fields }) => changed(fields)),
    route(
      "DELETE /datasets/{id}",
      ({ fields }) =>
        write(() => {
          connection.prepare("DELETE FROM evaluation_datasets WHERE id = ?").run(rowOf(fields).id);
          return {};
        }),
      "admin",
    ),
    route(
      "PATCH /datasets/{id}/tags",
      change((id, fields) => setTags(id, tagsOf(fields))),
    ),
    route(
      "DELETE /datasets/{id}/tags/{key}",
      change((id, fields) => setTags(id, [[fields.required("key"), null]])),
    ),
    route("POST /datasets/{id}/records", upsert),
    route("GET /datasets/{id}/records", records),
    route("DELETE /datasets/{id}/records", removeRecords),
    route(
      "POST /datasets/{id}/add-experiments",
      change((id, fields) => setExperiments(id, fields, ADD)),
    ),
    route(
      "POST /datasets/{id}/remove-experiments",
      change((id, fields) => setExperiments(id, fields, REMOVE)),
    ),
    route("GET /datasets/{id}/experiment-ids", ({ fields }) => ({
      experiment_ids: experimentsOf(rowOf(fields).id),
    })),
  ];
}

/** Texts that hold JSON, as clients send them; JSON itself is taken as well. */
function parseJson(fields: Fields, name: string): unknown {
  const raw = fields.raw(name);
  if (typeof raw !== "string") return raw;
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new ApiError(
      "INVALID_PARAMETER_VALUE",
      `Invalid value for parameter '${name}': no JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function tagsOf(fields: Fields): [string, string | null][] {
  const tags = parseJson(fields, "tags");
  if (tags === undefined || tags === null || tags === "") return [];
  if (typeof tags !== "object" || Array.isArray(tags))
    throw fields.wrong("tags", tags, "a JSON object");
  return Object.entries(tags).map(([key, value]) => [
    key,
    value === null || typeof value === "string" ? value : JSON.stringify(value),
  ]);
}
