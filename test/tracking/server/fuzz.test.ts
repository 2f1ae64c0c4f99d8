import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RunWriter } from "../../../src/tracking/index.ts";
import { createTrackingServer } from "../../../src/tracking/server/index.ts";
import { freshFolder } from "../support.ts";

/** More by hand: RZENLAB_FUZZ_REQUESTS=100000 npx vitest run test/tracking/server/fuzz.test.ts */
const REQUESTS = Number(process.env["RZENLAB_FUZZ_REQUESTS"] ?? 3_000);

/** Requests that are right, of every group; each is then bent out of shape. */
function templates(ids: { run: string; model: string; dataset: string }) {
  const { run, model, dataset } = ids;
  const pair = { key: "k", value: "v" };
  const metric = { key: "loss", value: 0.5, timestamp: 1, step: 2 };
  const data = { name: "d", digest: "1", source_type: "local", source: "s" };
  const info = {
    trace_id: "tr-1",
    request_time: "2026-01-01T00:00:00Z",
    execution_duration: "0.5s",
    state: "OK",
    tags: { a: "b" },
  };
  const search = {
    experiment_ids: ["0"],
    filter: "metrics.loss > 0.1 AND (tags.a = 'b' OR NOT params.x IS NULL)",
    order_by: ["metrics.loss DESC"],
    max_results: 5,
  };
  return [
    ["POST", "/experiments/create", { name: "fuzz", artifact_location: "s3://x", tags: [pair] }],
    ["GET", "/experiments/get", { experiment_id: "0" }],
    ["GET", "/experiments/get-by-name", { experiment_name: "Default" }],
    [
      "POST",
      "/experiments/search",
      { filter: "name LIKE 'a%'", order_by: ["name"], max_results: 3, view_type: "ALL" },
    ],
    ["POST", "/experiments/update", { experiment_id: "1", new_name: "n" }],
    ["POST", "/experiments/set-experiment-tag", { experiment_id: "0", ...pair }],
    ["POST", "/experiments/search-datasets", { experiment_ids: ["0"] }],
    ["POST", "/runs/create", { experiment_id: "0", start_time: 5, run_name: "r", tags: [pair] }],
    ["GET", "/runs/get", { run_id: run }],
    ["POST", "/runs/update", { run_id: run, status: "FINISHED", end_time: 9, run_name: "z" }],
    [
      "POST",
      "/runs/search",
      {
        ...search,
        filter:
          "mean(loss) OVER seed > 0.1 OR datasets.name IN ('a') OR attributes.run_name RLIKE 'a+'",
      },
    ],
    ["POST", "/runs/search", search],
    [
      "POST",
      "/runs/log-metric",
      { run_id: run, ...metric, dataset_name: "d", dataset_digest: "x", model_id: model },
    ],
    ["POST", "/runs/log-parameter", { run_id: run, ...pair }],
    ["POST", "/runs/set-tag", { run_id: run, ...pair }],
    ["POST", "/runs/delete-tag", { run_id: run, key: "k" }],
    ["POST", "/runs/log-batch", { run_id: run, metrics: [metric], params: [pair], tags: [pair] }],
    [
      "POST",
      "/runs/log-inputs",
      { run_id: run, datasets: [{ tags: [pair], dataset: data }], models: [{ model_id: model }] },
    ],
    ["POST", "/runs/outputs", { run_id: run, models: [{ model_id: model, step: 1 }] }],
    [
      "POST",
      "/runs/log-model",
      {
        run_id: run,
        model_json: '{"artifact_path":"m","flavors":{},"utc_time_created":"x","run_id":"y"}',
      },
    ],
    [
      "GET",
      "/metrics/get-history",
      { run_id: run, metric_key: "loss", max_results: 5, page_token: "" },
    ],
    ["GET", "/metrics/get-history-bulk", { run_id: [run], metric_key: "loss" }],
    [
      "GET",
      "/metrics/get-history-bulk-interval",
      { run_ids: [run], metric_key: "loss", start_step: 0, end_step: 9, max_results: 3 },
    ],
    ["GET", "/artifacts/list", { run_id: run, path: "a/b" }],
    ["GET", "/get-artifact", { run_id: run, path: "a/b" }],
    [
      "POST",
      "/logged-models",
      {
        experiment_id: "0",
        name: "m",
        model_type: "t",
        source_run_id: run,
        params: [pair],
        tags: [pair],
      },
    ],
    ["GET", `/logged-models/${model}`, {}],
    ["PATCH", `/logged-models/${model}`, { status: "LOGGED_MODEL_READY" }],
    ["PATCH", `/logged-models/${model}/tags`, { tags: [pair] }],
    ["POST", `/logged-models/${model}/params`, { params: [pair] }],
    [
      "POST",
      "/logged-models/search",
      {
        ...search,
        filter: "metrics.loss > 0 AND name = 'm'",
        order_by: [{ field_name: "metrics.loss", ascending: false, dataset_name: "d" }],
        datasets: [{ dataset_name: "d" }],
      },
    ],
    ["POST", "/registered-models/create", { name: "reg", description: "d", tags: [pair] }],
    ["GET", "/registered-models/get", { name: "reg" }],
    [
      "POST",
      "/webhooks",
      {
        name: "w",
        url: "https://rzenlab.invalid/", // which no name server knows
        events: [{ entity: "PROMPT", action: "CREATED" }],
        secret: "s",
        status: "DISABLED",
      },
    ],
    ["GET", "/webhooks", { max_results: 5, page_token: "" }],
    ["PATCH", "/webhooks/none", { description: "d", status: "ACTIVE" }],
    ["POST", "/scorers/register", { experiment_id: "0", name: "s", serialized_scorer: '{"a":1}' }],
    ["GET", "/scorers/list", { experiment_ids: ["0"] }],
    ["GET", "/scorers/get", { experiment_id: "0", name: "s", version: 1 }],
    ["DELETE", "/scorers/delete", { experiment_id: "0", name: "s", version: 1 }],
    [
      "POST",
      "/api/runs/tags",
      {
        changes: [
          { run_ids: [run], tags: { a: "b", c: null } },
          { run_ids: [run], tags: {} },
        ],
      },
    ],
    ["POST", "/api/runs/lifecycle", { run_ids: [run], lifecycle: "active" }],
    ["POST", "/registered-models/rename", { name: "reg", new_name: "reg2" }],
    ["PATCH", "/registered-models/update", { name: "reg", description: "x" }],
    [
      "GET",
      "/registered-models/search",
      { filter: "name ILIKE '%r%'", order_by: ["name DESC"], max_results: 3 },
    ],
    ["POST", "/registered-models/get-latest-versions", { name: "reg", stages: ["None"] }],
    ["POST", "/registered-models/alias", { name: "reg", alias: "best", version: "1" }],
    ["POST", "/model-versions/create", { name: "reg", source: "s", run_id: run, tags: [pair] }],
    ["GET", "/model-versions/get", { name: "reg", version: "1" }],
    [
      "POST",
      "/model-versions/transition-stage",
      { name: "reg", version: "1", stage: "Production", archive_existing_versions: true },
    ],
    ["POST", "/model-versions/set-tag", { name: "reg", version: "1", ...pair }],
    [
      "GET",
      "/model-versions/search",
      { filter: "name = 'reg' AND version_number > 0", max_results: 3 },
    ],
    ["POST", "/traces", { trace: { trace_info: info } }],
    [
      "POST",
      "/traces/search",
      {
        locations: [{ mlflow_experiment: { experiment_id: "0" } }],
        filter: "tags.a = 'b'",
        max_results: 3,
      },
    ],
    ["PATCH", "/traces/tr-1/tags", pair],
    [
      "POST",
      "/traces/tr-1/assessments",
      { assessment: { assessment_name: "a", feedback: { value: 1 } } },
    ],
    ["POST", "/traces/link-to-run", { trace_ids: ["tr-1"], run_id: run }],
    ["POST", "/traces/delete-traces", { experiment_id: "7", trace_ids: ["tr-2"] }],
    ["POST", "/datasets/create", { name: "set", experiment_ids: ["0"], tags: '{"a":"b"}' }],
    ["POST", `/datasets/${dataset}/records`, { records: '[{"inputs":{"q":1}}]' }],
    ["DELETE", `/datasets/${dataset}/records`, { dataset_record_ids: ["dr-1"] }],
    ["POST", "/traces/batchGetInfos", { trace_ids: ["tr-1"] }],
    ["PATCH", `/datasets/${dataset}/tags`, { tags: '{"a":null}' }],
    ["POST", `/datasets/${dataset}/add-experiments`, { experiment_ids: ["0"] }],
    [
      "POST",
      "/datasets/search",
      { experiment_ids: ["0"], filter_string: "name = 'set'", max_results: 3 },
    ],
  ] as const;
}

const junk = fc.oneof(
  fc.constantFrom(
    null,
    true,
    "",
    "\u0000",
    "NaN",
    "../..",
    "%2e%2e/%2f",
    "' OR 1=1 --",
    "__proto__",
    "\ud800",
    "a".repeat(70_000),
  ),
  fc.constantFrom(
    0,
    -1,
    1e308,
    -1e308,
    2 ** 63,
    0.5,
    Infinity,
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.stringMatching(
    /^(metrics|params|tags|AND|OR|NOT|\(|\)|'|"|`|=|<|\.|,| |IN|LIKE|RLIKE|[a-z0-9]){0,12}$/,
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Replaces, drops or adds something at a place that the numbers choose. */
function mutate(value: unknown, [at, ...rest]: readonly number[], by: unknown): unknown {
  if (at === undefined || typeof value !== "object" || value === null) return by;
  if (Array.isArray(value)) {
    if (value.length === 0 || at % 5 === 0) return at % 2 === 0 ? [...value, by] : value.slice(1);
    return value.map((item, i) => (i === at % value.length ? mutate(item, rest, by) : item));
  }
  const names = Object.keys(value);
  if (names.length === 0) return { [String(by).slice(0, 20)]: by };
  const name = names[at % names.length]!;
  const { [name]: old, ...others } = value as Record<string, unknown>;
  return at % 7 === 0 ? others : { ...others, [name]: mutate(old, rest, by) };
}

function queryOf(body: unknown): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(Object(body))) {
    for (const one of Array.isArray(value) ? value : [value]) {
      search.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return search.toString();
}

test(
  "no malformed request is answered with 5xx, and the store stays whole",
  { timeout: 80 * REQUESTS },
  async () => {
    const store = RunWriter.open(freshFolder(), { durability: "normal" });
    const failures: unknown[] = [];
    const app = createTrackingServer({ store, onError: (error) => failures.push(error) });
    const call = async (
      method: "GET" | "POST" | "PATCH" | "DELETE",
      path: string,
      body: unknown,
      raw?: string,
    ) => {
      const url = path.startsWith("/api/") ? path : `/api/2.0/mlflow${path}`;
      const isGet = method === "GET";
      return app.inject({
        method,
        url: isGet ? `${url}?${queryOf(body)}` : url,
        ...(!isGet && {
          headers: { "content-type": "application/json" },
          payload: raw ?? JSON.stringify(body),
        }),
      });
    };
    const json = async (path: string, body: object) => (await call("POST", path, body)).json();
    const run = (await json("/runs/create", {})).run.info.run_id as string;
    const model = (await json("/logged-models", { experiment_id: "0" })).model.info
      .model_id as string;
    const dataset = (await json("/datasets/create", { name: "first" })).dataset
      .dataset_id as string;
    const requests = templates({ run, model, dataset });
    for (const [method, path, body] of requests) {
      const answer = await call(method, path, body);
      expect([path, answer.statusCode, answer.body]).toSatisfy(([, status]) =>
        [200, 400, 404].includes(status),
      );
    }
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...requests),
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }),
        junk,
        fc.nat(19),
        async ([method, path, body], places, by, kind) => {
          const bent = mutate(body, places, by);
          const text = JSON.stringify(bent);
          // Now and then the JSON itself is broken off, or the path is.
          const raw = kind === 0 ? text?.slice(0, places[0]! % (text.length + 1)) : undefined;
          const to =
            kind === 1
              ? `${path}/${encodeURIComponent((JSON.stringify(by) ?? "").toWellFormed().slice(0, 200))}`
              : path;
          const { statusCode, body: answer } = await call(method, to, bent, raw);
          if (statusCode >= 400) refused++;
          expect(statusCode, `${method} ${to} ${text?.slice(0, 2_000)} -> ${answer}`).toBeLessThan(
            500,
          );
          if (statusCode >= 400)
            expect(JSON.parse(answer)).toMatchObject({
              error_code: expect.any(String),
              message: expect.any(String),
            });
        },
      ),
      { numRuns: REQUESTS },
    );
    expect(refused).toBeGreaterThan(REQUESTS / 6);
    expect(failures).toEqual([]);
    if (REQUESTS > 3_000) {
      const { rss, heapUsed } = process.memoryUsage();
      console.log(JSON.stringify({ requests: REQUESTS, refused, rss, heapUsed }));
    }
    expect(store.connection.sql.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(store.run(run).id).toBe(run);
    await app.close();
    store.close();
  },
);
