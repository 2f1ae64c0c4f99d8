import { expect, test } from "vitest";
import { API, type Json, refused, startServer } from "./support.ts";

const json = (body: object): RequestInit => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const info = (trace_id: string, more: object = {}) => ({
  trace: {
    trace_info: {
      trace_id,
      trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } },
      request_time: "2026-01-01T00:00:00.500Z",
      state: "IN_PROGRESS",
      ...more,
    },
  },
});

test("a trace is started, ended, tagged, judged, found and deleted", async () => {
  const server = await startServer();
  await server.ok("/traces", info("tr-1", { tags: { "mlflow.traceName": "ask" } }));
  await server.ok(
    "/traces",
    info("tr-1", {
      state: "OK",
      execution_duration: "1.25s",
      trace_metadata: { m: "1" },
      request_preview: "q",
    }),
  );
  await server.ok(
    "/traces",
    info("tr-2", { request_time: "2026-01-02T00:00:00Z", state: "ERROR" }),
  );
  const { trace } = (await server.get("/traces/tr-1")).body;
  expect(trace.trace_info).toEqual({
    trace_id: "tr-1",
    trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } },
    request_preview: "q",
    request_time: "2026-01-01T00:00:00.500Z",
    execution_duration: "1.25s",
    state: "OK",
    trace_metadata: { m: "1" },
    tags: {
      "mlflow.traceName": "ask",
      "mlflow.artifactLocation": "mlflow-artifacts:/0/traces/tr-1/artifacts",
    },
  });
  const locations = [{ mlflow_experiment: { experiment_id: "0" } }];
  const ids = async (body: object) =>
    ((await server.ok("/traces/search", { locations, ...body })).traces ?? []).map(
      (t: Json) => t.trace_id,
    );
  expect(await ids({})).toEqual(["tr-2", "tr-1"]);
  expect(
    await ids({ filter: "attributes.state = 'OK' AND execution_time_ms > 1000 AND name = 'ask'" }),
  ).toEqual(["tr-1"]);
  expect(await ids({ order_by: ["timestamp_ms ASC"], max_results: 1 })).toEqual(["tr-1"]);
  await server.call("PATCH", `${API}/traces/tr-1/tags`, json({ key: "k", value: "v" }));
  expect(await ids({ filter: "tags.k = 'v'" })).toEqual(["tr-1"]);
  await server.call("DELETE", `${API}/traces/tr-1/tags?key=k`);
  expect(await ids({ filter: "tags.k = 'v'" })).toEqual([]);

  const { assessment } = await server.ok("/traces/tr-1/assessments", {
    assessment: { assessment_name: "good", feedback: { value: true } },
  });
  const at = `/traces/tr-1/assessments/${assessment.assessment_id}`;
  await server.call("PATCH", API + at, json({ assessment: { rationale: "why" } }));
  expect((await server.get(at)).body.assessment).toMatchObject({
    assessment_name: "good",
    rationale: "why",
    trace_id: "tr-1",
  });
  expect((await server.get("/traces/tr-1")).body.trace.trace_info.assessments).toHaveLength(1);
  await server.call("DELETE", API + at);
  expect((await server.get(at)).status).toBe(404);

  const run_id = await server.run();
  await server.ok("/traces/link-to-run", { run_id, trace_ids: ["tr-1"] });
  expect(
    await server.ok("/traces/delete-traces", { experiment_id: "0", trace_ids: ["tr-2"] }),
  ).toEqual({ traces_deleted: 1 });
  expect(
    await server.ok("/traces/delete-traces", {
      experiment_id: "0",
      max_timestamp_millis: Date.now(),
    }),
  ).toEqual({ traces_deleted: 1 });
  expect(refused(await server.get("/traces/tr-1"))).toBe(
    "404 RESOURCE_DOES_NOT_EXIST: Trace with ID 'tr-1' not found.",
  );
  expect(refused(await server.post("/traces/delete-traces", { experiment_id: "0" }))).toContain(
    "given, or trace_ids, but not both",
  );
  expect(refused(await server.post("/traces", {}))).toContain(
    "Missing value for required parameter 'trace.trace_info'",
  );
  expect(refused(await server.post("/traces", info("x", { request_time: "soon" })))).toContain(
    "a time such as 2026-01-31T12:00:00Z",
  );
  expect(
    refused(await server.post("/traces", info("x", { execution_duration: "long" }))),
  ).toContain("a duration such as 0.25s");
});

/** One field of a protobuf message whose content is bytes. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

test("spans of OpenTelemetry's exporters are kept with their trace", async () => {
  const server = await startServer();
  const attribute = Buffer.concat([field(1, "k"), field(2, Buffer.from([0x18, 0x05]))]); // int_value 5
  const list = Buffer.concat([field(1, "l"), field(2, field(5, field(1, field(1, "x"))))]); // ["x"]
  const span = Buffer.concat([
    field(1, Buffer.alloc(16, 0xab)),
    field(2, Buffer.alloc(8, 0xcd)),
    field(5, "ask"),
    fixed64(7, 1_700_000_000_000_000_000n),
    fixed64(8, 1_700_000_000_250_000_000n),
    field(9, attribute),
    field(9, list),
    field(11, Buffer.concat([fixed64(1, 5n), field(2, "said")])),
    field(15, Buffer.from([0x18, 0x01])),
  ]);
  const body = field(1, field(2, field(2, span)));
  const headers = { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": "0" };
  const sent = await server.call("POST", "/v1/traces", { headers, body: new Uint8Array(body) });
  expect(sent.status).toBe(200);
  const trace_id = `tr-${"ab".repeat(16)}`;
  const { trace } = (await server.get("/traces/get", { trace_id })).body;
  expect(trace.trace_info.request_time).toBe("2023-11-14T22:13:20.000Z");
  expect(trace.spans).toEqual([
    {
      trace_id: "ab".repeat(16),
      span_id: "cd".repeat(8),
      parent_span_id: null,
      name: "ask",
      start_time_unix_nano: "1700000000000000000",
      end_time_unix_nano: "1700000000250000000",
      status: { code: "STATUS_CODE_OK", message: "" },
      attributes: { k: 5, l: ["x"] },
      events: [{ name: "said", time_unix_nano: "5", attributes: {} }],
    },
  ]);
  expect(
    (await server.get("/traces/batchGet", { trace_ids: [trace_id] })).body.traces,
  ).toHaveLength(1);
  expect(await server.ok("/traces/batchGetInfos", { trace_ids: [trace_id] })).toMatchObject({
    trace_infos: [{ trace_id }],
  });
  // Bytes changed at random are refused or read, never a failure of the server.
  for (let i = 0; i < body.length; i++) {
    const bent = new Uint8Array(body);
    bent[i] = (bent[i]! * 7 + 13) % 256;
    const { status } = await server.call("POST", "/v1/traces", { headers, body: bent });
    expect([i, status < 500]).toEqual([i, true]);
  }
  const cut = await server.call("POST", "/v1/traces", {
    headers,
    body: new Uint8Array(body.subarray(0, 20)),
  });
  expect(refused(cut)).toBe(
    "400 BAD_REQUEST: The request body is not a protobuf message: it ends too early",
  );
  const nameless = await server.call("POST", "/v1/traces", {
    headers,
    body: new Uint8Array(field(1, field(2, field(2, "")))),
  });
  expect(refused(nameless)).toContain("A span has no trace_id or no span_id");
  expect(refused(await server.call("POST", "/v1/traces", json({})))).toContain(
    "Content-Type must be application/x-protobuf, got application/json",
  );
});

test("an evaluation data set has records, tags and experiments", async () => {
  const server = await startServer();
  const { dataset } = await server.ok("/datasets/create", {
    name: "questions",
    experiment_ids: ["0"],
    tags: '{"mlflow.user":"eva","a":"1"}',
  });
  const id = dataset.dataset_id;
  expect(dataset).toMatchObject({
    dataset_id: expect.stringMatching(/^d-/),
    name: "questions",
    created_by: "eva",
    experiment_ids: ["0"],
  });
  const records = [{ inputs: { q: 1 }, expectations: { a: 2 } }, { inputs: { q: 2 } }];
  expect(await server.ok(`/datasets/${id}/records`, { records: JSON.stringify(records) })).toEqual({
    inserted_count: 2,
    updated_count: 0,
  });
  expect(
    await server.ok(`/datasets/${id}/records`, {
      records: JSON.stringify([{ ...records[0], tags: { t: "x" } }]),
    }),
  ).toEqual({ inserted_count: 0, updated_count: 1 });
  const page = (await server.get(`/datasets/${id}/records`, { max_results: 1 })).body;
  expect(JSON.parse(page.records)).toEqual([
    expect.objectContaining({ inputs: { q: 1 }, expectations: { a: 2 }, tags: { t: "x" } }),
  ]);
  const rest = (
    await server.get(`/datasets/${id}/records`, {
      max_results: 1,
      page_token: page.next_page_token,
    })
  ).body;
  expect(JSON.parse(rest.records)[0].inputs).toEqual({ q: 2 });
  const gone = [JSON.parse(rest.records)[0].dataset_record_id, "dr-none"];
  const deletion = json({ dataset_record_ids: gone });
  expect((await server.call("DELETE", `${API}/datasets/${id}/records`, deletion)).body).toEqual({
    deleted_count: 1,
  });
  expect((await server.get(`/datasets/${id}/records`)).body.records).not.toContain('"q":2');
  const tagged = await server.call(
    "PATCH",
    `${API}/datasets/${id}/tags`,
    json({ tags: '{"a":null,"b":"2"}' }),
  );
  expect(JSON.parse(tagged.body.dataset.tags)).toEqual({ "mlflow.user": "eva", b: "2" });
  expect(tagged.body.dataset.digest).not.toBe(dataset.digest);
  const { experiment_id } = await server.ok("/experiments/create", { name: "other" });
  await server.ok(`/datasets/${id}/add-experiments`, { experiment_ids: [experiment_id] });
  await server.ok(`/datasets/${id}/remove-experiments`, { experiment_ids: ["0"] });
  expect((await server.get(`/datasets/${id}/experiment-ids`)).body).toEqual({
    experiment_ids: [experiment_id],
  });
  const found = await server.ok("/datasets/search", {
    experiment_ids: [experiment_id],
    filter_string: "name LIKE 'quest%' AND tags.b = '2'",
  });
  expect(found.datasets).toHaveLength(1);
  expect(await server.ok("/datasets/search", { experiment_ids: ["0"] })).toEqual({});
  expect(refused(await server.post("/datasets/create", { name: "questions" }))).toBe(
    "400 RESOURCE_ALREADY_EXISTS: Evaluation dataset 'questions' already exists.",
  );
  expect(refused(await server.post(`/datasets/${id}/records`, { records: "[" }))).toContain(
    "Invalid value for parameter 'records': no JSON",
  );
  expect(refused(await server.post(`/datasets/${id}/records`, { records: "5" }))).toContain(
    "a JSON list of records",
  );
  expect(refused(await server.post(`/datasets/${id}/records`, { records: "[{}]" }))).toContain(
    "a record with inputs",
  );
  expect(refused(await server.post("/datasets/create", { name: "x", tags: "[]" }))).toContain(
    "a JSON object",
  );
  await server.call("DELETE", `${API}/datasets/${id}`);
  expect(refused(await server.get(`/datasets/${id}`))).toBe(
    `404 RESOURCE_DOES_NOT_EXIST: Evaluation dataset with id '${id}' not found`,
  );
});
