import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AccessTokens } from "../../../src/tracking/server/index.ts";
import { RateLimit } from "../../../src/tracking/server/guard/limits.ts";
import { isLoopback } from "../../../src/tracking/server/guard/origin.ts";
import { API, refused, startServer, type TestServer } from "./support.ts";

/** fetch() sets Host itself; a forged one needs the plain client. */
function withHeaders(
  server: TestServer,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(server.base + path, { headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    });
    call.on("error", reject);
    call.end();
  });
}

test("names and origins of others are refused, but not for health and version", async () => {
  const server = await startServer({ allowedHosts: ["lab.example"] });
  const path = `${API}/experiments/search`;
  const status = async (headers: Record<string, string>, at = path) =>
    (await withHeaders(server, at, headers)).status;
  const { status: bad, text } = await withHeaders(server, path, { host: "evil.example" });
  expect([bad, JSON.parse(text).error_code]).toEqual([403, "PERMISSION_DENIED"]);
  expect(JSON.parse(text).message).toContain('Invalid Host header "evil.example"');
  expect(await status({ host: "lab.example:5000" })).toBe(200);
  expect(await status({ host: "LOCALHOST:1" })).toBe(200);
  expect(await status({ host: "evil.example" }, "/health")).toBe(200);
  expect(await status({ host: "evil.example" }, "/version")).toBe(200);
  expect(await status({ host: "localhost:1", origin: "http://localhost:1" })).toBe(200);
  expect(await status({ host: "localhost:1", origin: "http://localhost:2" })).toBe(403);
  expect(await status({ host: "localhost:1", origin: "null" })).toBe(403);
  const other = await withHeaders(server, path, { origin: "https://evil.example" });
  expect(JSON.parse(other.text).message).toBe(
    'Cross-origin request from "https://evil.example" refused',
  );
});

test("tokens come as Basic or Bearer; each role may do what it should and no more", async () => {
  const server = await startServer({ auth: true });
  const tokens = new AccessTokens(server.store.connection);
  const secrets = {
    viewer: await tokens.create("eva", "viewer"),
    logger: await tokens.create("bo", "logger"),
    admin: await tokens.create("root", "admin"),
  };
  const as = (authorization: string, path: string, body?: object) =>
    server.call(body ? "POST" : "GET", API + path, {
      headers: { authorization, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  const bearer = (role: keyof typeof secrets) => `Bearer ${secrets[role]}`;
  const search = "/experiments/search";
  expect((await as(bearer("viewer"), search)).status).toBe(200);
  expect((await as(bearer("viewer"), search, {})).status).toBe(200);
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  expect((await as(basic(`eva:${secrets.viewer}`), search)).status).toBe(200);
  expect((await as(basic(`bo:${secrets.viewer}`), search)).status).toBe(401);

  const refusedRun = await as(bearer("viewer"), "/runs/create", {});
  expect(refused(refusedRun)).toBe(
    `403 PERMISSION_DENIED: eva is a viewer; POST ${API}/runs/create needs logger`,
  );
  const created = await as(bearer("logger"), "/runs/create", {});
  const run_id = created.body.run.info.run_id;
  expect((await as(bearer("logger"), "/runs/delete", { run_id })).status).toBe(403);
  expect((await as(bearer("admin"), "/runs/delete", { run_id })).status).toBe(200);

  const none = await server.get(search);
  expect(refused(none)).toContain("401 UNAUTHENTICATED: You are not authenticated.");
  expect(none.headers.get("www-authenticate")).toBe('Basic realm="rzenlab"');
  expect(refused(await as(`Bearer ${secrets.viewer}x`, search))).toContain(
    "401 UNAUTHENTICATED: The token is wrong",
  );
  expect((await server.call("GET", "/health")).status).toBe(200);
  expect((await server.call("GET", "/api/live")).status).toBe(401);

  tokens.remove("eva");
  expect((await as(bearer("viewer"), search)).status).toBe(401);
  const stored = JSON.stringify(
    server.store.connection.sql.prepare("SELECT * FROM access_tokens").all(),
  );
  expect(stored).toContain("$argon2id$");
  expect(stored).not.toContain(secrets.admin);
});

test("the audit log names who changed what, and who was refused", async () => {
  const server = await startServer({ auth: true });
  const secret = await new AccessTokens(server.store.connection).create("root", "admin");
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const body = JSON.stringify({ name: "audited" });
  await server.call("POST", `${API}/experiments/create`, { headers, body });
  await server.get("/experiments/search");
  const lines = () =>
    readFileSync(join(server.store.folder, "audit.log"), "utf8").trim().split("\n");
  await expect.poll(lines, { timeout: 5_000 }).toHaveLength(2);
  const [first, second] = lines().map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    who: "root",
    method: "POST",
    path: `${API}/experiments/create`,
    status: 200,
  });
  expect(second).toMatchObject({ who: "-", method: "GET", status: 401 });
});

test("tokens are named once, by plain names, and of a known role", async () => {
  const { store } = await startServer();
  const tokens = new AccessTokens(store.connection);
  await tokens.create("eva", "viewer", 7);
  await expect(tokens.create("eva", "admin")).rejects.toThrow(
    "a token named eva exists; remove it first",
  );
  await expect(tokens.create("a:b", "admin")).rejects.toThrow(
    "token name must be without colons (HTTP Basic)",
  );
  await expect(tokens.create("x", "owner" as "admin")).rejects.toThrow(
    "token role must be one of viewer, logger, admin",
  );
  expect(() => tokens.remove("bo")).toThrow("no token named bo");
  expect(tokens.list()).toEqual([{ name: "eva", role: "viewer", createdAt: 7 }]);
});

test("who guesses tokens is stopped; who asks too often is told to wait", async () => {
  const guarded = await startServer({ auth: true });
  const guess = () =>
    guarded.call("GET", `${API}/experiments/search`, { headers: { authorization: "Bearer x" } });
  for (let i = 0; i < 30; i++) expect((await guess()).status).toBe(401);
  expect(refused(await guess())).toBe(
    "429 REQUEST_LIMIT_EXCEEDED: Too many wrong tokens; wait a minute",
  );

  const limited = await startServer({ requestsPerMinute: 3 });
  for (let i = 0; i < 3; i++) expect((await limited.get("/experiments/search")).status).toBe(200);
  const answer = await limited.get("/experiments/search");
  expect(refused(answer)).toBe("429 REQUEST_LIMIT_EXCEEDED: More than 3 requests a minute");
  expect(answer.headers.get("retry-after")).toBe("1");
});

test("a bucket fills again with time and forgets those who left", () => {
  let time = 0;
  const limit = new RateLimit(60, () => time);
  for (let i = 0; i < 60; i++) expect(limit.take("a")).toBe(true);
  expect(limit.take("a")).toBe(false);
  expect(limit.take("b")).toBe(true);
  time += 1_000;
  expect([limit.allows("a"), limit.take("a"), limit.take("a")]).toEqual([true, true, false]);
});

test("loopback is what only this machine reaches", () => {
  expect(["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"].map(isLoopback)).not.toContain(
    false,
  );
  expect(["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example"].map(isLoopback)).not.toContain(
    true,
  );
});

test("every answer forbids foreign scripts and guessing of types", async () => {
  const server = await startServer();
  for (const path of [`${API}/experiments/search`, "/health", "/nowhere"]) {
    const { headers } = await server.call("GET", path);
    expect(headers.get("content-security-policy"), path).toContain("script-src 'self'");
    expect(headers.get("x-content-type-options"), path).toBe("nosniff");
  }
});
