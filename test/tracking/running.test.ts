/** @file Who lives, and who serves: told from what a killed process left behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { announceServer, isAlive, lives, markOf, runningServer } from "../../src/tracking/index.ts";

const store = mkdtempSync(join(tmpdir(), "rzenlab-running-"));
afterAll(() => rmSync(store, { recursive: true, force: true }));

test("a process lives until it ends; a later one with its id is another", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const mark = markOf(child.pid!);
  expect(lives(mark)).toBe(true);
  if (process.platform !== "win32") expect(lives({ ...mark, started: "0" })).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(lives(mark)).toBe(false);
  expect([0, -1, Number.NaN].map((pid) => isAlive(pid))).toEqual([false, false, false]);
});

test("a store's server is found while it runs; a dead one's note is cleared away", () => {
  expect(runningServer(store)).toBeUndefined();
  const withdraw = announceServer(store, "http://127.0.0.1:7");
  expect(runningServer(store)).toBe("http://127.0.0.1:7");
  withdraw();
  expect(runningServer(store)).toBeUndefined();
  const left = join(store, "servers", "9.json");
  const dead = { pid: process.pid, started: "long ago", address: "http://127.0.0.1:9" };
  writeFileSync(left, JSON.stringify(dead));
  writeFileSync(join(store, "servers", "8.json"), "{");
  if (process.platform === "win32") return; // no start times there
  expect(runningServer(store)).toBeUndefined();
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(join(store, "servers"))).toEqual(["8.json"]);
});
