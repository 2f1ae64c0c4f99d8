import { expect, test } from "vitest";
import { refused, startServer } from "./support.ts";

test("a run gets an id, a name mirrored as a tag, an artifact URI, and empty fields are left out", async () => {
  const server = await startServer();
  const { run } = await server.ok("/runs/create", {
    experiment_id: "0",
    start_time: 5,
    user_id: "u",
  });
  const { run_id: id, run_name: name } = run.info;
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
  expect(run).toEqual({
    info: {
      run_id: id,
      run_uuid: id,
      run_name: name,
      experiment_id: "0",
      user_id: "u",
      status: "RUNNING",
      start_time: 5,
      artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
      lifecycle_stage: "active",
    },
    data: { tags: [{ key: "mlflow.runName", value: name }] },
    inputs: {},
  });
  expect((await server.get("/runs/get", { run_id: id })).body).toEqual({ run });
  expect((await server.get("/runs/get", { run_uuid: id })).body).toEqual({ run });
});

test("metrics, params and tags of single calls and of a batch come back as the latest values", async () => {
  const server = await startServer();
  const run_id = await server.run({ run_name: "first", tags: [{ key: "a", value: "1" }] });
  await server.ok("/runs/log-metric", { run_id, key: "loss", value: 0.5, timestamp: 7, step: 2 });
  await server.ok("/runs/log-parameter", { run_id, key: "tau", value: "0.05" });
  await server.ok("/runs/set-tag", { run_id, key: "a", value: "2" });
  const batch = {
    run_id,
    metrics: [
      { key: "loss", value: 0.9, timestamp: 8, step: 1 },
      { key: "hit", value: "NaN", timestamp: "9", step: "3" },
    ],
    params: [{ key: "mask", value: "on" }],
    tags: [{ key: "b", value: "3" }],
  };
  expect(await server.ok("/runs/log-batch", batch)).toEqual({});
  const { run } = (await server.get("/runs/get", { run_id })).body;
  expect(run.data).toEqual({
    metrics: [
      { key: "hit", value: "NaN", timestamp: 9, step: 3 },
      { key: "loss", value: 0.5, timestamp: 7, step: 2 },
    ],
    params: [
      { key: "mask", value: "on" },
      { key: "tau", value: "0.05" },
    ],
    tags: [
      { key: "a", value: "2" },
      { key: "b", value: "3" },
      { key: "mlflow.runName", value: "first" },
    ],
  });
  const history = await server.get("/metrics/get-history", { run_id, metric_key: "loss" });
  expect(history.body.metrics).toEqual([
    { key: "loss", value: 0.5, timestamp: 7, step: 2 },
    { key: "loss", value: 0.9, timestamp: 8, step: 1 },
  ]);
});

test("runs are searched by filter and order, page by page", async () => {
  const server = await startServer();
  for (const [i, tau] of [0.1, 0.05, 0.2].entries()) {
    const run_id = await server.run({ run_name: `r${i}`, start_time: i });
    await server.ok("/runs/log-batch", {
      run_id,
      metrics: [{ key: "loss", value: i, timestamp: 1 }],
      params: [{ key: "tau", value: String(tau) }],
    });
  }
  const names = async (body: object) => {
    const { runs = [], next_page_token } = await server.ok("/runs/search", {
      experiment_ids: ["0"],
      ...body,
    });
    return [
      runs.map((run: { info: { run_name: string } }) => run.info.run_name).join(" "),
      next_page_token,
    ];
  };
  expect(await names({})).toEqual(["r2 r1 r0", undefined]);
  expect(await names({ filter: "metrics.loss >= 1 AND params.tau = '0.2'" })).toEqual([
    "r2",
    undefined,
  ]);
  expect(await names({ filter: "params.tau < 0.15", order_by: ["metrics.loss DESC"] })).toEqual([
    "r1 r0",
    undefined,
  ]);
  const [first, page_token] = await names({ max_results: 2 });
  expect(first).toBe("r2 r1");
  expect(await names({ max_results: 2, page_token })).toEqual(["r0", undefined]);
  expect(await server.ok("/runs/search", {})).toEqual({});
});

test("a deleted run refuses records and updates until it is restored", async () => {
  const server = await startServer();
  const run_id = await server.run();
  await server.ok("/runs/delete", { run_id });
  const metric = { run_id, key: "loss", value: 1, timestamp: 1 };
  expect(refused(await server.post("/runs/log-metric", metric))).toBe(
    `400 INVALID_PARAMETER_VALUE: The run ${run_id} must be in the 'active' state. Current state is deleted.`,
  );
  expect((await server.post("/runs/update", { run_id, status: "FINISHED" })).status).toBe(400);
  await server.ok("/runs/restore", { run_id });
  await server.ok("/runs/log-metric", metric);
  const { run_info } = await server.ok("/runs/update", {
    run_id,
    status: "FINISHED",
    end_time: 9,
    run_name: "new",
  });
  expect(run_info).toMatchObject({ status: "FINISHED", end_time: 9, run_name: "new" });
});

test("the name may come as a tag, but not as another one", async () => {
  const server = await startServer();
  const tags = [{ key: "mlflow.runName", value: "tagged" }];
  expect((await server.ok("/runs/create", { tags })).run.info.run_name).toBe("tagged");
  expect(refused(await server.post("/runs/create", { run_name: "other", tags }))).toContain(
    "400 INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag",
  );
  const run_id = await server.run();
  await server.ok("/runs/set-tag", { run_id, key: "mlflow.runName", value: "renamed" });
  expect((await server.get("/runs/get", { run_id })).body.run.info.run_name).toBe("renamed");
});
