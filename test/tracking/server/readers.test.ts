/** @file Long reads in a thread of their own answer as those on the server's own thread do. */
import { expect, test } from "vitest";
import type { RunWriter } from "../../../src/tracking/index.ts";
import { createTrackingServer } from "../../../src/tracking/server/index.ts";
import { API, type Json, startServer, type TestServer } from "./support.ts";

/** Runs with a metric of 40 points, some on a data set, and the ids of two of them. */
async function filled(server: TestServer): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < 12; i++) {
    const run_id = await server.run({ run_name: `run ${i}`, start_time: i });
    const metrics = Array.from({ length: 40 }, (_, step) => ({
      key: "loss",
      step,
      timestamp: step,
      value: step === 7 ? "NaN" : i * step,
      ...(i % 2 === 0 && { dataset_name: "coco" }),
    }));
    await server.ok("/runs/log-batch", { run_id, metrics, params: [{ key: "i", value: `${i}` }] });
    if (i > 5) await server.ok("/runs/update", { run_id, status: "FINISHED", end_time: 50 + i });
    ids.push(run_id);
  }
  return ids;
}

test("answers and errors are the same, and what is committed is seen at once", async () => {
  const threaded = await startServer({ largeFrom: 0 });
  const ids = await filled(threaded);
  // The same store, served without a thread.
  const plain = createTrackingServer({ store: threaded.store });
  const ask = async (url: string, body?: object): Promise<void> => {
    const answer = await threaded.call(body ? "POST" : "GET", url, {
      ...(body && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    const expected = await plain.inject({
      method: body ? "POST" : "GET",
      url,
      ...(body && { payload: body }),
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      expected.statusCode,
      expected.headers["content-type"],
    ]);
    expect(answer.body).toEqual(expected.json());
  };
  for (const search of [
    {},
    { max_results: 5, order_by: ["metrics.loss DESC"] },
    { filter: "params.i > 3 AND attributes.run_name RLIKE 'run .$'" },
    { filter: "params.i = 'none'" },
    { filter: "nonsense" },
  ]) {
    await ask(`${API}/runs/search`, { experiment_ids: ["0"], ...search });
  }
  const [a, b] = ids as [string, string];
  await ask(`${API}/metrics/get-history?run_id=${a}&metric_key=loss`);
  await ask(`${API}/metrics/get-history?run_id=${b}&metric_key=loss&max_results=10`);
  await ask(`${API}/metrics/get-history?run_id=${"0".repeat(32)}&metric_key=loss`);
  await ask(`${API}/metrics/get-history-bulk?run_id=${a}&run_id=${b}&metric_key=loss`);
  await ask(`${API}/metrics/get-history-bulk-interval?run_ids=${a}&metric_key=loss&max_results=9`);
  for (let step = 100; step < 120; step++) {
    const point = { run_id: a, key: "seen", value: step, step, timestamp: 1 };
    await threaded.ok("/runs/log-metric", point);
    const { metrics } = (
      await threaded.get("/metrics/get-history", { run_id: a, metric_key: "seen" })
    ).body;
    expect(metrics.at(-1).step).toBe(step);
  }
  await plain.close();
});

test("many reads at once are each answered, and the server closes while its thread is there", async () => {
  const server = await startServer({ largeFrom: 0 });
  await filled(server);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      server.ok("/runs/search", { experiment_ids: ["0"], filter: `params.i = ${i % 12}` }),
    ),
  );
  expect(answers.map(({ runs }: Json) => runs[0].data.params[0].value)).toEqual(
    Array.from({ length: 30 }, (_, i) => `${i % 12}`),
  );
});

test("a store that is gone from under the thread is an error, not a hang", async () => {
  const server = await startServer({ largeFrom: 0 });
  await server.run();
  const folder = `${server.store.folder}/none`;
  const lost = Object.create(server.store, { folder: { value: folder } }) as RunWriter;
  const failures: unknown[] = [];
  const app = createTrackingServer({
    store: lost,
    largeFrom: 0,
    onError: (error) => failures.push(error),
  });
  const answer = await app.inject({
    method: "POST",
    url: `${API}/runs/search`,
    payload: { experiment_ids: ["0"] },
  });
  expect([answer.statusCode, answer.json().error_code]).toEqual([500, "INTERNAL_ERROR"]);
  expect(String(failures[0])).toContain(`no store in ${folder}`);
  await app.close();
});
