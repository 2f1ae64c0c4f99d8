import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./client.ts";

let client: Client;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rzenlab-protocol-"));
  client = await Client.start(folder);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test("kernel_info says who answers", async () => {
  const { reply } = await client.request("kernel_info_request", {});
  expect(reply).toMatchObject({
    status: "ok",
    protocol_version: "5.3",
    implementation: "rzenlab",
    language_info: { name: "typescript", file_extension: ".ts" },
  });
});

test("a new subscriber is welcomed", () => {
  expect(client.messages.find(({ type }) => type === "iopub_welcome")?.content).toEqual({
    subscription: "",
  });
});

test("every request is framed by busy and idle, with its parent", async () => {
  const { messages } = await client.run("1");
  expect(messages.map(({ type, content }) => content["execution_state"] ?? type)).toEqual([
    "busy",
    "execute_input",
    "execute_result",
    "idle",
  ]);
});

test("silent runs show nothing and are not counted; store_history false is not counted", async () => {
  const { reply } = await client.run("1");
  const count = reply["execution_count"] as number;
  const silent = await client.run("var quiet = 5; quiet", { silent: true });
  expect(silent.messages.map(({ type }) => type)).toEqual(["status", "status"]);
  expect(silent.reply).toMatchObject({ status: "ok", execution_count: count });
  expect((await client.run("quiet", { store_history: false })).result?.["data"]["text/plain"]).toBe(
    "5",
  );
  expect((await client.run("quiet")).reply["execution_count"]).toBe(count + 1);
});

test("user_expressions are evaluated after the cell, each with its own error", async () => {
  const { reply } = await client.run("const five = 5", {
    user_expressions: { ok: "five * 2", bad: "nope", broken: "(" },
  });
  expect(reply["user_expressions"]).toMatchObject({
    ok: { status: "ok", data: { "text/plain": "10" } },
    bad: { status: "error", ename: "ReferenceError" },
    broken: { status: "error", ename: "SyntaxError" },
  });
});

test("an error aborts what was queued behind it, unless told otherwise", async () => {
  const send = (code: string, stop = true): Promise<string> =>
    client.send("shell", "execute_request", { code, stop_on_error: stop });
  const ids = [
    await send("await new Promise((r) => setTimeout(r, 100)); throw new Error('stop')"),
    await send("var ran = 1"),
    await send("var ran = 2"),
  ];
  const [first, second, third] = await Promise.all(ids.map((id) => client.outcome(id)));
  expect([first!.reply["status"], second!.reply["status"], third!.reply["status"]]).toEqual([
    "error",
    "aborted",
    "aborted",
  ]);
  expect(await client.value("typeof ran")).toBe("'undefined'");
  const tolerant = [await send("throw new Error('go on')", false), await send("var ran = 3")];
  await Promise.all(tolerant.map((id) => client.outcome(id)));
  expect(await client.value("ran")).toBe("3");
});

test(
  "control and what needs no cell answer while one is busy, and the kernel still looks busy",
  { retry: 2 },
  async () => {
    const id = await client.send("shell", "execute_request", {
      code: "const until = Date.now() + 1200; while (Date.now() < until);",
    });
    await client.until(() =>
      client.messages.some((m) => m.parent === id && m.type === "execute_input"),
    );
    // The cell's own word that it is busy may still be on its way when its input is known.
    await client.until(() =>
      client.messages.some((m) => m.parent === id && m.content["execution_state"] === "busy"),
    );
    const start = performance.now();
    await client.request("kernel_info_request", {}, "control");
    await client.request("is_complete_request", { code: "1" });
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(client.messages.filter(({ type }) => type === "status").at(-1)).toMatchObject({
      parent: id,
      content: { execution_state: "busy" },
    });
    await client.outcome(id);
  },
);

test.each([
  ["const a = 1", "complete"],
  ["", "complete"],
  ["function f() {", "incomplete"],
  ["foo(", "incomplete"],
  ["const a =", "incomplete"],
  ["`open", "incomplete"],
  ["const s = `a ${1}", "incomplete"],
  ["/* open", "incomplete"],
  ["@decorated", "incomplete"],
  ["if (x)", "incomplete"],
  ["const a = ;", "invalid"],
  ["'open", "invalid"],
  ["}", "invalid"],
  ["for await (const x of y) {}", "complete"],
])("is_complete: %j is %s", async (code, status) => {
  expect((await client.request("is_complete_request", { code })).reply["status"]).toBe(status);
});

test("is_complete indents by what is open, and knows nothing of what is no code", async () => {
  expect(
    (await client.request("is_complete_request", { code: "function f() {\n  if (x) {" })).reply[
      "indent"
    ],
  ).toBe("    ");
  expect((await client.request("is_complete_request", { code: 5 })).reply["status"]).toBe(
    "unknown",
  );
});

test("prompt, confirm and password ask the front end", async () => {
  const asked: unknown[] = [];
  client.onInput = ({ prompt, password }) => {
    asked.push([prompt, password]);
    return asked.length === 2 ? "y" : "Ada 🦀";
  };
  expect(
    await client.value(`[prompt("Name?"), confirm("Sure?"), jupyter.password("Secret:")]`),
  ).toBe("[ 'Ada 🦀', true, 'Ada 🦀' ]");
  expect(asked).toEqual([
    ["Name? ", false],
    ["Sure? [y/N] ", false],
    ["Secret: ", true],
  ]);
  client.onInput = () => "";
  expect(await client.value(`prompt("Rate", "0.1")`)).toBe("'0.1'");
  const { error } = await client.run(`prompt("no")`, { allow_stdin: false });
  expect(error?.["evalue"]).toBe(
    "prompt: this front end can't ask for input (allow_stdin is false)",
  );
});

test("a request with wrong fields is answered with what is wrong", async () => {
  expect((await client.request("execute_request", { code: 5 })).reply).toMatchObject({
    status: "error",
    evalue: "execute_request: code must be a string, got 5",
  });
  expect(
    (await client.request("execute_request", { code: "1", silent: "yes" })).reply["evalue"],
  ).toBe(`execute_request: silent must be a boolean, got "yes"`);
  expect(
    (await client.request("execute_request", { code: "1", user_expressions: [5] })).reply["evalue"],
  ).toBe("execute_request: user_expressions must be an object of strings, got [5]");
});

test("malformed and forged messages are dropped unexecuted, and say why in the log", async () => {
  const header = {
    msg_id: "1",
    msg_type: "execute_request",
    session: "s",
    username: "u",
    date: "",
    version: "5.3",
  };
  const parts = (...each: unknown[]): Buffer[] =>
    each.map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)));
  const attack = { code: "globalThis.hacked = true" };
  await client.sendRaw("shell", parts(header, {}, {}, attack), "0".repeat(64));
  await client.sendRaw("shell", parts(header, {}, {}, attack), "");
  await client.sendRaw("shell", parts("{", {}, {}, attack));
  await client.sendRaw("shell", parts([], {}, {}, attack));
  await client.sendRaw("shell", parts({ ...header, msg_id: 5 }, {}, {}, attack));
  await client.sendRaw("shell", parts(header, {}, {}));
  await client.sendRaw("control", parts(header, {}, {}, attack));
  await client.sendRaw("shell", parts({ ...header, msg_type: "__proto__" }, {}, {}, {}));
  expect(await client.value("typeof hacked")).toBe("'undefined'");
  for (const text of [
    "signature does not match",
    "header is not JSON",
    "header must be an object",
    "header.msg_id must be a string",
    "expected a signature and 4 parts",
    "no handler for execute_request on control",
    "no handler for __proto__",
  ]) {
    expect(client.stderr).toContain(text);
  }
});

test("a message that is sent again by someone else is dropped", async () => {
  const parts = [
    {
      msg_id: "again",
      msg_type: "execute_request",
      session: "s",
      username: "u",
      date: "",
      version: "5.3",
    },
    {},
    {},
    { code: "globalThis.times = (globalThis.times ?? 0) + 1" },
  ].map((part) => Buffer.from(JSON.stringify(part)));
  await client.sendRaw("shell", parts);
  await client.sendRaw("shell", parts);
  expect(await client.value("times")).toBe("1");
});

test("shutdown is answered, announced and carried out, also while a cell is busy", async () => {
  const other = await Client.start(folder);
  const pid = Number(await other.value("process.pid"));
  const exited = once(other.process, "exit");
  await other.send("shell", "execute_request", { code: "while (true) {}" });
  const id = await other.send("control", "shutdown_request", { restart: true });
  await exited;
  expect(
    other.messages.find(({ parent, type }) => parent === id && type === "shutdown_reply")?.content,
  ).toEqual({ status: "ok", restart: true });
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await other[Symbol.asyncDispose]();
});
