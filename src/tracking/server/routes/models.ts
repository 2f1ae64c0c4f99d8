/** @file /logged-models: MLflow 3's models, made by runs and measured on data sets. */
import { randomUUID } from "node:crypto";
import { filterSql, orderSql, vocabularyOf } from "../../search/index.ts";
import { toNumber } from "../../rows.ts";
import { randomName } from "../../names.ts";
import { checkKey, checkName, paramNumber } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid, missing } from "../errors.ts";
import { type Fields, maxResults, type Pair } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { experimentRoot, omitEmpty, omitNull, wireNumber } from "../wire.ts";
import { activeExperiment, experimentId, experimentIds } from "./experiments.ts";
import { MAX_PARAM, MAX_TAG } from "./log.ts";

const STATUSES = [
  "LOGGED_MODEL_STATUS_UNSPECIFIED",
  "LOGGED_MODEL_PENDING",
  "LOGGED_MODEL_READY",
  "LOGGED_MODEL_UPLOAD_FAILED",
] as const;
const MAX_PARAMS = 100;
const MAX_PAGE = 50;

type ModelRow = {
  readonly serial: number;
  readonly id: string;
  readonly experiment: number;
  readonly name: string;
  readonly type: string | null;
  readonly source_run: string | null;
  readonly status: string;
  readonly status_message: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly location: string | null;
};

const SELECT = `SELECT m.*, e.artifact_location AS location FROM models m
  JOIN experiments e ON e.id = m.experiment`;
/** Latest value of a key over the data sets of the search, if it names some. */
const metricSql = (onDatasets: string) =>
  `(SELECT iif(typeof(latest_value) = 'text', NULL, latest_value) FROM series WHERE model_id = m.id AND key = ?
    AND count > 0 ${onDatasets} ORDER BY latest_step DESC, latest_timestamp DESC LIMIT 1)`;

export function modelRoutes(context: Context): Route[] {
  const { connection, write, now, announce } = context;

  const modelRow = (id: string): ModelRow => {
    const row = connection
      .prepare<[string], ModelRow>(`${SELECT} WHERE m.id = ? AND m.deleted_at IS NULL`)
      .get(id);
    if (!row) throw missing(`Logged model with ID '${id}' not found.`);
    return row;
  };
  const touch = (serial: number): void => {
    connection.prepare("UPDATE models SET updated_at = ? WHERE serial = ?").run(now(), serial);
  };
  const setTags = (serial: number, tags: readonly Pair[]): void => {
    const insert = connection.prepare(
      "INSERT INTO model_tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    for (const { key, value } of tags) {
      checkKey("tag", key);
      insert.run(serial, key, value.slice(0, MAX_TAG));
    }
  };
  const addParams = (serial: number, params: readonly Pair[]): void => {
    const insert = connection.prepare("INSERT OR IGNORE INTO model_params VALUES (?, ?, ?, ?)");
    for (const { key, value } of params) {
      checkKey("param", key);
      const text = value.slice(0, MAX_PARAM);
      insert.run(serial, key, text, paramNumber(text));
    }
  };

  const wire = (row: ModelRow): object => {
    const pairs = (table: string): object[] =>
      connection
        .prepare<[number], Pair>(`SELECT key, value FROM ${table} WHERE model = ? ORDER BY key`)
        .all(row.serial);
    const metrics = connection
      .prepare<[string], Record<string, string | number>>(
        `SELECT s.key, s.latest_value AS value, s.latest_timestamp AS timestamp, s.latest_step AS step,
           s.model_id, r.id AS run_id, s.dataset_name, s.dataset_digest
         FROM series s JOIN runs r ON r.serial = s.run WHERE s.model_id = ? AND s.count > 0 ORDER BY s.key`,
      )
      .all(row.id)
      .map(({ value, dataset_name, dataset_digest, ...rest }) => ({
        ...rest,
        value: wireNumber(toNumber(value!)),
        ...(dataset_name !== "" && { dataset_name, dataset_digest }),
      }));
    const tags = pairs("model_tags");
    return {
      info: {
        ...omitNull({
          model_id: row.id,
          experiment_id: String(row.experiment),
          name: row.name,
          creation_timestamp_ms: row.created_at,
          last_updated_timestamp_ms: row.updated_at,
          artifact_uri: `${experimentRoot(row.experiment, row.location).replace(/\/$/, "")}/models/${row.id}/artifacts`,
          status: row.status,
          status_message: row.status_message,
          model_type: row.type || null,
          source_run_id: row.source_run || null,
        }),
        ...(tags.length > 0 && { tags }),
      },
      data: omitEmpty({ params: pairs("model_params"), metrics }),
    };
  };

  const create = ({ fields }: Call) => {
    const experiment = experimentId(fields);
    const name = fields.text("name") || randomName();
    if (/[/:.%"']/.test(name)) {
      throw invalid(
        `Invalid model name (${JSON.stringify(name.slice(0, 100))}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
      );
    }
    checkName("model name", name);
    const params = fields.pairs("params").slice(0, MAX_PARAMS);
    const tags = fields.pairs("tags");
    const id = `m-${randomUUID().replaceAll("-", "")}`;
    return write(() => {
      const { id: experimentSerial } = activeExperiment(context, experiment);
      const time = now();
      const { lastInsertRowid } = connection
        .prepare(
          `INSERT INTO models (id, experiment, name, type, source_run, status, created_at, updated_at)
           VALUES (?, ?, ?, ?, ?, 'LOGGED_MODEL_PENDING', ?, ?)`,
        )
        .run(
          id,
          experimentSerial,
          name,
          fields.text("model_type") ?? null,
          fields.text("source_run_id") ?? null,
          time,
          time,
        );
      addParams(Number(lastInsertRowid), params);
      setTags(Number(lastInsertRowid), tags);
      announce({ kind: "model", experimentId: experimentSerial, id });
      return { model: wire(modelRow(id)) };
    });
  };

  const finalize = ({ fields }: Call) => {
    const id = fields.required("id");
    const raw = fields.raw("status");
    const status = typeof raw === "number" ? STATUSES[raw] : fields.choice("status", STATUSES);
    if (status === undefined) throw fields.absent("status");
    return write(() => {
      const { serial, experiment } = modelRow(id);
      connection.prepare("UPDATE models SET status = ? WHERE serial = ?").run(status, serial);
      touch(serial);
      announce({ kind: "model", experimentId: experiment, id });
      return { model: wire(modelRow(id)) };
    });
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, MAX_PAGE, 1_000);
    const offset = pageOffset(fields);
    const datasets = fields.objects("datasets").map((dataset) => ({
      name: dataset.required("dataset_name"),
      digest: dataset.text("dataset_digest") ?? "",
    }));
    const filter = filterSql(fields.text("filter") ?? "", modelVocabulary(datasets));
    const orders = fields.objects("order_by").map((order) => orderOf(order));
    const order = {
      text: orders.map(({ text }) => `${text}, `).join(""),
      values: orders.flatMap(({ values }) => values),
    };
    const rows = connection.snapshot("search models", () =>
      connection
        .prepare<unknown[], ModelRow>(
          `${SELECT} WHERE m.deleted_at IS NULL AND m.experiment IN (SELECT value FROM json_each(?))
             AND ${filter.text} ORDER BY ${order.text}m.created_at DESC, m.serial DESC LIMIT ? OFFSET ?`,
        )
        .all(
          JSON.stringify(experimentIds(fields)),
          ...filter.values,
          ...order.values,
          limit + 1,
          offset,
        ),
    );
    const { page, ...next } = paged(rows, offset, limit);
    return { ...(page.length > 0 && { models: page.map(wire) }), ...next };
  };

  return [
    route("POST /logged-models", create),
    route("GET /logged-models/{id}", ({ fields }) => ({
      model: wire(modelRow(fields.required("id"))),
    })),
    route("PATCH /logged-models/{id}", finalize),
    route(
      "DELETE /logged-models/{id}",
      ({ fields }) => {
        const id = fields.required("id");
        return write(() => {
          connection
            .prepare("UPDATE models SET deleted_at = ? WHERE serial = ?")
            .run(now(), modelRow(id).serial);
          return {};
        });
      },
      "admin",
    ),
    route("POST /logged-models/search", search, "viewer"),
    route("PATCH /logged-models/{id}/tags", ({ fields }) => {
      const id = fields.required("id");
      const tags = fields.pairs("tags");
      return write(() => {
        const { serial } = modelRow(id);
        setTags(serial, tags);
        touch(serial);
        return { model: wire(modelRow(id)) };
      });
    }),
    route("DELETE /logged-models/{id}/tags/{key}", ({ fields }) => {
      const id = fields.required("id");
      const key = fields.required("key");
      return write(() => {
        const { serial } = modelRow(id);
        const { changes } = connection
          .prepare("DELETE FROM model_tags WHERE model = ? AND key = ?")
          .run(serial, key);
        if (changes === 0) throw missing(`No tag with key ${key} found for model with ID ${id}.`);
        touch(serial);
        return {};
      });
    }),
    route("POST /logged-models/{id}/params", ({ fields }) => {
      const id = fields.required("id");
      const params = fields.pairs("params");
      if (params.length > MAX_PARAMS) {
        throw invalid(`At most ${MAX_PARAMS} params can be logged at once, got ${params.length}`);
      }
      return write(() => {
        addParams(modelRow(id).serial, params);
        return {};
      });
    }),
  ];
}

const TEXTS = {
  name: "m.name",
  model_id: "m.id",
  model_type: "m.type",
  status: "replace(m.status, 'LOGGED_MODEL_', '')",
  source_run_id: "m.source_run",
  experiment_id: "CAST(m.experiment AS TEXT)",
};
const NUMBERS = {
  creation_timestamp: "m.created_at",
  creation_time: "m.created_at",
  creation_timestamp_ms: "m.created_at",
  last_updated_timestamp: "m.updated_at",
  last_updated_time: "m.updated_at",
  last_updated_timestamp_ms: "m.updated_at",
};

type Dataset = { readonly name: string; readonly digest: string };

/** A search that names data sets means the metrics on them. */
function modelVocabulary(datasets: readonly Dataset[]) {
  const pair = (what: string, table: string) =>
    `(SELECT ${what} FROM ${table} WHERE model = m.serial AND key = ?)`;
  // As hexadecimal digits no text can end the literal, nor a NUL the statement.
  const quoted = (text: string) => `CAST(x'${Buffer.from(text).toString("hex")}' AS TEXT)`;
  const on = datasets.map(({ name, digest }) =>
    digest === ""
      ? `dataset_name = ${quoted(name)}`
      : `(dataset_name = ${quoted(name)} AND dataset_digest = ${quoted(digest)})`,
  );
  return vocabularyOf({
    texts: TEXTS,
    numbers: NUMBERS,
    pairs: {
      params: { text: pair("value", "model_params"), number: pair("number", "model_params") },
      tags: { text: pair("value", "model_tags") },
      metrics: { number: metricSql(on.length > 0 ? `AND (${on.join(" OR ")})` : "") },
    },
  });
}

/** `{field_name, ascending, dataset_name, dataset_digest}`. */
function orderOf(order: Fields) {
  const field = order.required("field_name");
  const descending = order.raw("ascending") === false || order.raw("ascending") === "false";
  const dataset = order.text("dataset_name");
  const datasets =
    dataset === undefined ? [] : [{ name: dataset, digest: order.text("dataset_digest") ?? "" }];
  const [entity, ...key] = field.split(".");
  // Keys hold what they like: as a quoted name they are read as they are.
  const name = key.length === 0 ? field : `${entity}."${key.join(".").replaceAll('"', '""')}"`;
  return orderSql([`${name} ${descending ? "DESC" : "ASC"}`], modelVocabulary(datasets));
}
