/** @file `rzenlab server` as a process: what it loads, and that its pages find the experiments behind them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { placesOf } from "../../src/cli/places.ts";
import { appFolder } from "../../src/cli/uiapp.ts";
import { runningServer } from "../../src/tracking/index.ts";

const bin = join(import.meta.dirname, "../../bin/rzenlab.js");
const home = mkdtempSync(join(tmpdir(), "rzenlab-server-"));
let child: ChildProcess;
let address: string;

beforeAll(async () => {
  await appFolder(); // built once, not within the server's start
  child = spawn(process.execPath, [bin, "server", "--port", "0", "--json", "--home", home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const line of createInterface({ input: child.stdout! })) {
    said += line;
    if (line.endsWith("}")) break;
  }
  ({ address } = JSON.parse(said) as { address: string });
}, 120_000);

async function end(): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

afterAll(async () => {
  await end();
  rmSync(home, { recursive: true, force: true });
});

describe("rzenlab server", () => {
  test.skipIf(!existsSync("/proc/self/maps"))(
    "starts without the engine and the picture codecs",
    () => {
      const maps = readFileSync(`/proc/${child.pid}/maps`, "utf8");
      expect(maps).toContain("better-sqlite3");
      expect(maps).not.toMatch(/libvips|skia|onnxruntime/);
    },
  );

  test("loads them for the first report, and says what is missing", async () => {
    expect((await fetch(`${address}/ui/experiments/none`)).status).toBe(200);
    const missing = await fetch(`${address}/api/ui/experiments/none/ablation`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({ error: "no experiment with name none" });
    const empty = await fetch(`${address}/api/ui/experiments/Default/ablation`);
    expect(((await empty.json()) as { error: string }).error).toContain(
      "expected a folder with tasks",
    );
  });

  test("notes its address in the store for as long as it runs", async () => {
    const { store } = placesOf(home);
    expect(runningServer(store)).toBe(address);
    await end();
    expect(child.exitCode).toBe(0);
    expect(runningServer(store)).toBeUndefined();
  });
});
