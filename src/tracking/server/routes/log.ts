/** @file /runs/log-*: the hot routes. Metrics, params, tags, batches, inputs, outputs. */
import { NAME_TAG } from "../../records.ts";
import type { NewPoint } from "../../types.ts";
import { checkName, checkKey } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { ApiError, invalid, missing } from "../errors.ts";
import { Fields, type Pair } from "../fields.ts";
import { activeRun, runId } from "./run-id.ts";

export const MAX_PARAM = 6_000;
export const MAX_TAG = 8_000;
const MAX_BATCH = { metrics: 1_000, params: 100, tags: 100, total: 1_000 };
const LOG_MODEL_TAG = "mlflow.log-model.history";

export function logRoutes(context: Context): Route[] {
  const { store, connection, write, announce } = context;

  /** Commits `work` on a run that takes records. */
  const log = (id: string, work: (run: { serial: number; experiment: number }) => void) =>
    write(() => {
      const run = activeRun(context, id);
      work(run);
      announce({ kind: "metrics", experimentId: run.experiment, runId: id });
      return {};
    });

  const logMetric = ({ fields }: Call) => {
    const id = runId(fields);
    const point = pointOf(fields);
    return log(id, () => store.logMetrics(id, [point]));
  };

  const logBatch = ({ fields, request }: Call) => {
    const id = runId(fields);
    checkBodySize(request.headers["content-length"]);
    const metrics = fields.list("metrics");
    const params = fields.pairs("params");
    const tags = fields.pairs("tags");
    checkBatch(metrics.length, params.length, tags.length);
    const points = metrics.map((metric, i) => pointOf(new Fields(metric ?? "", `metrics[${i}].`)));
    const batch = { params: paramRecord(params), tags: tagRecord(tags), metrics: points };
    return log(id, () => store.logBatch(id, batch));
  };

  const logInputs = ({ fields }: Call) => {
    const id = runId(fields);
    const datasets = fields.objects("datasets").map(inputOf);
    const models = fields.objects("models").map((model) => model.required("model_id"));
    return log(id, ({ serial }) => {
      store.logInputs(id, datasets);
      for (const model of models) linkModel(serial, "input", model, 0);
    });
  };

  const logOutputs = ({ fields }: Call) => {
    const id = runId(fields);
    const models = fields
      .objects("models")
      .map((model) => [model.required("model_id"), model.integer("step") ?? 0] as const);
    return log(id, ({ serial }) => {
      for (const [model, step] of models) linkModel(serial, "output", model, step);
    });
  };

  const linkModel = (run: number, direction: string, model: string, step: number): void => {
    checkName("model id", model);
    connection
      .prepare("INSERT OR REPLACE INTO run_models VALUES (?, ?, ?, ?)")
      .run(run, direction, model, step);
  };

  /** Old clients describe a model by a tag that holds a list of JSON documents. */
  const logModel = ({ fields }: Call) => {
    const id = runId(fields);
    const model = modelJson(fields);
    return log(id, ({ serial }) => {
      const known = connection
        .prepare<[number, string], string>("SELECT value FROM tags WHERE run = ? AND key = ?")
        .pluck()
        .get(serial, LOG_MODEL_TAG);
      const list: unknown = known === undefined ? [] : JSON.parse(known);
      const history = JSON.stringify([...(Array.isArray(list) ? list : []), model]);
      store.setTags(id, { [LOG_MODEL_TAG]: history });
    });
  };

  return [
    route("POST /runs/log-metric", logMetric),
    route("POST /runs/log-batch", logBatch),
    route("POST /runs/log-parameter", ({ fields }) => {
      const id = runId(fields);
      const params = paramRecord([{ key: fields.required("key"), value: fields.given("value") }]);
      return log(id, () => store.logParams(id, params));
    }),
    route("POST /runs/set-tag", ({ fields }) => {
      const id = runId(fields);
      const tags = tagRecord([{ key: fields.required("key"), value: fields.given("value") }]);
      return log(id, () => store.setTags(id, tags));
    }),
    route("POST /runs/delete-tag", ({ fields }) => {
      const id = runId(fields);
      const key = fields.required("key");
      return log(id, ({ serial }) => {
        const { changes } = connection
          .prepare("DELETE FROM tags WHERE run = ? AND key = ?")
          .run(serial, key);
        if (changes === 0) throw missing(`No tag with name: ${key} in run with id ${id}`);
      });
    }),
    route("POST /runs/log-inputs", logInputs),
    route("POST /runs/outputs", logOutputs),
    route("POST /runs/log-model", logModel),
  ];
}

/** key, value, timestamp and perhaps step, data set and model. */
function pointOf(fields: Fields): NewPoint {
  const name = fields.text("dataset_name");
  const digest = fields.text("dataset_digest");
  const modelId = fields.text("model_id");
  if ((name ?? "") === "" && (digest ?? "") !== "") throw fields.absent("dataset_name");
  const key = fields.required("key");
  checkKey("metric", key);
  return {
    key,
    value: fields.double("value"),
    timestamp: fields.requiredTime("timestamp"),
    step: fields.integer("step") ?? 0,
    ...(name && { dataset: { name, digest: digest || "-" } }),
    ...(modelId && { modelId }),
  };
}

function inputOf(input: Fields) {
  const dataset = input.object("dataset");
  if (!dataset) throw input.absent("dataset");
  const limited = (name: string, limit: number): string | undefined => {
    const text = dataset.text(name);
    if (text === undefined || text.length <= limit) return text;
    throw dataset.wrong(name, text, `at most ${limit} characters`);
  };
  for (const name of ["name", "digest", "source_type", "source"]) dataset.required(name);
  const sourceType = limited("source_type", 255);
  const source = limited("source", 65_535);
  const schema = limited("schema", 1_048_575);
  const profile = limited("profile", 16_777_215);
  const tags = input.pairs("tags");
  for (const { key, value } of tags) {
    if (key.length > 255 || value.length > 500) {
      throw invalid(
        `Input tag '${key.slice(0, 80)}' is too long: keys have at most 255, values 500 characters`,
      );
    }
  }
  return {
    dataset: {
      name: limited("name", 500)!,
      digest: limited("digest", 36)!,
      ...(sourceType !== undefined && { sourceType }),
      ...(source !== undefined && { source }),
      ...(schema !== undefined && { schema }),
      ...(profile !== undefined && { profile }),
    },
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  };
}

function checkBatch(metrics: number, params: number, tags: number): void {
  for (const [what, got] of Object.entries({ metrics, params, tags })) {
    const limit = MAX_BATCH[what as keyof typeof MAX_BATCH];
    if (got > limit) {
      throw invalid(
        `A batch logging request can contain at most ${limit} ${what}. Got ${got} ${what}. Please split up ${what} across multiple requests and try again.`,
      );
    }
  }
  const total = metrics + params + tags;
  if (total > MAX_BATCH.total) {
    throw invalid(
      `A batch logging request can contain at most ${MAX_BATCH.total} metrics, params, and tags altogether. Got ${total}. Please split them up across multiple requests and try again.`,
    );
  }
}

const MAX_BATCH_BYTES = 1_000_000;

function checkBodySize(length: string | undefined): void {
  if (Number(length ?? 0) <= MAX_BATCH_BYTES) return;
  throw invalid(
    `Batched logging API requests must be at most ${MAX_BATCH_BYTES} bytes, got a request of size ${length}.`,
  );
}

/** Longer values are cut, as MLflow does. A key twice with two values is an error. */
function paramRecord(pairs: readonly Pair[]): Record<string, string> {
  const seen = new Set<string>();
  for (const { key } of pairs) {
    if (seen.has(key)) throw invalid(`Duplicate parameter keys have been submitted: ${key}`);
    seen.add(key);
  }
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value.slice(0, MAX_PARAM)]));
}

/** Longer values are cut, as MLflow does; the run's name never is. */
export function tagRecord(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, key === NAME_TAG ? value : value.slice(0, MAX_TAG)]),
  );
}

function modelJson(fields: Fields): unknown {
  const text = fields.required("model_json");
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch (error) {
    const why = `Malformed model info. model_json is no JSON: ${(error as Error).message}`;
    throw new ApiError("INVALID_PARAMETER_VALUE", why, { cause: error });
  }
  const given = typeof model === "object" && model !== null ? model : {};
  const lacking = ["artifact_path", "flavors", "utc_time_created", "run_id"].filter(
    (field) => !(field in given),
  );
  if (lacking.length === 0) return model;
  throw invalid(`Model json is missing mandatory fields: ${lacking.join(", ")}`);
}
