import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolveConfig } from "../../src/experiments/config.ts";
import { aside } from "../../src/experiments/aside.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-aside-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const places = { dataRoot: join(home, "none"), home, store: join(home, "store") };
const request = { places, job: { kind: "features", configs: [resolveConfig([])] } } as const;

/** A child of a few lines. */
function child(name: string, code: string): string {
  const file = join(home, `${name}.mjs`);
  writeFileSync(file, code);
  return file;
}

test("what fails in the process fails here, by its message", async () => {
  await expect(aside(request)).rejects.toThrow(/^features: .*none/);
});

test("a baseline is named as such", async () => {
  const [config] = request.job.configs;
  const job = { kind: "baseline", baseline: "ridge", experiment: "e", config } as const;
  await expect(aside({ places, job })).rejects.toThrow(/^baseline: .*none/);
});

test("passes progress on and ends when the process says so", async () => {
  const script = child(
    "good",
    `process.once("message", ({ job }) => {
       process.send({ progress: { stage: "features", done: job.configs.length, total: 1 } });
       process.send({ done: true }, () => process.disconnect());
     });`,
  );
  const seen: unknown[] = [];
  await aside(request, { script, onProgress: (progress) => seen.push(progress) });
  expect(seen).toEqual([{ stage: "features", done: 1, total: 1 }]);
});

test("a process that dies is named by how", async () => {
  const killed = child("killed", `process.once("message", () => process.kill(process.pid, 9));`);
  await expect(aside(request, { script: killed })).rejects.toThrow(
    "features: its process was killed by SIGKILL",
  );
  const ended = child("ended", `process.once("message", () => process.exit(3));`);
  await expect(aside(request, { script: ended })).rejects.toThrow(
    "features: its process exited with code 3",
  );
});

test("an abort ends it", async () => {
  const script = child("waits", `process.once("message", () => setInterval(() => {}, 1000));`);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  await expect(aside(request, { script, signal: abort.signal })).rejects.toThrow(
    "features: its process was killed by SIGTERM",
  );
});
