import { expect, test } from "vitest";
import { API, type Json, refused, startServer, type TestServer } from "./support.ts";

const json = (body: object): RequestInit => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const patch = (server: TestServer, path: string, body: object) =>
  server.call("PATCH", API + path, json(body));
const remove = (server: TestServer, path: string, body: object = {}) =>
  server.call("DELETE", API + path, json(body));

test("a logged model is made, finalised, tagged, measured on a data set, found and deleted", async () => {
  const server = await startServer();
  const run_id = await server.run();
  const params = [{ key: "dim", value: "64" }];
  const { model } = await server.ok("/logged-models", {
    experiment_id: "0",
    name: "soup",
    model_type: "merge",
    source_run_id: run_id,
    params,
    tags: [{ key: "a", value: "1" }],
  });
  const id = model.info.model_id;
  expect(model).toEqual({
    info: {
      model_id: expect.stringMatching(/^m-[0-9a-f]{32}$/),
      experiment_id: "0",
      name: "soup",
      creation_timestamp_ms: expect.any(Number),
      last_updated_timestamp_ms: expect.any(Number),
      artifact_uri: `mlflow-artifacts:/0/models/${id}/artifacts`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "merge",
      source_run_id: run_id,
      tags: [{ key: "a", value: "1" }],
    },
    data: { params },
  });
  const ready = await patch(server, `/logged-models/${id}`, { status: "LOGGED_MODEL_READY" });
  expect(ready.body.model.info.status).toBe("LOGGED_MODEL_READY");
  await patch(server, `/logged-models/${id}/tags`, { tags: [{ key: "b", value: "2" }] });
  await remove(server, `/logged-models/${id}/tags/a`);
  expect((await remove(server, `/logged-models/${id}/tags/a`)).status).toBe(404);
  await server.ok(`/logged-models/${id}/params`, { params: [{ key: "tau", value: "0.1" }] });
  await server.ok("/runs/log-metric", {
    run_id,
    key: "hit",
    value: 0.5,
    timestamp: 3,
    model_id: id,
    dataset_name: "coco",
    dataset_digest: "x",
  });
  const read = (await server.get(`/logged-models/${id}`)).body.model;
  expect(read.info.tags).toEqual([{ key: "b", value: "2" }]);
  expect(read.data).toEqual({
    params: [
      { key: "dim", value: "64" },
      { key: "tau", value: "0.1" },
    ],
    metrics: [
      {
        key: "hit",
        value: 0.5,
        timestamp: 3,
        step: 0,
        model_id: id,
        run_id,
        dataset_name: "coco",
        dataset_digest: "x",
      },
    ],
  });
  expect((await remove(server, `/logged-models/${id}`)).body).toEqual({});
  expect(refused(await server.get(`/logged-models/${id}`))).toBe(
    `404 RESOURCE_DOES_NOT_EXIST: Logged model with ID '${id}' not found.`,
  );
});

test("logged models are searched by what they are and by scores on data sets", async () => {
  const server = await startServer();
  const run_id = await server.run();
  for (const [i, name] of ["a", "b", "c"].entries()) {
    const { model } = await server.ok("/logged-models", {
      experiment_id: "0",
      name,
      params: [{ key: "dim", value: String(i) }],
    });
    for (const [dataset_name, value] of [
      ["x", i],
      ["y", -i],
    ] as const) {
      await server.ok("/runs/log-metric", {
        run_id,
        key: "hit",
        value,
        timestamp: 1,
        model_id: model.info.model_id,
        dataset_name,
        dataset_digest: "1",
      });
    }
  }
  const names = async (body: object) => {
    const { models = [] } = await server.ok("/logged-models/search", {
      experiment_ids: ["0"],
      ...body,
    });
    return models.map((model: Json) => model.info.name).join("");
  };
  expect(await names({})).toBe("cba");
  expect(await names({ filter: "name != 'a' AND params.dim < 2" })).toBe("b");
  expect(
    await names({
      filter: "metrics.hit > 0",
      datasets: [{ dataset_name: "x", dataset_digest: "1" }],
    }),
  ).toBe("cb");
  expect(await names({ filter: "metrics.hit > 0", datasets: [{ dataset_name: "y" }] })).toBe("");
  for (const dataset_name of ["\0", "x') OR 1 --", "x\0' OR 1"]) {
    expect(await names({ filter: "metrics.hit > 0", datasets: [{ dataset_name }] })).toBe("");
  }
  expect(
    await names({ order_by: [{ field_name: "metrics.hit", ascending: true, dataset_name: "x" }] }),
  ).toBe("abc");
  expect(
    await names({ order_by: [{ field_name: "metrics.hit", ascending: true, dataset_name: "y" }] }),
  ).toBe("cba");
  const page = await server.ok("/logged-models/search", { experiment_ids: ["0"], max_results: 2 });
  expect(await names({ max_results: 2, page_token: page.next_page_token })).toBe("a");
  expect(
    refused(await server.post("/logged-models", { experiment_id: "0", name: "a/b" })),
  ).toContain("Invalid model name");
  const params = Array.from({ length: 101 }, (_, i) => ({ key: `k${i}`, value: "" }));
  const { model } = await server.ok("/logged-models", { experiment_id: "0", params });
  expect(model.data.params).toHaveLength(100);
  expect(
    refused(await server.post(`/logged-models/${model.info.model_id}/params`, { params })),
  ).toContain("At most 100 params can be logged at once, got 101");
});

test("a registered model has versions, stages, aliases and tags, and can be renamed", async () => {
  const server = await startServer();
  const name = "encoder";
  await server.ok("/registered-models/create", {
    name,
    description: "d",
    tags: [{ key: "a", value: "1" }],
  });
  expect(refused(await server.post("/registered-models/create", { name }))).toBe(
    "400 RESOURCE_ALREADY_EXISTS: Registered Model (name=encoder) already exists.",
  );
  for (const source of ["s1", "s2"]) {
    const { model_version } = await server.ok("/model-versions/create", {
      name,
      source,
      run_id: "r",
      tags: [{ key: "t", value: source }],
    });
    expect(model_version).toMatchObject({
      name,
      version: source[1],
      source,
      run_id: "r",
      status: "READY",
      current_stage: "None",
    });
  }
  const production = { name, stage: "production", archive_existing_versions: true };
  await server.ok("/model-versions/transition-stage", { ...production, version: "1" });
  await server.ok("/model-versions/transition-stage", { ...production, version: "2" });
  expect(
    (await server.get("/model-versions/get", { name, version: 1 })).body.model_version
      .current_stage,
  ).toBe("Archived");
  await server.ok("/registered-models/alias", { name, alias: "best", version: "2" });
  const alias = await server.get("/registered-models/alias", { name, alias: "best" });
  expect(alias.body.model_version).toMatchObject({ version: "2", aliases: ["best"] });
  expect(refused(await server.get("/registered-models/alias", { name, alias: "worst" }))).toBe(
    "400 INVALID_PARAMETER_VALUE: Registered model alias worst not found.",
  );
  const latest = await server.post("/registered-models/get-latest-versions", {
    name,
    stages: ["Production"],
  });
  expect(latest.body.model_versions.map((v: Json) => v.version)).toEqual(["2"]);
  await server.ok("/registered-models/rename", { name, new_name: "tower" });
  const renamed = (await server.get("/registered-models/get", { name: "tower" })).body
    .registered_model;
  expect(renamed).toMatchObject({
    name: "tower",
    description: "d",
    aliases: [{ alias: "best", version: "2" }],
    tags: [{ key: "a", value: "1" }],
  });
  expect((await server.get("/registered-models/get", { name })).status).toBe(404);
  expect(
    (await server.get("/model-versions/get-download-uri", { name: "tower", version: "1" })).body,
  ).toEqual({ artifact_uri: "s1" });
  const found = await server.get("/model-versions/search", {
    filter: "name = 'tower' AND tags.t = 's1'",
  });
  expect(found.body.model_versions.map((v: Json) => v.version)).toEqual(["1"]);
  await server.ok("/model-versions/set-tag", { name: "tower", version: "1", key: "x", value: "y" });
  expect(
    (await remove(server, "/model-versions/delete-tag", { name: "tower", version: "1", key: "x" }))
      .status,
  ).toBe(200);
  expect(
    (await remove(server, "/model-versions/delete-tag", { name: "tower", version: "1", key: "x" }))
      .status,
  ).toBe(404);
  await patch(server, "/model-versions/update", {
    name: "tower",
    version: "1",
    description: "first",
  });
  await patch(server, "/registered-models/update", { name: "tower", description: "new" });
  await server.ok("/registered-models/set-tag", { name: "tower", key: "b", value: "2" });
  await remove(server, "/registered-models/delete-tag", { name: "tower", key: "a" });
  await remove(server, "/registered-models/alias", { name: "tower", alias: "best" });
  const search = await server.get("/registered-models/search", {
    filter: "name LIKE 'tow%' AND tags.b = '2'",
  });
  expect(search.body.registered_models).toEqual([
    expect.objectContaining({ description: "new", tags: [{ key: "b", value: "2" }] }),
  ]);
  expect(search.body.registered_models[0].aliases).toBeUndefined();
  await remove(server, "/model-versions/delete", { name: "tower", version: "1" });
  expect((await server.get("/model-versions/get", { name: "tower", version: "1" })).status).toBe(
    404,
  );
  await remove(server, "/registered-models/delete", { name: "tower" });
  expect((await server.get("/registered-models/search")).body).toEqual({});
});

test("the registry refuses by name", async () => {
  const server = await startServer();
  const name = "m";
  await server.ok("/registered-models/create", { name });
  const cases = [
    [
      "/registered-models/create",
      { name: "a/b" },
      "Registered model names cannot contain '/' or ':'",
    ],
    ["/registered-models/rename", { name, new_name: "a:b" }, "cannot contain '/' or ':'"],
    [
      "/model-versions/create",
      { name: "none", source: "s" },
      "404 RESOURCE_DOES_NOT_EXIST: Registered Model with name=none not found",
    ],
    ["/model-versions/create", { name }, "Missing value for required parameter 'source'"],
    [
      "/model-versions/set-tag",
      { name, version: "x", key: "k" },
      "Model version must be an integer, got 'x'",
    ],
    [
      "/model-versions/transition-stage",
      { name, version: "1", stage: "Live" },
      "Invalid Model Version stage: Live",
    ],
    [
      "/registered-models/alias",
      { name, alias: "v1", version: "1" },
      "'v1' alias name is reserved",
    ],
    [
      "/registered-models/alias",
      { name, alias: "a b", version: "1" },
      "letters, digits, underscores and hyphens",
    ],
    [
      "/registered-models/alias",
      { name, alias: "ok", version: "1" },
      "404 RESOURCE_DOES_NOT_EXIST: Model Version (name=m, version=1) not found",
    ],
  ] as const;
  for (const [path, body, message] of cases)
    expect(refused(await server.post(path, body))).toContain(message);
});
