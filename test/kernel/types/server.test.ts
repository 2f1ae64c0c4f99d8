import { expect, test, vi } from "vitest";
import { withinPatience } from "../../../src/kernel/types/patience.ts";
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findServer } from "../../../src/kernel/types/find-server.ts";
import { LanguageServer, uriOf } from "../../../src/kernel/types/server.ts";

test("a program that is no language server is left alone after three tries", async () => {
  // Ends at once, whatever it is asked.
  const server = new LanguageServer("true", import.meta.dirname);
  await vi.waitFor(
    () =>
      expect(server.ask([], "shutdown", {})).rejects.toThrow(
        "types: the language server ended 3 times without an answer",
      ),
    30_000,
  );
});

test("a closed server is not started again", async () => {
  const server = new LanguageServer("true", import.meta.dirname);
  server.close();
  await expect(server.ask([], "shutdown", {})).rejects.toThrow(
    "types: the language server was closed",
  );
});

test("an answer that does not come is not waited for", async () => {
  await expect(withinPatience(new Promise(() => undefined), 5)).rejects.toThrow(
    "types: the language server did not answer within 5 ms",
  );
  expect(await withinPatience(Promise.resolve("in time"))).toBe("in time");
});

async function realServer(
  idleMs?: number,
): Promise<{ server: LanguageServer; ask: () => Promise<unknown> }> {
  const found = await findServer(import.meta.dirname);
  if ("missing" in found) throw new Error(found.missing);
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-server-"));
  const server = new LanguageServer(found.executable, folder, idleMs);
  const path = join(folder, "cell.ts");
  const files = [{ path, language: "typescript", text: "const x = 1; x" }];
  const params = { textDocument: { uri: uriOf(path) }, position: { line: 0, character: 6 } };
  return { server, ask: () => server.ask(files, "textDocument/hover", params) };
}

test("a server that nobody asks ends, as often as it likes, and the next question starts another", async () => {
  const { server, ask } = await realServer(20);
  const pids = new Set<number>();
  for (let i = 0; i < 5; i++) {
    expect(await ask()).toMatchObject({ range: { start: { character: 6 } } });
    const pid = (await server.pid())!;
    pids.add(pid);
    await expect.poll(() => server.pid(), { timeout: 20_000 }).toBeUndefined();
  }
  expect(pids.size).toBe(5);
  server.close();
});

test("the server asks no package registry", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-npm-"));
  const asked = join(folder, "asked");
  writeFileSync(join(folder, "npm"), `#!/bin/sh\necho "$@" >> ${asked}\n`);
  chmodSync(join(folder, "npm"), 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);
  const { server, ask } = await realServer();
  try {
    await ask();
    // With its own settings it does so beside its first answer.
    await delay(1_000);
    expect(existsSync(asked)).toBe(false);
  } finally {
    server.close();
    vi.unstubAllEnvs();
  }
});
