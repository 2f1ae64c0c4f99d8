import { expect, test } from "vitest";
import { refused, startServer } from "./support.ts";

test("an experiment is made, read by id and name, renamed and tagged", async () => {
  const server = await startServer();
  const tags = [{ key: "owner", value: "eva" }];
  const { experiment_id } = await server.ok("/experiments/create", { name: "ablation", tags });
  expect(experiment_id).toBe("1");
  const { experiment } = (await server.get("/experiments/get", { experiment_id })).body;
  expect(experiment).toEqual({
    experiment_id: "1",
    name: "ablation",
    artifact_location: "mlflow-artifacts:/1",
    lifecycle_stage: "active",
    creation_time: expect.any(Number),
    last_update_time: expect.any(Number),
    tags,
  });
  const byName = await server.get("/experiments/get-by-name", { experiment_name: "ablation" });
  expect(byName.body).toEqual({ experiment });
  await server.ok("/experiments/update", { experiment_id, new_name: "renamed" });
  await server.ok("/experiments/set-experiment-tag", { experiment_id, key: "note", value: "" });
  await server.ok("/experiments/delete-experiment-tag", { experiment_id, key: "owner" });
  const changed = (await server.get("/experiments/get", { experiment_id })).body.experiment;
  expect(changed).toMatchObject({ name: "renamed", tags: [{ key: "note", value: "" }] });
  expect(changed.last_update_time).toBeGreaterThan(experiment.last_update_time);
});

test("experiment 0 is there from the start and takes runs that name none", async () => {
  const server = await startServer();
  expect((await server.get("/experiments/get", { experiment_id: 0 })).body.experiment.name).toBe(
    "Default",
  );
  expect((await server.ok("/runs/create", {})).run.info.experiment_id).toBe("0");
});

test("a name is taken, also by a deleted experiment; status 400 as clients expect", async () => {
  const server = await startServer();
  const { experiment_id } = await server.ok("/experiments/create", { name: "a" });
  expect(refused(await server.post("/experiments/create", { name: "a" }))).toBe(
    "400 RESOURCE_ALREADY_EXISTS: Experiment 'a' already exists.",
  );
  expect(
    refused(await server.post("/experiments/update", { experiment_id: "0", new_name: "a" })),
  ).toBe("400 RESOURCE_ALREADY_EXISTS: Experiment 'a' already exists.");
  await server.ok("/experiments/delete", { experiment_id });
  expect(refused(await server.post("/experiments/create", { name: "a" }))).toContain(
    "400 RESOURCE_ALREADY_EXISTS: Experiment 'a' already exists in the deleted state.",
  );
});

test("deleting and restoring an experiment takes its runs along", async () => {
  const server = await startServer();
  const { experiment_id } = await server.ok("/experiments/create", { name: "a" });
  const run_id = await server.run({ experiment_id });
  await server.ok("/experiments/delete", { experiment_id });
  const stage = async () =>
    (await server.get("/runs/get", { run_id })).body.run.info.lifecycle_stage;
  expect(await stage()).toBe("deleted");
  expect(refused(await server.post("/runs/create", { experiment_id }))).toBe(
    `400 INVALID_PARAMETER_VALUE: The experiment ${experiment_id} must be in the 'active' state. Current state is deleted.`,
  );
  expect(refused(await server.post("/experiments/delete", { experiment_id }))).toContain(
    "404 RESOURCE_DOES_NOT_EXIST",
  );
  expect((await server.post("/experiments/update", { experiment_id, new_name: "b" })).status).toBe(
    400,
  );
  expect((await server.post("/runs/restore", { run_id })).status).toBe(400);
  await server.ok("/experiments/restore", { experiment_id });
  expect(await stage()).toBe("active");
});

test("experiments are searched: newest change first, by name, tag and stage, in pages", async () => {
  const server = await startServer();
  for (const name of ["b", "a", "c"]) {
    await server.ok("/experiments/create", {
      name,
      tags: [{ key: "team", value: name.toUpperCase() }],
    });
  }
  await server.ok("/experiments/delete", { experiment_id: "3" });
  const names = async (body: object) => {
    const answer = await server.ok("/experiments/search", body);
    return (answer.experiments ?? []).map((e: { name: string }) => e.name).join(" ");
  };
  expect(await names({ max_results: 10 })).toBe("a b Default");
  expect(await names({ order_by: ["name ASC"], view_type: "ALL" })).toBe("Default a b c");
  expect(await names({ view_type: "DELETED_ONLY" })).toBe("c");
  expect(
    await names({ filter: "name ILIKE 'A%' OR tags.team = 'B'", order_by: ["name DESC"] }),
  ).toBe("b a");
  expect(await names({ filter: "creation_time < 0" })).toBe("");
  const first = await server.ok("/experiments/search", { max_results: 2 });
  const rest = await server.get("/experiments/search", {
    max_results: 2,
    page_token: first.next_page_token,
  });
  expect(rest.body).toEqual({ experiments: [expect.objectContaining({ name: "Default" })] });
});

const REFUSED = [
  [
    "/experiments/create",
    {},
    "400 INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'",
  ],
  [
    "/experiments/create",
    { name: " " },
    "400 INVALID_PARAMETER_VALUE: experiment name must be 1 to 500 characters",
  ],
  [
    "/experiments/create",
    { name: "x".repeat(501) },
    "400 INVALID_PARAMETER_VALUE: experiment name must be",
  ],
  [
    "/experiments/create",
    { name: 5 },
    "400 INVALID_PARAMETER_VALUE: Invalid value 5 for parameter 'name' supplied: it must be a string",
  ],
  [
    "/experiments/create",
    { name: "x", artifact_location: "s3://b?x" },
    "400 INVALID_PARAMETER_VALUE: Invalid artifact location",
  ],
  [
    "/experiments/create",
    { name: "x", artifact_location: "mlflow-artifacts:/../x" },
    "400 INVALID_PARAMETER_VALUE: Invalid path",
  ],
  [
    "/experiments/create",
    { name: "x", tags: [{ key: "k", value: "v".repeat(5_001) }] },
    "Experiment tag 'k' has 5001 characters",
  ],
  ["/experiments/create", { name: "x", tags: ["k"] }, 'tags[0] must be a JSON object, got "k"'],
  [
    "/experiments/update",
    { experiment_id: "77", new_name: "x" },
    "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=77 exists",
  ],
  [
    "/experiments/delete",
    { experiment_id: "none" },
    "404 RESOURCE_DOES_NOT_EXIST: No Experiment with id=none exists",
  ],
  [
    "/experiments/restore",
    { experiment_id: "0" },
    "404 RESOURCE_DOES_NOT_EXIST: No deleted experiment with id 0 exists",
  ],
  [
    "/experiments/delete-experiment-tag",
    { experiment_id: "0", key: "no" },
    "404 RESOURCE_DOES_NOT_EXIST: No tag with name: no",
  ],
  [
    "/experiments/search",
    { max_results: 0 },
    "Invalid value 0 for parameter 'max_results' supplied: it must be from 1 to 50000",
  ],
  [
    "/experiments/search",
    { max_results: 50_001 },
    "Invalid value 50001 for parameter 'max_results'",
  ],
  [
    "/experiments/search",
    { page_token: "nonsense" },
    "for parameter 'page_token' supplied: it must be a token of the page before",
  ],
  [
    "/experiments/search",
    { view_type: "SOME" },
    "it must be one of ACTIVE_ONLY, DELETED_ONLY, ALL",
  ],
  [
    "/experiments/search",
    [],
    "400 INVALID_PARAMETER_VALUE: The request must be a JSON object, got []",
  ],
] as const;

test("requests at fault are refused by name", async () => {
  const server = await startServer();
  for (const [path, body, message] of REFUSED) {
    expect(refused(await server.post(path, body))).toContain(message);
  }
});

test("what is no JSON, no such endpoint or too large is told in JSON", async () => {
  const server = await startServer();
  const create = "/experiments/create";
  expect(refused(await server.post(create, "{"))).toContain(
    "400 BAD_REQUEST: The request body is not JSON",
  );
  expect(refused(await server.post(create, '{"value": NaN}'))).toContain(
    '(send NaN and infinities as the strings "NaN"',
  );
  const form = { headers: { "content-type": "text/plain" }, body: "{}" };
  expect(refused(await server.call("POST", `/api/2.0/mlflow${create}`, form))).toBe(
    "400 INVALID_PARAMETER_VALUE: Bad Request. Content-Type header must be one of ['application/json'], got text/plain.",
  );
  expect(refused(await server.post("/webhooks/create"))).toBe(
    "404 ENDPOINT_NOT_FOUND: No endpoint POST /api/2.0/mlflow/webhooks/create",
  );
  expect((await server.post(create, { name: "x".repeat(33 << 20) })).body.error_code).toBe(
    "BAD_REQUEST",
  );
});

test("all prefixes answer; health and version are plain text", async () => {
  const server = await startServer();
  for (const prefix of ["/api/2.0", "/ajax-api/2.0", "/api/3.0", "/ajax-api/3.0"]) {
    const { status } = await server.call("GET", `${prefix}/mlflow/experiments/get?experiment_id=0`);
    expect([prefix, status]).toEqual([prefix, 200]);
  }
  expect((await server.call("GET", "/health")).body).toBe("OK");
  expect((await server.call("GET", "/version")).body).toMatch(/^3\.\d+\.\d+$/);
});
