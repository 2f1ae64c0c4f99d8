import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./client.ts";

let client: Client;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rzenlab-interrupt-"));
  writeFileSync(
    join(folder, "busy.ts"),
    `export const seen = { count: 0, cleaned: 0 };
     const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
     export async function wait() { try { for (;;) { seen.count++; await sleep(5); } } finally { seen.cleaned++; } }
     export function spin(): never { try { while (true) seen.count++; } finally { seen.cleaned++; } }`,
  );
  // Not under node_modules/.../ of ours: a dependency's code is never instrumented.
  const library = join(folder, "node_modules", "busy-library");
  await import("node:fs").then((fs) => fs.mkdirSync(library, { recursive: true }));
  writeFileSync(join(library, "package.json"), `{"name":"busy-library","main":"index.js"}`);
  writeFileSync(join(library, "index.js"), "exports.spin = () => { for (;;); };");
  client = await Client.start(folder);
  await client.run(
    `import { seen, spin, wait } from "./busy"; import { spin as spinLibrary } from "busy-library";
     const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)); let n = 0, cleaned = 0;`,
  );
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Interrupts a cell in the middle; milliseconds from the interrupt to the cell's reply. */
async function interrupted(code: string): Promise<{ ms: number; ename: string }> {
  const id = await client.send("shell", "execute_request", {
    code: `console.log("begun");${code}`,
  });
  await client.until(() => client.messages.some((m) => m.type === "stream" && m.parent === id));
  await sleep(150);
  const start = performance.now();
  await client.request("interrupt_request", {}, "control");
  const { reply } = await client.outcome(id, 8_000);
  return { ms: performance.now() - start, ename: reply["ename"] };
}

test.each([
  ["a busy loop", "while (true) {}"],
  ["a busy loop after an await", "await 1; while (true) {}"],
  ["a busy loop in an awaited function", "await (async () => { await 1; while (true) {} })()"],
  ["a loop of microtasks", "for (;;) { await null }"],
  ["a pending await", "await sleep(20_000)"],
  ["a loop of short awaits", "try { for (;;) { n++; await sleep(5) } } finally { cleaned++ }"],
  ["an imported loop of awaits", "await wait()"],
  ["an imported busy loop", "spin()"],
  [
    "for await over a slow stream",
    "for await (const x of (async function* () { await sleep(9e4) })()) x",
  ],
  ["a prompt", "prompt('?')"],
])("interrupts %s", async (name, code) => {
  client.onInput = () => undefined;
  const { ms, ename } = await interrupted(code);
  expect(ename).toBe("KeyboardInterrupt");
  // 300 ms on an idle machine; tests share theirs.
  expect(ms, name).toBeLessThan(2_000);
});

test("nothing moves after an interrupt, and every finally block has run", async () => {
  const read = (): Promise<string> => client.value("[n, cleaned, seen.count, seen.cleaned].join()");
  const first = await read();
  await sleep(100);
  expect(await read()).toBe(first);
  expect(first).toMatch(/^'\d+,1,\d+,2'$/);
});

test.each([
  ["library code", "spinLibrary()"],
  ["library code after an await", "await 1; spinLibrary()"],
  ["library code in a timer", "setTimeout(spinLibrary); await sleep(20_000)"],
  ["a child process", "require('node:child_process').execSync('sleep 20')"],
  ["a blocked thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
])("terminates %s and keeps the bindings", async (_, code) => {
  const { ename } = await interrupted(code);
  expect(ename).toMatch(/KeyboardInterrupt|Error/);
  expect(await client.value("typeof spinLibrary")).toBe("'function'");
});

test("offers an AbortSignal that the interrupt aborts", async () => {
  await interrupted("var signal = jupyter.signal; await sleep(20_000)");
  expect(await client.value("[signal.aborted, signal.reason.name].join()")).toBe(
    "'true,KeyboardInterrupt'",
  );
});

test("a background loop of an earlier cell goes on when another cell is interrupted, and stops when none runs", async () => {
  await client.run(
    "let ticks = 0; void (async () => { for (;;) { ticks++; await sleep(5) } })().catch(() => {}); 1",
  );
  await interrupted("await sleep(20_000)");
  const before = Number(await client.value("ticks"));
  await sleep(100);
  expect(Number(await client.value("ticks"))).toBeGreaterThan(before);
  await client.request("interrupt_request", {}, "control");
  await sleep(100);
  const stopped = await client.value("ticks");
  await sleep(100);
  expect(await client.value("ticks")).toBe(stopped);
});

test("kills what does not react at the second interrupt", async () => {
  await client.run("const { pbkdf2Sync } = await import('node:crypto');");
  const id = await client.send("shell", "execute_request", {
    code: `console.log("begun"); pbkdf2Sync("a", "b", 2 ** 31 - 1, 64, "sha512");`,
  });
  await client.until(() => client.messages.some((m) => m.parent === id && m.type === "stream"));
  await client.request("interrupt_request", {}, "control");
  await sleep(2_100);
  await client.request("interrupt_request", {}, "control");
  const { error } = await client.outcome(id);
  expect(error!["ename"]).toBe("RuntimeCrashed");
  expect(error!["evalue"]).toContain("it did not react to an interrupt within 2000 ms");
});
