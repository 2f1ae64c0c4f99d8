/** @file Webhooks: kept, signed, sent after the change, tried again, and only to where they may go. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  checkWebhookUrl,
  isPublicAddress,
  publicLookup,
} from "../../../src/tracking/server/webhooks/address.ts";
import { EVENTS } from "../../../src/tracking/server/webhooks/events.ts";
import { AccessTokens } from "../../../src/tracking/server/index.ts";
import { API, type Json, refused, startServer, type TestServer } from "./support.ts";

type Received = {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Json;
};

/** Listens where webhooks go; answers with `statuses` in turn, then with 200. */
async function receiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      received.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(statuses.shift() ?? 200).end("thanks");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`, received };
}

const event = (name: string) => {
  const [entity, action] = name.toUpperCase().split(".");
  return { entity, action };
};

async function hook(server: TestServer, url: string, more: object = {}): Promise<Json> {
  const body = { name: "ci", url, events: EVENTS.map(event), ...more };
  return (await server.ok("/webhooks", body)).webhook;
}

function send(server: TestServer, method: string, path: string, body: object = {}) {
  return server.call(method, API + path, {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const allowPrivate = { webhooks: { allowPrivate: true, retryMs: 1 } };
const WAIT = { timeout: 60_000 };

test("a webhook is made, read, listed, changed and deleted; its secret is never told", async () => {
  const server = await startServer();
  const made = await server.ok("/webhooks", {
    name: "ci",
    url: "https://example.org/in",
    events: [event("model_version.created"), event("model_version.created")],
    description: "d",
    secret: "s",
  });
  const { webhook_id: id } = made.webhook;
  expect(made.webhook).toMatchObject({
    name: "ci",
    url: "https://example.org/in",
    events: [{ entity: "MODEL_VERSION", action: "CREATED" }],
    status: "ACTIVE",
  });
  const patch = {
    name: "",
    description: "",
    status: "DISABLED",
    events: [event("prompt.created")],
  };
  const changed = await send(server, "PATCH", `/webhooks/${id}`, patch);
  expect(changed.body.webhook).toMatchObject({
    name: "ci",
    description: "",
    status: "DISABLED",
    events: [{ entity: "PROMPT", action: "CREATED" }],
  });
  expect((await server.get(`/webhooks/${id}`)).body).toEqual(changed.body);
  expect(JSON.stringify(changed.body)).not.toContain("secret");
  await server.ok("/webhooks", {
    name: "b",
    url: "https://b.org",
    events: [event("prompt.created")],
  });
  const first = (await server.get("/webhooks", { max_results: 1 })).body;
  expect(first.webhooks.map(({ name }: Json) => name)).toEqual(["b"]);
  const second = await server.get("/webhooks", {
    max_results: 1,
    page_token: first.next_page_token,
  });
  expect(second.body).toEqual({ webhooks: [changed.body.webhook] });
  expect((await send(server, "DELETE", `/webhooks/${id}`)).status).toBe(200);
  expect(refused(await server.get(`/webhooks/${id}`))).toBe(
    `404 RESOURCE_DOES_NOT_EXIST: Webhook with ID ${id} not found.`,
  );
});

test("changes of the registry are sent, signed, once they are stored", async () => {
  const server = await startServer(allowPrivate);
  const { url, received } = await receiver();
  await hook(server, url, { secret: "hush" });
  const off = await receiver();
  await hook(server, off.url, { name: "off", status: "DISABLED" });
  await server.ok("/registered-models/create", { name: "m", tags: [{ key: "a", value: "b" }] });
  await server.ok("/model-versions/create", { name: "m", source: "s3://m", run_id: "r" });
  await server.ok("/model-versions/set-tag", { name: "m", version: "1", key: "k", value: "v" });
  await send(server, "DELETE", "/model-versions/delete-tag", { name: "m", version: "1", key: "k" });
  await server.ok("/registered-models/alias", { name: "m", alias: "best", version: "1" });
  await send(server, "DELETE", "/registered-models/alias", { name: "m", alias: "best" });
  await server.ok("/registered-models/set-tag", { name: "m", key: "k", value: "v" }); // told of prompts only
  expect((await server.post("/registered-models/create", { name: "m" })).status).toBe(400);
  await vi.waitFor(() => expect(received).toHaveLength(6), WAIT);

  const of = Object.fromEntries(
    received.map(({ body }) => [`${body.entity}.${body.action}`, body.data]),
  );
  expect(of).toEqual({
    "registered_model.created": { name: "m", tags: { a: "b" }, description: null },
    "model_version.created": {
      name: "m",
      version: "1",
      source: "s3://m",
      run_id: "r",
      tags: {},
      description: null,
    },
    "model_version_tag.set": { name: "m", version: "1", key: "k", value: "v" },
    "model_version_tag.deleted": { name: "m", version: "1", key: "k" },
    "model_version_alias.created": { name: "m", version: "1", alias: "best" },
    "model_version_alias.deleted": { name: "m", alias: "best" },
  });
  for (const { headers, text } of received) {
    const [id, seconds] = [headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"]].map(
      String,
    );
    const signed = `${id}.${seconds}.${text}`;
    const digest = createHmac("sha256", "hush").update(signed).digest("base64");
    expect(headers["x-mlflow-signature"]).toBe(`v1,${digest}`);
  }
  expect(off.received).toEqual([]);
});

test("prompts, which are models with a tag, are told under names of their own", async () => {
  const server = await startServer(allowPrivate);
  const { url, received } = await receiver();
  await hook(server, url);
  const tags = [
    { key: "mlflow.prompt.is_prompt", value: "true" },
    { key: "own", value: "1" },
  ];
  await server.ok("/registered-models/create", { name: "p", tags });
  const text = { key: "mlflow.prompt.text", value: "Hello" };
  await server.ok("/model-versions/create", { name: "p", source: "x", tags: [...tags, text] });
  await server.ok("/registered-models/set-tag", { name: "p", key: "k", value: "v" });
  await send(server, "DELETE", "/registered-models/delete-tag", { name: "p", key: "k" });
  await server.ok("/model-versions/set-tag", { name: "p", version: "1", key: "k", value: "v" });
  await server.ok("/registered-models/alias", { name: "p", alias: "best", version: "1" });
  await vi.waitFor(() => expect(received).toHaveLength(6), WAIT);
  const names = received.map(({ body }) => `${body.entity}.${body.action}`);
  expect(names.toSorted()).toEqual([
    "prompt.created",
    "prompt_alias.created",
    "prompt_tag.deleted",
    "prompt_tag.set",
    "prompt_version.created",
    "prompt_version_tag.set",
  ]);
  expect(received.find(({ body }) => body.entity === "prompt_version")!.body.data).toEqual({
    name: "p",
    version: "1",
    template: "Hello",
    tags: { own: "1" },
    description: null,
  });
});

test("a delivery that fails for the moment is tried again, one that is refused is not", async () => {
  const failures: string[] = [];
  const onFailure = (message: string) => failures.push(message);
  const server = await startServer({ webhooks: { allowPrivate: true, retryMs: 1, onFailure } });
  const later = await receiver(503, 429);
  const never = await receiver(503, 503, 503, 503);
  const refusing = await receiver(404);
  await hook(server, later.url);
  await hook(server, never.url);
  await hook(server, refusing.url);
  await server.ok("/registered-models/create", { name: "m" });
  await vi.waitFor(() => expect(failures).toHaveLength(2), WAIT);
  await vi.waitFor(() => expect(later.received).toHaveLength(3), WAIT);
  expect([never.received.length, refusing.received.length]).toEqual([4, 1]);
  const origin = (url: string) => new URL(url).origin; // paths may be secrets
  expect(failures.toSorted()).toEqual(
    [
      `webhook to ${origin(never.url)} of registered_model.created given up: it answered 503`,
      `webhook to ${origin(refusing.url)} of registered_model.created given up: it answered 404`,
    ].toSorted(),
  );
});

test("a test sends an example and says what was answered", async () => {
  const server = await startServer(allowPrivate);
  const { url, received } = await receiver(200, 500);
  const { webhook_id: id } = await hook(server, url);
  const { result } = await server.ok(`/webhooks/${id}/test`);
  expect(result).toEqual({ success: true, response_status: 200, response_body: "thanks" });
  expect(received[0]!.body).toMatchObject({
    entity: "registered_model",
    action: "created",
    data: { name: "example_model" },
  });
  const other = await server.ok(`/webhooks/${id}/test`, { event: event("prompt_tag.set") });
  expect([other.result.success, received[1]!.body.entity]).toEqual([false, "prompt_tag"]);
  await send(server, "PATCH", `/webhooks/${id}`, { url: "http://127.0.0.1:1/" });
  const gone = await server.ok(`/webhooks/${id}/test`);
  expect(gone.result.error_message).toMatch(/^Failed to test webhook: .*ECONNREFUSED/);
});

test("what is wrong with a webhook is said", async () => {
  const server = await startServer();
  const make = async (more: object) => {
    const body = { name: "n", url: "https://e.org", events: [event("prompt.created")], ...more };
    return refused(await server.post("/webhooks", body));
  };
  expect(await make({ name: "-n" })).toMatch(/Webhook name "-n" is invalid/);
  expect(await make({ events: [] })).toMatch(/required parameter 'events'/);
  expect(await make({ events: [event("registered_model.deleted")] })).toMatch(
    /No webhook event registered_model\.deleted: there are registered_model\.created, /,
  );
  expect(await make({ status: "ON" })).toMatch(/it must be one of ACTIVE, DISABLED$/);
  expect(await make({ url: "" })).toMatch(/required parameter 'url'|Invalid webhook URL/);
  expect(await make({ secret: "x".repeat(2_049) })).toMatch(/must be at most 2048 characters$/);
  expect(await make({ url: "https://127.1/" })).toMatch(/non-public IP address\. '127\.0\.0\.1'/);
});

test("webhooks go to public addresses by https, unless private ones are permitted", async () => {
  const inner =
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.31.0.1 192.168.1.1 224.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 fe80::1 fd00::1 64:ff9b::7f00:1 2002:7f00:1:: 2001::1 2001:db8::1 nonsense";
  expect(inner.split(" ").filter(isPublicAddress)).toEqual([]);
  expect(["8.8.8.8", "172.32.0.1", "2606:4700::1111"].filter(isPublicAddress)).toHaveLength(3);

  const check =
    (url: string, allowed = false) =>
    () =>
      checkWebhookUrl(url, allowed);
  expect(check("nowhere")).toThrow('Invalid webhook URL "nowhere"');
  expect(check("http://example.org")).toThrow("scheme: 'http'. Allowed schemes are: https.");
  expect(check("file:///etc/passwd", true)).toThrow("Allowed schemes are: https, http.");
  expect(check("https://u:p@example.org")).toThrow("must not hold a user or a password");
  for (const host of ["127.1", "0x7f000001", "[::1]", "2130706433", "[::ffff:10.0.0.1]"]) {
    expect(check(`https://${host}/`)).toThrow("must not resolve to a non-public IP address");
  }
  expect(check("http://127.0.0.1:8080/", true)()).toMatchObject({ port: "8080" });

  // A name is checked by the very look-up that the connection uses.
  const error = await new Promise((done) => publicLookup("localhost", {}, done));
  expect(String(error)).toContain("'localhost' resolves to ");
  const server = await startServer();
  const { webhook_id: id } = await hook(server, "https://localhost:1/");
  const { result } = await server.ok(`/webhooks/${id}/test`);
  expect(result.error_message).toContain("non-public IP address. 'localhost' resolves to ");
});

test("webhooks are for admins", async () => {
  const server = await startServer({ auth: true });
  const secret = await new AccessTokens(server.store.connection).create("ci", "logger");
  const headers = { authorization: `Bearer ${secret}` };
  expect(refused(await server.call("GET", `${API}/webhooks`, { headers }))).toMatch(/needs admin$/);
});
