/** @file Many runs changed by one request: all or nothing, and taken back by the answer's `undo`. */
import { expect, test } from "vitest";
import { AccessTokens } from "../../../src/tracking/server/index.ts";
import { MAX_BULK_RUNS } from "../../../src/tracking/server/routes/bulk.ts";
import { type Answer, type Json, refused, startServer, type TestServer } from "./support.ts";

function bulk(server: TestServer, what: "tags" | "lifecycle", body: unknown): Promise<Answer> {
  return server.call("POST", `/api/runs/${what}`, {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const tagsOf = (server: TestServer, id: string): Json => {
  const { "mlflow.runName": _, ...tags } = server.store.run(id).tags;
  return tags;
};

test("tags of many runs are set and deleted in one request, and taken back by another", async () => {
  const server = await startServer();
  const a = await server.run({ tags: [{ key: "group", value: "old" }] });
  const b = await server.run();
  const c = await server.run({ tags: [{ key: "group", value: "new" }] });
  const change = { run_ids: [a, b, c, a], tags: { group: "new", stale: null, note: "é" } };
  const { status, body } = await bulk(server, "tags", { changes: [change] });
  expect([status, body.runs]).toEqual([200, 3]);
  for (const id of [a, b, c]) expect(tagsOf(server, id)).toEqual({ group: "new", note: "é" });

  const undone = await bulk(server, "tags", body.undo);
  expect(undone.body.runs).toBe(3);
  expect([a, b, c].map((id) => tagsOf(server, id))).toEqual([
    { group: "old" },
    {},
    { group: "new" },
  ]);
  // What it undid, it tells as well.
  await bulk(server, "tags", undone.body.undo);
  expect(tagsOf(server, b)).toEqual({ group: "new", note: "é" });
});

test("a run named in two changes is taken back in reverse; its name may change, not go", async () => {
  const server = await startServer();
  const id = await server.run({ run_name: "first" });
  const changes = [
    { run_ids: [id], tags: { k: "1" } },
    { run_ids: [id], tags: { k: "2", "mlflow.runName": "second" } },
  ];
  const { body } = await bulk(server, "tags", { changes });
  expect([server.store.run(id).name, tagsOf(server, id)]).toEqual(["second", { k: "2" }]);
  await bulk(server, "tags", body.undo);
  expect([server.store.run(id).name, tagsOf(server, id)]).toEqual(["first", {}]);
  const nameless = [{ run_ids: [id], tags: { "mlflow.runName": null } }];
  expect(refused(await bulk(server, "tags", { changes: nameless }))).toBe(
    '400 INVALID_PARAMETER_VALUE: A run keeps its name: tag "mlflow.runName" cannot be deleted',
  );
});

test("runs are deleted and restored together; undo touches only what was changed", async () => {
  const server = await startServer();
  const ids = [await server.run(), await server.run(), await server.run()];
  await server.ok("/runs/delete", { run_id: ids[1] });
  const { body } = await bulk(server, "lifecycle", { run_ids: ids, lifecycle: "deleted" });
  expect(body).toEqual({ runs: 2, undo: { run_ids: [ids[0], ids[2]], lifecycle: "active" } });
  await bulk(server, "lifecycle", body.undo);
  expect(ids.map((id) => server.store.run(id).lifecycle)).toEqual(["active", "deleted", "active"]);
});

test("with one run at fault nothing is changed", async () => {
  const server = await startServer();
  const good = await server.run();
  const deleted = await server.run();
  await server.ok("/runs/delete", { run_id: deleted });
  const tag = (run_ids: unknown, tags: unknown = { k: "v" }) =>
    bulk(server, "tags", { changes: [{ run_ids, tags }] }).then(refused);
  expect(await tag([good, "nowhere"])).toBe(
    "404 RESOURCE_DOES_NOT_EXIST: Run with id=nowhere not found",
  );
  expect(await tag([good, deleted])).toMatch(/^400 .* must be in the 'active' state/);
  expect(await tag([good], { "": "v" })).toMatch(/^400 INVALID_PARAMETER_VALUE/);
  expect(tagsOf(server, good)).toEqual({});
  const away = { run_ids: [good, "nowhere"], lifecycle: "deleted" };
  expect(refused(await bulk(server, "lifecycle", away))).toMatch(/nowhere not found$/);
  expect(server.store.run(good).lifecycle).toBe("active");
});

test("what is wrong with a request is said", async () => {
  const server = await startServer();
  const id = await server.run();
  const tags = (changes: unknown) => bulk(server, "tags", { changes }).then(refused);
  const one = (given: unknown) => tags([{ run_ids: [id], tags: given }]);
  expect(await tags([])).toMatch(/Missing value for required parameter 'changes'/);
  expect(await tags([{ tags: { k: "v" } }])).toMatch(/names 1 to 10000 runs, got 0; split/);
  const many = Array.from({ length: MAX_BULK_RUNS + 1 }, (_, i) => `r${i}`);
  expect(await tags([{ run_ids: many, tags: {} }])).toMatch(/runs, got 10001; split/);
  expect(await one(["k"])).toMatch(/'changes\[0\]\.tags' .* an object of keys and values$/);
  expect(await one({ k: 1 })).toMatch(/Invalid value 1 .* a string, or null to delete the tag$/);
  expect(await one({ k: "x".repeat(8_001) })).toMatch(/at most 8000 characters \(got 8001\)$/);
  const hundred = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, "v"]));
  expect(await one(hundred)).toMatch(/A change has at most 100 tags, got 101$/);
  expect(refused(await bulk(server, "lifecycle", { run_ids: [id] }))).toMatch(/'lifecycle'/);
  expect(refused(await bulk(server, "lifecycle", { run_ids: [id], lifecycle: "gone" }))).toMatch(
    /it must be one of active, deleted$/,
  );
});

test("runs come not back into a deleted experiment; tags take a logger, deleting an admin", async () => {
  const server = await startServer({ auth: true });
  const secret = await new AccessTokens(server.store.connection).create("ci", "logger");
  const experiment = server.store.createExperiment("gone");
  const id = server.store.createRun({ experimentId: experiment }).id;
  const as = (what: "tags" | "lifecycle", body: unknown, token: string) =>
    server.call("POST", `/api/runs/${what}`, {
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const tagged = await as("tags", { changes: [{ run_ids: [id], tags: { k: "v" } }] }, secret);
  expect(tagged.body.runs).toBe(1);
  const away = { run_ids: [id], lifecycle: "deleted" };
  expect(refused(await as("lifecycle", away, secret))).toMatch(/^403 .*needs admin$/);
  const admin = await new AccessTokens(server.store.connection).create("boss", "admin");
  server.store.deleteExperiment(experiment);
  const back = { run_ids: [id], lifecycle: "active" };
  expect(refused(await as("lifecycle", back, admin))).toMatch(/experiment .* 'active' state/);
});
