import { expect, test } from "vitest";
import { refused, startServer } from "./support.ts";

const metric = { key: "loss", value: 1, timestamp: 1 };

test("a param once more is silent, with another value an error, and then nothing of a batch is stored", async () => {
  const server = await startServer();
  const run_id = await server.run();
  await server.ok("/runs/log-parameter", { run_id, key: "tau", value: "0.1" });
  await server.ok("/runs/log-parameter", { run_id, key: "tau", value: "0.1" });
  const changed = refused(
    await server.post("/runs/log-parameter", { run_id, key: "tau", value: "0.2" }),
  );
  expect(changed).toContain("400 INVALID_PARAMETER_VALUE: Changing param values is not allowed");
  for (const part of ["tau", run_id, '"0.1"', '"0.2"']) expect(changed).toContain(part);
  const batch = {
    run_id,
    metrics: [metric],
    tags: [{ key: "t", value: "1" }],
    params: [{ key: "tau", value: "0.2" }],
  };
  expect((await server.post("/runs/log-batch", batch)).status).toBe(400);
  const { data } = (await server.get("/runs/get", { run_id })).body.run;
  expect([data.metrics, data.tags.length]).toEqual([undefined, 1]);
});

test("NaN and infinities come back as strings, in the run and in its history", async () => {
  const server = await startServer();
  const run_id = await server.run();
  for (const [step, value] of ["NaN", "Infinity", "-Infinity"].entries()) {
    await server.ok("/runs/log-metric", { run_id, key: `m${step}`, value, timestamp: 1 });
    const history = await server.get("/metrics/get-history", { run_id, metric_key: `m${step}` });
    expect(history.body.metrics[0].value).toBe(value);
  }
  const { metrics } = (await server.get("/runs/get", { run_id })).body.run.data;
  expect(metrics.map((m: { value: string }) => m.value)).toEqual(["NaN", "Infinity", "-Infinity"]);
});

test("long params and tags are cut at 6,000 and 8,000 characters", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const params = [{ key: "p", value: "x".repeat(6_001) }];
  await server.ok("/runs/log-batch", {
    run_id,
    params,
    tags: [{ key: "t", value: "y".repeat(8_001) }],
  });
  await server.ok("/runs/log-batch", { run_id, params });
  const { data } = (await server.get("/runs/get", { run_id })).body.run;
  expect(data.params[0].value).toHaveLength(6_000);
  expect(data.tags.find((tag: { key: string }) => tag.key === "t").value).toHaveLength(8_000);
});

const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...metric, step: i }));
const pairs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: "v" }));

const REFUSED = [
  ["log-metric", { key: "loss" }, "Missing value for required parameter 'value'"],
  [
    "log-metric",
    { ...metric, value: true },
    "Invalid value true for parameter 'value' supplied: it must be a number",
  ],
  ["log-metric", { ...metric, value: "high" }, `Invalid value "high" for parameter 'value'`],
  ["log-metric", { ...metric, value: null }, "Missing value for required parameter 'value'"],
  ["log-metric", { ...metric, timestamp: -1 }, "milliseconds since 1970, not negative"],
  [
    "log-metric",
    { ...metric, timestamp: 1.5 },
    "for parameter 'timestamp' supplied: it must be a whole number",
  ],
  ["log-metric", { key: "loss", value: 1 }, "Missing value for required parameter 'timestamp'"],
  ["log-metric", { ...metric, step: "9".repeat(17) }, "a whole number of at most 53 bits"],
  ["log-metric", { ...metric, key: "" }, "Missing value for required parameter 'key'"],
  ["log-metric", { ...metric, key: "a\\b" }, "metric key must be letters, digits"],
  ["log-metric", { ...metric, key: "/a" }, "metric key must be no empty, . or .. segment"],
  ["log-metric", { ...metric, key: "a/../b" }, "metric key must be no empty, . or .. segment"],
  ["log-metric", { ...metric, key: "a//b" }, "metric key must be no empty, . or .. segment"],
  ["log-metric", { ...metric, key: "k".repeat(251) }, "metric key must be 1 to 250 characters"],
  [
    "log-metric",
    { ...metric, dataset_digest: "x" },
    "Missing value for required parameter 'dataset_name'",
  ],
  [
    "log-parameter",
    { key: "p", value: 5 },
    "Invalid value 5 for parameter 'value' supplied: it must be a string",
  ],
  ["log-parameter", { key: "p?", value: "x" }, "param key must be letters"],
  ["set-tag", { key: "t" }, "Missing value for required parameter 'value'"],
  ["log-batch", { metrics: many(1_001) }, "at most 1000 metrics. Got 1001"],
  ["log-batch", { params: pairs(101) }, "at most 100 params. Got 101"],
  ["log-batch", { tags: pairs(101) }, "at most 100 tags. Got 101"],
  [
    "log-batch",
    { metrics: many(1_000), tags: pairs(1) },
    "at most 1000 metrics, params, and tags altogether. Got 1001",
  ],
  [
    "log-batch",
    { params: [...pairs(1), ...pairs(1)] },
    "Duplicate parameter keys have been submitted: k0",
  ],
  [
    "log-batch",
    { metrics: [{ ...metric, value: "x" }] },
    `Invalid value "x" for parameter 'metrics[0].value'`,
  ],
  ["log-batch", { metrics: [5] }, "metrics[0] must be a JSON object, got 5"],
  [
    "log-batch",
    { tags: [{ key: "t", value: "x".repeat(1_000_001) }] },
    "must be at most 1000000 bytes",
  ],
  ["log-model", { model_json: "{" }, "Malformed model info. model_json is no JSON"],
  [
    "log-model",
    { model_json: "{}" },
    "Model json is missing mandatory fields: artifact_path, flavors, utc_time_created, run_id",
  ],
  ["log-inputs", { datasets: [{}] }, "Missing value for required parameter 'datasets[0].dataset'"],
  [
    "log-inputs",
    { datasets: [{ dataset: { name: "d" } }] },
    "required parameter 'datasets[0].dataset.digest'",
  ],
  ["outputs", { models: [{}] }, "required parameter 'models[0].model_id'"],
  ["update", { status: "DONE" }, "it must be one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED"],
] as const;

test("records at fault are refused by name", async () => {
  const server = await startServer();
  const run_id = await server.run();
  for (const [what, body, message] of REFUSED) {
    const answer = refused(await server.post(`/runs/${what}`, { run_id, ...body }));
    expect(answer).toContain("400 INVALID_PARAMETER_VALUE: ");
    expect(answer).toContain(message);
  }
});

test("an unknown run, an absent tag and a missing run id are told apart", async () => {
  const server = await startServer();
  const run_id = "f".repeat(32);
  expect(refused(await server.post("/runs/log-metric", { run_id, ...metric }))).toBe(
    `404 RESOURCE_DOES_NOT_EXIST: Run with id=${run_id} not found`,
  );
  expect(refused(await server.post("/runs/log-metric", metric))).toContain(
    "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'run_id'",
  );
  const known = await server.run();
  expect(refused(await server.post("/runs/delete-tag", { run_id: known, key: "no" }))).toBe(
    `404 RESOURCE_DOES_NOT_EXIST: No tag with name: no in run with id ${known}`,
  );
});

test("data sets, models read and models made are kept with the run; old model tags grow", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const dataset = {
    name: "coco",
    digest: "abc",
    source_type: "local",
    source: "{}",
    schema: "s",
    profile: "p",
  };
  const tags = [{ key: "mlflow.data.context", value: "eval" }];
  await server.ok("/runs/log-inputs", {
    run_id,
    datasets: [{ tags, dataset }],
    models: [{ model_id: "m-1" }],
  });
  await server.ok("/runs/outputs", { run_id, models: [{ model_id: "m-2", step: "3" }] });
  for (const path of ["a", "b"]) {
    const model_json = JSON.stringify({
      artifact_path: path,
      flavors: {},
      utc_time_created: "t",
      run_id,
    });
    await server.ok("/runs/log-model", { run_id, model_json });
  }
  const { run } = (await server.get("/runs/get", { run_id })).body;
  expect(run.inputs).toEqual({
    dataset_inputs: [{ tags, dataset }],
    model_inputs: [{ model_id: "m-1" }],
  });
  expect(run.outputs).toEqual({ model_outputs: [{ model_id: "m-2", step: 3 }] });
  const history = run.data.tags.find(
    (tag: { key: string }) => tag.key === "mlflow.log-model.history",
  ).value;
  expect(
    JSON.parse(history).map((model: { artifact_path: string }) => model.artifact_path),
  ).toEqual(["a", "b"]);
  const summaries = await server.ok("/experiments/search-datasets", { experiment_ids: ["0"] });
  expect(summaries.dataset_summaries).toEqual([
    { experiment_id: "0", name: "coco", digest: "abc", context: "eval" },
  ]);
});

test("many requests at once are all stored, and one at fault harms no other", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      server.post("/runs/log-metric", {
        run_id,
        key: i % 10 === 3 ? "bad?" : "loss",
        value: i,
        timestamp: i,
        step: i,
      }),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(54);
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(6);
  expect(server.store.history(run_id, "loss")).toHaveLength(54);
});
