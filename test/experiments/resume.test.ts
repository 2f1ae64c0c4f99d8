import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../src/engine/index.ts";
import type { TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { CODE_VERSION } from "../../src/experiments/identity.ts";
import { WEIGHTS_ARTIFACT, Workshop } from "../../src/experiments/run.ts";
import { readWeights } from "../../src/experiments/weights.ts";
import { RunReader } from "../../src/tracking/index.ts";
import { TINY, tinyEncoder, tinyTasks } from "./support/tiny.ts";

const child = fileURLToPath(new URL("./support/train-child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rzenlab-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything learnt and drawn: adapters, learnt temperatures, two buckets, planted duplicates. */
const CONFIG = layPatches(TINY, {
  steps: 60,
  loss: { alpha: 9, delta: 0.95, temperature: { learnable: true } },
  sampler: { plantDuplicates: 0.25, mergeClassification: true },
});
const HEAD: TrainConfigPatch = layPatches(CONFIG, {
  steps: 200,
  model: { adapter: { kind: "head", hidden: 8 } },
  augment: "none",
});

/** Chunks of three of four pairs, each encoded twice. */
const CHUNKS: TrainConfigPatch = layPatches(CONFIG, { steps: 20, gradCacheChunk: 3 });

/** When to kill: after this many reported steps and then so many milliseconds. */
type Kill = { readonly steps: number; readonly ms: number };

/** Runs the child and kills it, or lets it end. */
function run(home: string, patch: TrainConfigPatch, runId: string | null, kill: Kill | null) {
  const args = [home, JSON.stringify(patch), ...(runId === null ? [] : [runId])];
  const process = fork(child, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let errors = "";
  process.stderr?.on("data", (chunk) => (errors += String(chunk)));
  return new Promise<"killed" | "ended">((resolve, reject) => {
    let steps = 0;
    process.on("message", () => {
      if (++steps === kill?.steps) setTimeout(() => process.kill("SIGKILL"), kill.ms);
    });
    process.once("exit", (code, signal) => {
      if (signal === "SIGKILL") resolve("killed");
      else if (code === 0) resolve("ended");
      else reject(new Error(errors));
    });
  });
}

/** Numbers of a finished run that must not depend on how often it was cut off. */
function outcome(home: string) {
  using store = RunReader.open(join(home, "store"));
  const [found] = store.searchRuns();
  expect(found!.status).toBe("FINISHED");
  const { state } = readWeights(store.artifactPath(found!.id, WEIGHTS_ARTIFACT));
  const keys = store.series(found!.id).map(({ key }) => key);
  const metrics = keys
    .filter((key) => !key.startsWith("system/"))
    .map((key) => [key, store.history(found!.id, key).map(({ step, value }) => [step, value])]);
  return { state, metrics: Object.fromEntries(metrics) as Record<string, [number, number][]> };
}

function runOf(home: string): string | null {
  try {
    using store = RunReader.open(join(home, "store"));
    return store.searchRuns()[0]?.id ?? null;
  } catch {
    return null; // killed before there was a store
  }
}

describe.concurrent("a run killed with SIGKILL at random moments", () => {
  test.each([
    { name: "trunk", patch: CONFIG, kills: 12, apart: 4 },
    { name: "head", patch: HEAD, kills: 10, apart: 16 },
    { name: "trunk in chunks", patch: CHUNKS, kills: 4, apart: 4 },
  ])(
    "of a $name and resumed ends with the same metrics and weights, bit for bit",
    async ({ name, patch, kills, apart }) => {
      const whole = join(folder, `${name}-whole`);
      await run(whole, patch, null, null);
      const cut = join(folder, `${name}-cut`);
      const random = Random.from(7, name);
      for (let i = 0; i < kills; i++) {
        const kill = { steps: 1 + random.int(apart), ms: 3 * random.uniform() };
        expect(await run(cut, patch, runOf(cut), kill)).toBe("killed");
      }
      await run(cut, patch, runOf(cut), null);
      const [expected, got] = [outcome(whole), outcome(cut)];
      expect(got.metrics).toEqual(expected.metrics);
      expect(expected.metrics["loss"]).toHaveLength(resolveConfig([patch]).steps);
      expect(got.state).toEqual(expected.state);
    },
    600_000,
  );
});

describe("resume refuses", () => {
  const open = async (home: string): Promise<Workshop> =>
    Workshop.open(
      { dataRoot: join(home, "data"), home, store: join(home, "store") },
      { loadTasks: await tinyTasks(join(home, "data")), encoderOf: tinyEncoder },
    );
  const tiny = resolveConfig([TINY, { steps: 1 }]);

  test("a finished run, another code version, and a damaged checkpoint, each by name", async () => {
    const home = join(folder, "refuse");
    const shop = await open(home);
    const runId = await shop.train(tiny, { experiment: "e", name: "n" });
    await expect(shop.resume(runId)).rejects.toThrow(`run ${runId} is finished`);

    shop.store.updateRun(runId, { status: "RUNNING" });
    shop.store.setTags(runId, { "rzenlab.code": "0" });
    await expect(shop.resume(runId)).rejects.toThrow(
      `rzenlab.code was 0, is ${CODE_VERSION}; train anew instead`,
    );

    shop.store.setTags(runId, { "rzenlab.code": CODE_VERSION });
    const file = join(home, "checkpoints", runId, "state.safetensors");
    await import("node:fs/promises").then((fs) => fs.mkdir(join(file, ".."), { recursive: true }));
    writeFileSync(file, "not a checkpoint");
    await expect(shop.resume(runId)).rejects.toThrow(`${file}: `);
    expect(shop.store.run(runId).status).toBe("FAILED");
    await shop.close();
  });
});
