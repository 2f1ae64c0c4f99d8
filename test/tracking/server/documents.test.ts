/** @file Documents kept for runs that have ended are those of the runs as they are now. */
import { expect, test } from "vitest";
import { RunWriter } from "../../../src/tracking/index.ts";
import { type Json, startServer, type TestServer } from "./support.ts";

const kept = (server: TestServer): number =>
  server.store.connection.sql.prepare("SELECT count(*) FROM run_documents").pluck().get() as number;

async function searched(server: TestServer): Promise<Json> {
  const body = { experiment_ids: ["0"], run_view_type: "ALL" };
  return (await server.ok("/runs/search", body)).runs[0];
}

/** Searches until the run's document is in the store, as the server makes it when it has time. */
async function documented(server: TestServer): Promise<void> {
  while (kept(server) === 0) {
    await searched(server);
    await new Promise((done) => setTimeout(done, 10));
  }
}

test("a running run has none, an ended one has, and every change of it shows at once", async () => {
  const server = await startServer();
  const run_id = await server.run({ run_name: "one" });
  await searched(server);
  await new Promise((done) => setTimeout(done, 100));
  expect(kept(server)).toBe(0);

  await server.ok("/runs/update", { run_id, status: "FINISHED", end_time: 5 });
  const dataset = { name: "coco", digest: "1", source_type: "local", source: "s" };
  using other = RunWriter.open(server.store.folder); // another process' connection
  const changes: readonly (readonly [string, () => unknown])[] = [
    ["metric", () => server.ok("/runs/log-metric", { run_id, key: "m", value: 1, timestamp: 1 })],
    ["later", () => server.ok("/runs/log-metric", { run_id, key: "m", value: 2, timestamp: 2 })],
    ["param", () => server.ok("/runs/log-parameter", { run_id, key: "p", value: "1" })],
    ["tag", () => server.ok("/runs/set-tag", { run_id, key: "t", value: "1" })],
    ["new tag", () => server.ok("/runs/set-tag", { run_id, key: "t", value: "2" })],
    ["no tag", () => server.ok("/runs/delete-tag", { run_id, key: "t" })],
    ["input", () => server.ok("/runs/log-inputs", { run_id, datasets: [{ dataset }] })],
    ["output", () => server.ok("/runs/outputs", { run_id, models: [{ model_id: "m-1" }] })],
    ["name", () => server.ok("/runs/update", { run_id, run_name: "two" })],
    ["status", () => server.ok("/runs/update", { run_id, status: "FAILED" })],
    ["deleted", () => server.ok("/runs/delete", { run_id })],
    ["restored", () => server.ok("/runs/restore", { run_id })],
    ["elsewhere", () => other.logMetrics(run_id, [{ key: "m", step: 9, value: 3 }])],
  ];
  let last = "";
  for (const [what, change] of changes) {
    await documented(server);
    await change();
    const now = await searched(server);
    expect(now, what).toEqual((await server.get("/runs/get", { run_id })).body.run);
    expect(JSON.stringify(now), what).not.toBe(last);
    last = JSON.stringify(now);
    await documented(server);
    expect(JSON.stringify(await searched(server)), what).toBe(last);
  }
});
