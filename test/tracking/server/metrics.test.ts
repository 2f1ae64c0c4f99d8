import { expect, test } from "vitest";
import { type Json, refused, startServer, type TestServer } from "./support.ts";

/** A run with points (step, value) at timestamps as given. */
async function runWith(server: TestServer, points: readonly (readonly [number, number, number])[]) {
  const run_id = await server.run();
  for (let at = 0; at < points.length; at += 1_000) {
    const metrics = points
      .slice(at, at + 1_000)
      .map(([step, value, timestamp]) => ({ key: "loss", step, value, timestamp }));
    await server.ok("/runs/log-batch", { run_id, metrics });
  }
  return run_id;
}

const steps = (answer: { body: Json }) =>
  (answer.body.metrics ?? []).map((m: { step: number }) => m.step);

test("a history is ordered by time, step and value; a point twice is one; late steps are not the latest", async () => {
  const server = await startServer();
  const run_id = await runWith(server, [
    [5, 1, 30],
    [-1, 2, 20],
    [3, 9, 40],
    [3, 9, 40],
    [3, 8, 40],
  ]);
  const history = await server.get("/metrics/get-history", { run_id, metric_key: "loss" });
  expect(history.body.metrics.map((m: Json) => [m.step, m.value])).toEqual([
    [-1, 2],
    [5, 1],
    [3, 8],
    [3, 9],
  ]);
  const { metrics } = (await server.get("/runs/get", { run_id })).body.run.data;
  expect(metrics).toEqual([{ key: "loss", value: 1, timestamp: 30, step: 5 }]);
});

test("a history comes in pages whose tokens end; without max_results it is whole", async () => {
  const server = await startServer();
  const run_id = await runWith(
    server,
    Array.from({ length: 25 }, (_, i) => [i, i, i] as const),
  );
  const seen: number[] = [];
  let page_token = "";
  for (let page = 0; page < 3; page++) {
    const answer = await server.get("/metrics/get-history", {
      run_id,
      metric_key: "loss",
      max_results: 10,
      page_token,
    });
    seen.push(...steps(answer));
    page_token = answer.body.next_page_token ?? "";
    expect(page_token === "").toBe(page === 2);
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => i));
  expect(
    steps(await server.get("/metrics/get-history", { run_id, metric_key: "loss" })),
  ).toHaveLength(25);
  expect((await server.get("/metrics/get-history", { run_id, metric_key: "none" })).body).toEqual(
    {},
  );
});

test("a key measured on several data sets and models is one history, and the latest is over all", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const point = { run_id, key: "hit", timestamp: 1 };
  await server.ok("/runs/log-metric", {
    ...point,
    value: 0.1,
    step: 1,
    dataset_name: "a",
    dataset_digest: "1",
  });
  await server.ok("/runs/log-metric", { ...point, value: 0.3, step: 3, model_id: "m-1" });
  await server.ok("/runs/log-metric", { ...point, value: 0.2, step: 2 });
  const history = await server.get("/metrics/get-history", {
    run_id,
    metric_key: "hit",
    max_results: 2,
  });
  expect(steps(history)).toEqual([1, 2]);
  expect((await server.get("/runs/get", { run_id })).body.run.data.metrics[0].value).toBe(0.3);
});

test("bulk histories name their runs and stop at max_results", async () => {
  const server = await startServer();
  const a = await runWith(server, [
    [0, 1, 1],
    [1, 2, 2],
  ]);
  const b = await runWith(server, [[0, 3, 1]]);
  const bulk = await server.get("/metrics/get-history-bulk", {
    run_id: [a, b],
    metric_key: "loss",
  });
  expect(new Set(bulk.body.metrics.map((m: Json) => m.run_id))).toEqual(new Set([a, b]));
  const few = await server.get("/metrics/get-history-bulk", {
    run_id: [a, b],
    metric_key: "loss",
    max_results: 2,
  });
  expect(few.body.metrics).toHaveLength(2);
});

test("sampled intervals keep ends, limits and spikes", async () => {
  const server = await startServer();
  const points = Array.from(
    { length: 3_000 },
    (_, i) => [i, i === 1_234 ? 99 : Math.sin(i / 50), i] as const,
  );
  const run_ids = await runWith(server, points);
  const path = "/metrics/get-history-bulk-interval";
  const all = await server.get(path, { run_ids, metric_key: "loss", max_results: 100 });
  expect(steps(all).length).toBeLessThanOrEqual(100);
  expect([steps(all)[0], steps(all).at(-1)]).toEqual([0, 2_999]);
  expect(all.body.metrics.find((m: Json) => m.step === 1_234)).toMatchObject({
    value: 99,
    run_id: run_ids,
  });
  const part = await server.get(path, {
    run_ids,
    metric_key: "loss",
    start_step: 10,
    end_step: 14,
  });
  expect(steps(part)).toEqual([10, 11, 12, 13, 14]);
  const two = await server.get(path, { run_ids, metric_key: "loss", max_results: 2 });
  expect(steps(two)).toEqual([0, 2_999]);
});

const REFUSED = [
  ["/metrics/get-history", {}, "Missing value for required parameter 'run_id'"],
  ["/metrics/get-history", { run_id: "x" }, "Missing value for required parameter 'metric_key'"],
  [
    "/metrics/get-history",
    { run_id: "x", metric_key: "k" },
    "404 RESOURCE_DOES_NOT_EXIST: Run with id=x not found",
  ],
  [
    "/metrics/get-history",
    { run_id: "x", metric_key: "k", max_results: 25_001 },
    "from 1 to 25000",
  ],
  [
    "/metrics/get-history-bulk",
    { metric_key: "k" },
    "Missing value for required parameter 'run_id'",
  ],
  [
    "/metrics/get-history-bulk",
    { metric_key: "k", run_id: Array.from({ length: 101 }, String) },
    "At most 100 run_ids can be specified, got 101",
  ],
  [
    "/metrics/get-history-bulk-interval",
    { metric_key: "k", run_ids: "x", max_results: 2_501 },
    "from 1 to 2500",
  ],
  [
    "/metrics/get-history-bulk-interval",
    { metric_key: "k", run_ids: "x", start_step: 1 },
    "both must be specified",
  ],
  [
    "/metrics/get-history-bulk-interval",
    { metric_key: "k", run_ids: "x", start_step: 2, end_step: 1 },
    "end_step must be greater",
  ],
] as const;

test("queries at fault are refused by name", async () => {
  const server = await startServer();
  for (const [path, query, message] of REFUSED) {
    expect(refused(await server.get(path, query))).toContain(message);
  }
});
