import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunReader, RunWriter } from "../../../src/tracking/index.ts";
import {
  backupStore,
  createTrackingServer,
  restoreStore,
} from "../../../src/tracking/server/index.ts";
import { freshFolder } from "../support.ts";
import { type Json, startServer } from "./support.ts";

/** Reads events until `enough` says so. */
async function events(
  url: string,
  enough: (all: Json[]) => boolean,
  headers = {},
): Promise<Json[]> {
  const response = await fetch(url, { headers });
  const seen: Json[] = [];
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const part = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      if (part("event"))
        seen.push({ event: part("event"), id: part("id"), data: JSON.parse(part("data")!) });
    }
    if (enough(seen)) break;
  }
  return seen;
}

test("open pages are told what changed, once a change however often it came", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const { experiment_id } = await server.ok("/experiments/create", { name: "other" });
  const told = events(`${server.base}/api/live?experiment_id=0`, (all) =>
    all.some(
      ({ event, data }) => event === "change" && data.some((c: Json) => c.kind === "metrics"),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 400));
  for (let step = 0; step < 5; step++) {
    await server.ok("/runs/log-metric", { run_id, key: "loss", value: step, timestamp: 1, step });
  }
  await server.run({ experiment_id });
  const all = await told;
  expect(all[0]).toMatchObject({ event: "ready" });
  const changes = all.flatMap(({ event, data }) => (event === "change" ? data : []));
  expect(changes).toContainEqual({ kind: "metrics", experimentId: 0, runId: run_id });
  expect(changes.some((change: Json) => change.experimentId === Number(experiment_id))).toBe(false);
});

test("a page that comes back gets what it missed; one of an older server is told to start over", async () => {
  const server = await startServer();
  const run_id = await server.run();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const missed = await events(`${server.base}/api/live`, (all) => all.length >= 2, {
    "last-event-id": "0",
  });
  expect(missed[1]).toMatchObject({
    event: "change",
    data: [{ kind: "run", experimentId: 0, runId: run_id }],
  });
  const reset = await events(`${server.base}/api/live`, (all) => all.length >= 2, {
    "last-event-id": "999",
  });
  expect(reset[1]).toMatchObject({ event: "reset" });
});

test("closing answers what was taken and ends the streams", async () => {
  const store = RunWriter.open(freshFolder());
  const app = createTrackingServer({ store });
  const base = await app.listen({ port: 0, host: "127.0.0.1" });
  const stream = await fetch(`${base}/api/live`);
  const write = fetch(`${base}/api/2.0/mlflow/runs/create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { run } = (await (await write).json()) as Json;
  await app.close();
  expect(await stream.text()).toContain("event: ready");
  expect(store.run(run.info.run_id).id).toBe(run.info.run_id);
  store.close();
});

test("pages and routes are added behind the same checks, and API paths stay JSON", async () => {
  const server = await startServer({
    extend: (app) => {
      app.get("/api/ui/hello", () => ({ hello: 1 }));
      return (request, reply) => reply.type("text/html").send(`<p>${request.url}`);
    },
  });
  expect((await server.call("GET", "/api/ui/hello")).body).toEqual({ hello: 1 });
  expect((await server.call("GET", "/runs/7")).body).toBe("<p>/runs/7");
  expect((await server.call("GET", "/api/nothing")).body.error_code).toBe("ENDPOINT_NOT_FOUND");
  const foreign = await server.call("GET", "/api/ui/hello", {
    headers: { origin: "http://evil.example" },
  });
  expect(foreign.status).toBe(403);
});

test("a backup made while others write is whole, and can be restored", async () => {
  const server = await startServer();
  const run_id = await server.run();
  server.store.logArtifact(run_id, "a/notes.txt", "kept");
  const writing = new AbortController();
  let acknowledged = 0;
  const writer = (async () => {
    for (; !writing.signal.aborted; acknowledged++) {
      await server.ok("/runs/log-metric", {
        run_id,
        key: "loss",
        value: acknowledged,
        timestamp: 1,
        step: acknowledged,
      });
    }
  })();
  await expect.poll(() => acknowledged).toBeGreaterThan(5);
  const before = acknowledged;
  const target = join(freshFolder(), "copy");
  await backupStore(server.store.folder, target);
  writing.abort();
  await writer;
  const restored = join(freshFolder(), "store");
  await restoreStore(target, restored);
  using store = RunReader.open(restored);
  const points = store.history(run_id, "loss");
  expect(points.length).toBeGreaterThanOrEqual(before);
  expect(points.map(({ step }) => step)).toEqual(points.map((_, i) => i));
  expect(store.readArtifact(run_id, "a/notes.txt").toString()).toBe("kept");

  await expect(backupStore(server.store.folder, target)).rejects.toThrow(
    /copy is not empty \(.*\); name a folder that is not there yet/,
  );
  await expect(restoreStore(target, server.store.folder)).rejects.toThrow("is not empty");
  const broken = freshFolder();
  writeFileSync(join(broken, "rzenlab.db"), "no database");
  await expect(restoreStore(broken, join(freshFolder(), "x"))).rejects.toThrow(
    /no usable store in .*rzenlab\.db/,
  );
  expect(existsSync(`${target}.partial`)).toBe(false);
});
