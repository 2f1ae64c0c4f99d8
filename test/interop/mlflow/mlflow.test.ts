/** @file The official MLflow client against our server, our client against the official server. */
import { execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  exportMlruns,
  importRuns,
  mlflowSqlite,
  mlruns,
  type RunReader,
  RunWriter,
  tensorboard,
  TrackingClient,
} from "../../../src/tracking/index.ts";
import { createTrackingServer } from "../../../src/tracking/server/index.ts";
import { mlflow2, mlflow3 } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "rzenlab-mlflow-"));
const failures: string[] = [];
const store = RunWriter.open(join(folder, "store"));
const server = createTrackingServer({
  store,
  webhooks: { allowPrivate: true },
  onError: (error, request) => failures.push(`${request.method} ${request.url}: ${String(error)}`),
});
let address = "";

beforeAll(async () => {
  mlflow3();
  mlflow2();
  await server.listen({ port: 0, host: "127.0.0.1" });
  address = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await server.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script of this folder, which prints one line of JSON at its end. */
async function runScript(python: string, name: string, ...args: string[]): Promise<Json> {
  const script = join(import.meta.dirname, name);
  const env = { ...process.env, GIT_PYTHON_REFRESH: "quiet", MLFLOW_ALLOW_FILE_STORE: "true" };
  const { stdout } = await promisify(execFile)(python, [script, ...args], { cwd: folder, env });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Json;
}
type Json = Record<string, unknown>;

const FLUENT = {
  data: {
    params: { lr: "0.1", seed: "3", opt: "adam" },
    metrics: { inf: "inf", loss: "0.2", nan: "nan", ninf: "-inf" },
    status: "FINISHED",
    name: "parent",
    note: "**note**",
    a: "b",
    ended: true,
  },
  history: [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5].map((value, step) => [step, value]),
  nan_history: ["nan"],
  files: ["conf", "dir", "g.txt", "images", "notes", "picture.png", "table.json"],
  deep: [["dir/deep/f.bin", false, 1_280_000]],
  text: "hello",
  dict: { k: [1, 2] },
  bytes: 1_280_000,
  table: { q: ["a", "b"], s: [1, 2] },
  batch: [10, 90, "89", "FAILED", 999],
  renamed: "renamed",
  errors: {
    param: ["INVALID_PARAMETER_VALUE", 400],
    "same param": null,
    "no run": ["RESOURCE_DOES_NOT_EXIST", 404],
    "no experiment": ["RESOURCE_DOES_NOT_EXIST", 404],
    twice: ["RESOURCE_ALREADY_EXISTS", 400],
    filter: ["INVALID_PARAMETER_VALUE", 400],
    "no tag": ["RESOURCE_DOES_NOT_EXIST", 404],
    key: ["INVALID_PARAMETER_VALUE", 400],
  },
  search: {
    metric: ["parent"],
    param: ["parent"],
    tag: ["parent"],
    name: ["parent"],
    status: ["renamed"],
    parent: ["child"],
    order: ["child", "parent", "renamed"],
    paged: ["renamed", "child", "parent"],
  },
  deleted: ["child", "parent", "deleted", "INVALID_PARAMETER_VALUE"],
  restored: 3,
  view: [["Default", "fluent"], ["other2"]],
  experiments: ["other2"],
  resumed: 1,
  input: ["frame", true, ["training"]],
};

test("MLflow 3: fluent API and MlflowClient do what they do with MLflow's own server", async () => {
  const said = await runScript(mlflow3(), "fluent.py", address);
  expect(said).toMatchObject({ ...FLUENT, version: "3.18.0", parent: said["run_id"] });
  expect(failures).toEqual([]);
});

test("MLflow 2: the same, without what 3 added", async () => {
  const id = store.experiment("fluent").id;
  store.deleteExperiment(id);
  store.deleteExperiment(store.experiment("other2").id);
  store.gc();
  const said = await runScript(mlflow2(), "fluent.py", address);
  expect(said).toMatchObject({ ...FLUENT, version: "2.22.5", parent: said["run_id"] });
  expect(failures).toEqual([]);
});

test("MLflow 3: models, figures, autologging, the registry and traces", async () => {
  const said = await runScript(mlflow3(), "models.py", address);
  expect(said).toMatchObject({
    predicts: true,
    pyfunc: ["aa", "bb"],
    logged: ["twice", "READY", true, [["hit", 0.25]]],
    searched: ["clf", "twice"],
    model_tag: "best",
    outputs: 1,
    registered: ["clf-reg", "1", true],
    alias: "1",
    by_alias: true,
    version: ["first", { k: "v" }],
    reg_search: ["clf-reg"],
    reg_left: 0,
    autolog: ["0.5", true, true],
    traces: 1,
  });
  expect(failures).toEqual([]);
});

test("MLflow 3: webhooks are made, and told of what its client does; scorers are kept", async () => {
  const received: { headers: IncomingHttpHeaders; text: string }[] = [];
  const receiver = createHttpServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += String(part);
    received.push({ headers: request.headers, text });
    response.end("ok");
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  try {
    const { port } = receiver.address() as AddressInfo;
    const said = await runScript(mlflow3(), "webhooks.py", address, `http://127.0.0.1:${port}/`);
    expect(said).toEqual({
      made: ["ci", ["registered_model.created", "model_version_alias.created"], "ACTIVE"],
      read: ["ci", "about"],
      listed: ["ci"],
      tested: [true, 200, "ok"],
      updated: ["DISABLED", ["prompt.created"]],
      left: 0,
      missing: "RESOURCE_DOES_NOT_EXIST",
      scorer: [1, 2, "Be brief."],
      scorers: ["brief"],
      versions: [1, 2],
      scorers_left: [[1], []],
    });
    await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 60_000 });
    const sent = received.map(({ text }) => JSON.parse(text) as Json).slice(1);
    const told = sent.map(
      ({ entity, data }) => `${String(entity)} ${String((data as Json)["name"])}`,
    );
    expect(told.toSorted()).toEqual(["model_version_alias hooked", "registered_model hooked"]);
    for (const { headers, text } of received) {
      const said = ["delivery-id", "timestamp", "signature"];
      const [id, seconds, signature] = said.map((name) => String(headers[`x-mlflow-${name}`]));
      const digest = createHmac("sha256", "hush")
        .update(`${id}.${seconds}.${text}`)
        .digest("base64");
      expect(signature).toBe(`v1,${digest}`);
    }
    expect(failures).toEqual([]);
  } finally {
    receiver.close();
  }
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

test("our client logs to a real MLflow server, through an outage of it, and reads back", async () => {
  const port = await freePort();
  const home = mkdtempSync(join(folder, "server-"));
  const start = async () => {
    const child = spawn(
      mlflow3(),
      `-m mlflow server --host 127.0.0.1 --port ${port} --workers 1 --backend-store-uri sqlite:///${home}/m.db --artifacts-destination ${home}/artifacts`.split(
        " ",
      ),
      { cwd: home, stdio: "ignore", detached: true },
    );
    for (let tries = 0; tries < 240; tries++) {
      const up = await fetch(`http://127.0.0.1:${port}/health`).then(
        (r) => r.ok,
        () => false,
      );
      if (up) return child;
      await new Promise((done) => setTimeout(done, 500));
    }
    throw new Error("the MLflow server did not start");
  };
  const stop = async (child: { pid?: number | undefined }) => {
    process.kill(-child.pid!, "SIGKILL"); // the whole group: uvicorn has workers
    for (let tries = 0; tries < 100; tries++) {
      const down = await fetch(`http://127.0.0.1:${port}/health`).then(
        () => false,
        () => true,
      );
      if (down) return;
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  let mlflow = await start();
  try {
    const client = new TrackingClient(`http://127.0.0.1:${port}`, {
      spoolFolder: join(home, "spool"),
      retries: 1,
    });
    const run = await client.startRun({
      experiment: "ours",
      name: "r",
      params: { seed: 1 },
      tags: { a: "b" },
    });
    for (let step = 0; step < 1_500; step++) run.log("loss", step / 7, step);
    run.log("odd", NaN, 1);
    await run.flush();
    await client.logArtifact(run.runId, "a b/c.txt", "text");
    await stop(mlflow);
    run.log("late", 5, 1);
    await expect(run.flush()).rejects.toThrow("no answer");
    expect(run.pending).toBe(0);
    mlflow = await start();
    await client.finishRun(run);
    const read = await client.run(run.runId);
    expect(read).toMatchObject({
      name: "r",
      status: "FINISHED",
      params: { seed: "1" },
      tags: { a: "b" },
    });
    expect(read.metrics).toEqual({ loss: 1_499 / 7, odd: NaN, late: 5 });
    expect((await client.history(run.runId, "loss")).map((p) => p.value)).toEqual(
      Array.from({ length: 1_500 }, (_, step) => step / 7),
    );
    expect(String(await client.readArtifact(run.runId, "a b/c.txt"))).toBe("text");
    const found: string[] = [];
    const search = { experimentIds: [read.experimentId], filter: "metrics.late = 5" };
    for await (const { id } of client.searchRuns(search)) found.push(id);
    expect(found).toEqual([run.runId]);
  } finally {
    await stop(mlflow);
  }
});

/** What MLflow or TensorBoard says is in its files, and what our import of them holds. */
function contentOf(reader: RunReader, runId: string): Json {
  const run = reader.run(runId);
  return {
    name: run.name,
    status: run.status,
    lifecycle: run.lifecycle,
    params: run.params,
    tags: Object.fromEntries(
      Object.entries(run.tags).filter(([key]) => !/^rzenlab\.import$|^mlflow\.runName$/.test(key)),
    ),
    metrics: Object.fromEntries(
      [...new Set(reader.series(runId).map(({ key }) => key))].toSorted().map((key) => [
        key,
        reader
          .series(runId)
          .filter((one) => one.key === key)
          .flatMap(({ dataset }) => reader.history(runId, key, dataset ? { dataset } : {}))
          .map(({ step, timestamp, value }) => [step, timestamp, String(value)]),
      ]),
    ),
    artifacts: reader.artifacts(runId).map(({ path, sha256 }) => [path, sha256]),
  };
}

test.each(["sqlite", "mlruns"])("runs that MLflow wrote (%s) are imported whole", async (kind) => {
  const place = mkdtempSync(join(folder, "import-"));
  const uri = kind === "sqlite" ? `sqlite:///${place}/m.db` : `file://${place}/mlruns`;
  const { runs } = (await runScript(mlflow3(), "files.py", uri, place)) as {
    runs: Record<string, Json>;
  };
  const target = mkdtempSync(join(folder, "imported-"));
  using imported = RunWriter.open(target);
  const source =
    kind === "sqlite" ? mlflowSqlite(join(place, "m.db")) : mlruns(join(place, "mlruns"));
  expect(importRuns(imported, source)).toMatchObject({ runs: 3, warnings: [] });
  for (const [id, content] of Object.entries(runs))
    expect(contentOf(imported, id)).toEqual(content);
  // And out again: MLflow reads what we export.
  const out = join(target, "mlruns");
  exportMlruns(imported, out, imported.experiments());
  const again = (await runScript(mlflow3(), "files.py", `file://${out}`)) as {
    runs: Record<string, Json>;
  };
  for (const run of Object.values(again.runs)) delete (run["tags"] as Json)["rzenlab.import"];
  expect(again.runs).toEqual(runs);
});

test("event files that tensorboardX writes are imported whole", async () => {
  const place = mkdtempSync(join(folder, "tensorboard-"));
  const { points } = await runScript(mlflow3(), "events.py", place);
  using imported = RunWriter.open(mkdtempSync(join(folder, "imported-")));
  const result = importRuns(imported, tensorboard(place));
  expect(result).toMatchObject({ runs: 2, points: 2_000, warnings: [] });
  const runs = imported.searchRuns({ orderBy: [{ attribute: "name" }] });
  expect(
    Object.fromEntries(
      runs.map(({ id, name }) => [
        name,
        imported.history(id, "a/loss").map(({ step, value }) => [step, value]),
      ]),
    ),
  ).toEqual(points);
});

/** Parts of the official server that ours does not have; it says so with ENDPOINT_NOT_FOUND. */
const NOT_SERVED = [
  "/gateway/",
  "/issues",
  "/label-schemas/",
  "/prompt-optimization/",
  "/review-queues/",
  "PUT /api/3.0/mlflow/scorers/online-config",
  "/server-info",
  "/workspaces",
  // Traces as clients before 3.0 sent them, and what only the official UI's statistics ask.
  "/traces/<request_id>",
  "/traces/calculate-filter-correlation",
  "/traces/link-prompts",
  "/traces/metrics",
  "/get-online-trace-details",
  "/unified-traces",
  "GET /api/2.0/mlflow/traces",
  "/api/2.0mlflow/", // a slip of theirs
];

test("every endpoint of the official server has an answer, but for the parts listed", async () => {
  const endpoints = (await runScript(mlflow3(), "endpoints.py")) as unknown as [string, string][];
  const absent: string[] = [];
  const api = endpoints.filter(([, path]) => path.startsWith("/api/"));
  for (const [method, path] of api) {
    const answer = await fetch(address + path.replaceAll(/<[^>]+>/g, "x1"), {
      method,
      ...(method !== "GET" && {
        headers: { "content-type": "application/json" },
        body: "{}",
      }),
    });
    const text = await answer.text();
    if (text.includes("ENDPOINT_NOT_FOUND")) absent.push(`${method} ${path}`);
  }
  expect(api.length).toBeGreaterThan(150);
  expect(absent.filter((one) => !NOT_SERVED.some((part) => one.includes(part)))).toEqual([]);
  expect(NOT_SERVED.filter((part) => !absent.some((one) => one.includes(part)))).toEqual([]);
});
