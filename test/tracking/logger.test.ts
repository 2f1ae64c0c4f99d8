import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type Sqlite from "better-sqlite3";
import { expect, test, vi } from "vitest";
import { MetricLogger, RunReader, RunWriter } from "../../src/tracking/index.ts";
import { freshFolder, freshRun, freshStore, NO_RUN } from "./support.ts";

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

test("a point is on disk within a second of its log, without a flush", async () => {
  const store = freshStore();
  const run = freshRun(store);
  using logger = new MetricLogger(store, run.id);
  using reader = RunReader.open(store.folder);
  logger.log("loss", 0.7, 3);
  expect(reader.history(run.id, "loss")).toEqual([]);
  const start = performance.now();
  while (reader.history(run.id, "loss").length === 0) await sleep(10);
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(logger.pending).toBe(0);
});

test("also while a loop keeps the event loop from turning", () => {
  const store = freshStore();
  const run = freshRun(store);
  using logger = new MetricLogger(store, run.id, { flushMs: 20 });
  const end = performance.now() + 10_000;
  let stored = 0;
  for (let step = 0; stored === 0 && performance.now() < end; step++) {
    logger.log("loss", step, step);
    if (step % 100 === 0) stored = store.history(run.id, "loss").length;
  }
  expect(stored).toBeGreaterThan(0);
});

test("flush and close put everything on disk; a closed logger refuses", () => {
  const store = freshStore();
  const run = freshRun(store);
  const logger = new MetricLogger(store, run.id);
  const dataset = { name: "emoji", digest: "abc" };
  for (let step = 0; step < 25_000; step++) logger.logAll({ loss: step, tau: NaN }, step);
  logger.flush();
  expect(store.series(run.id).map((s) => s.count)).toEqual([25_000, 25_000]);
  logger.log("hit", 1, 0, dataset);
  logger.close();
  logger.close();
  expect(store.history(run.id, "hit", { dataset })).toHaveLength(1);
  expect(() => logger.log("loss", 1)).toThrow("MetricLogger: log(loss) after close");
});

test("a fault of the caller throws where it is made", () => {
  const store = freshStore();
  const run = freshRun(store);
  using logger = new MetricLogger(store, run.id);
  expect(() => logger.log("hit@1", 1)).toThrow('got "hit@1"');
  expect(() => logger.log("loss", 1, 0.5)).toThrow("metric loss: step must be a safe integer");
  expect(() => new MetricLogger(store, NO_RUN)).toThrow(`no run with id ${NO_RUN}`);
  expect(() => new MetricLogger(store, run.id, { flushMs: 5_000 })).toThrow(
    "MetricLogger: flushMs must be from 0 to 1000, got 5000",
  );
  expect(logger.pending).toBe(0);
});

test("while the disk is full nothing throws, nothing is lost, and flush says so", async () => {
  const store = freshStore();
  const run = freshRun(store);
  const { sql } = (store as unknown as { connection: { sql: Sqlite.Database } }).connection;
  sql.pragma(`max_page_count = ${Number(sql.pragma("page_count", { simple: true }))}`);
  const onError = vi.fn<(error: unknown) => void>();
  using logger = new MetricLogger(store, run.id, { flushMs: 10, onError, maxBuffered: 9_000 });
  for (let step = 0; step < 9_000; step++) logger.log("loss", step, step);
  await vi.waitFor(() => expect(onError.mock.calls.length).toBeGreaterThan(1));
  expect(String(onError.mock.calls[0]![0])).toContain("no space left");
  expect(() => logger.flush()).toThrow("no space left");
  expect(() => logger.log("loss", 0)).toThrow(
    `MetricLogger: 9000 points of run ${run.id} wait and the store cannot be written`,
  );
  sql.pragma("max_page_count = 1000000");
  await vi.waitFor(() => expect(logger.pending).toBe(0));
  expect(store.history(run.id, "loss")).toHaveLength(9_000);
});

test("points still waiting when the process exits are stored", () => {
  const folder = freshFolder();
  const script = `
    import { MetricLogger, RunWriter } from ${JSON.stringify(join(import.meta.dirname, "../../src/tracking/index.ts"))};
    const store = RunWriter.open(${JSON.stringify(folder)});
    const run = store.createRun({ experimentId: store.getOrCreateExperiment("x"), id: "a".repeat(32) });
    new MetricLogger(store, run.id).log("loss", 1, 1);
    new MetricLogger(store, run.id).log("loss", 2, 2);
    process.exit(3);`;
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script]);
  expect(child.status, String(child.stderr)).toBe(3);
  using store = RunWriter.open(folder);
  expect(store.history("a".repeat(32), "loss").map((point) => point.value)).toEqual([1, 2]);
});

test("logging costs the caller under 5 microseconds a point, commits included", () => {
  const store = freshStore();
  const run = freshRun(store);
  using logger = new MetricLogger(store, run.id);
  const points = 30_000;
  // Time of this process, not of the clock: other processes must not decide the test.
  const spent = (): number => {
    const before = process.cpuUsage();
    for (let step = 0; step < points / 10; step++) {
      for (let key = 0; key < 10; key++) logger.log(`metric/${key}`, step * key, step);
    }
    logger.flush();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / points;
  };
  expect(Math.min(spent(), spent(), spent())).toBeLessThan(5);
});
