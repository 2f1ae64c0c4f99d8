/** @file Scorers: versions by name and experiment, kept as clients wrote them. */
import { expect, test } from "vitest";
import { API, refused, startServer } from "./support.ts";

const serialized = (text: string) => JSON.stringify({ name: "s", instructions: text });

test("scorers have versions; the newest is what is found", async () => {
  const server = await startServer();
  const register = (text: string, name = "s", experiment_id = "0") =>
    server.ok("/scorers/register", { experiment_id, name, serialized_scorer: serialized(text) });
  const one = await register("a");
  const two = await register("b");
  expect(one).toMatchObject({ name: "s", version: 1, experiment_id: "0" });
  expect([two.version, two.scorer_id]).toEqual([2, one.scorer_id]);
  const other = String(server.store.createExperiment("other"));
  await register("c", "t", other);

  const at = { experiment_id: "0", name: "s" };
  const newest = (await server.get("/scorers/get", at)).body.scorer;
  expect(newest).toMatchObject({ scorer_name: "s", scorer_version: 2 });
  expect(newest.serialized_scorer).toBe(serialized("b"));
  const first = (await server.get("/scorers/get", { ...at, version: 1 })).body.scorer;
  expect(first.serialized_scorer).toBe(serialized("a"));
  expect((await server.get("/scorers/versions", at)).body.scorers).toEqual([first, newest]);

  const names = async (query: Record<string, string | string[]>) =>
    ((await server.get("/scorers/list", query)).body.scorers ?? []).map(
      (s: { scorer_name: string; scorer_version: number }) => [s.scorer_name, s.scorer_version],
    );
  expect(await names({})).toEqual([
    ["s", 2],
    ["t", 1],
  ]);
  expect(await names({ experiment_id: "0" })).toEqual([["s", 2]]);
  expect(await names({ experiment_ids: [other] })).toEqual([["t", 1]]);
  server.store.deleteExperiment(Number(other));
  expect(await names({ experiment_ids: ["0", other] })).toEqual([["s", 2]]);
  expect(await names({ experiment_ids: [other] })).toEqual([]);

  const remove = (body: object) =>
    server.call("DELETE", `${API}/scorers/delete`, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await remove({ ...at, version: 2 })).status).toBe(200);
  expect(await names({ experiment_id: "0" })).toEqual([["s", 1]]);
  await remove(at);
  expect(await names({})).toEqual([]);
  expect(refused(await remove(at))).toBe(
    "404 RESOURCE_DOES_NOT_EXIST: Scorer with name 's' not found for experiment 0.",
  );
});

test("what is wrong with a scorer is said", async () => {
  const server = await startServer();
  const register = async (serialized_scorer: string) =>
    refused(
      await server.post("/scorers/register", { experiment_id: "0", name: "s", serialized_scorer }),
    );
  expect(await register("{")).toMatch(/serialized_scorer must be valid JSON: /);
  expect(await register("[]")).toMatch(/it must be the text of a JSON object$/);
  const nested = JSON.stringify({ scorers: [{ call_source: "import os" }] });
  expect(await register(nested)).toMatch(/holds source code \(call_source\), which is not stored/);
  expect(await register(serialized("x".repeat(1 << 20)))).toMatch(/more than 1048576 bytes$/);
  await server.ok("/scorers/register", { experiment_id: "0", name: "s", serialized_scorer: "{}" });
  const absent = { experiment_id: "0", name: "s", version: 7 };
  expect(refused(await server.get("/scorers/get", absent))).toMatch(/and version 7 not found/);
  const both = { experiment_id: "0", experiment_ids: ["0"] };
  expect(refused(await server.get("/scorers/list", both))).toMatch(/Cannot specify both/);
});
