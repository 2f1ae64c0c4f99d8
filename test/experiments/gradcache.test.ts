import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Program } from "../../src/engine/index.ts";
import { Trainer } from "../../src/engine/index.ts";
import type { TrainConfig, TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { executorOf } from "../../src/experiments/executor.ts";
import { taskKey } from "../../src/experiments/identity.ts";
import type { Workshop } from "../../src/experiments/run.ts";
import { trunkParts } from "../../src/experiments/trunk.ts";
import { startState } from "../../src/experiments/weights.ts";
import { TINY, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-gradcache-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

/** Mask, hardness weights and learnt temperatures; planted duplicates, so that the mask finds some. */
const FULL = layPatches(TINY, {
  batchSize: 7,
  steps: 6,
  loss: { alpha: 9, delta: 0.95, temperature: { learnable: true } },
  sampler: { plantDuplicates: 0.3 },
});
const LORA: TrainConfigPatch = { model: { adapter: { kind: "lora", rank: 2 } } };
const HEAD: TrainConfigPatch = { model: { adapter: { kind: "head", hidden: 4 } }, augment: "none" };
const configOf = (patch: TrainConfigPatch, chunk: number | null, ...keys: string[]): TrainConfig =>
  resolveConfig([layPatches(FULL, patch)], [`gradCacheChunk=${chunk}`, ...keys]);

type Columns = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** Everything a run logged but what depends on the clock. */
function columns(runId: string): Columns {
  const { store } = shop;
  const keys = store.series(runId).map(({ key }) => key);
  return Object.fromEntries(
    keys
      .filter((key) => !key.startsWith("system/"))
      .map((key) => [
        key,
        store.history(runId, key).map(({ step, value }) => [step, value] as const),
      ]),
  );
}

const train = (config: TrainConfig, name: string): Promise<string> =>
  shop.train(config, { experiment: "gradcache", name });

test.each([
  ["an encoder, pictures and prompts changed at random", { model: { mixPrompts: true } }],
  ["LoRA", LORA],
  ["a head", HEAD],
  [
    "scaled losses, both directions",
    { optimizer: { lossScaling: true }, loss: { symmetric: true } },
  ],
])("one step in chunks is the whole batch's: %s", async (name, patch) => {
  const [whole, parts] = [configOf(patch, null, "steps=1"), configOf(patch, 3, "steps=1")];
  const expected = columns(await train(whole, `${name} whole`));
  const got = columns(await train(parts, `${name} parts`));
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, points] of Object.entries(expected)) {
    for (const [i, [step, value]] of points.entries()) {
      expect(got[key]![i]![0], key).toBe(step);
      expect(Math.abs(got[key]![i]![1] - value), key).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(value)),
      );
    }
  }
  expect(expected).toHaveProperty("maskRate");
  expect(expected).toHaveProperty("maskRecall");
});

test("so is the gradient of every weight", async () => {
  const gradients = async (chunk: number | null): Promise<Map<string, Float32Array>> => {
    const config = configOf({ model: { mixPrompts: true } }, chunk, "optimizer.clipNorm=null");
    const [kit, tasks] = [shop.kit(config), await shop.trainTasks(config)];
    await kit.pixels.ensure(tasks);
    const start = startState(config, kit.encoder);
    const parts = trunkParts({ config, kit, tasks, start, evaluate: null });
    const build = (bucket: string): Program => (parts.cache ?? parts).build(bucket);
    const trainer = await Trainer.create({
      executor: executorOf(config),
      state: parts.initial,
      build,
    });
    const { work, group } = await parts.batches(null, 0).next();
    if (work.kind === "whole") await trainer.step(work.bucket, work.feeds, { learningRate: 1e-3 });
    else await parts.cache!.step(trainer, work.chunks, { learningRate: 1e-3, group });
    const state = await trainer.state();
    await trainer.close();
    // The first step's first moments are a tenth of its gradient.
    const moments = [...state].filter(([name]) => name.startsWith("adam.m/"));
    return new Map(moments.map(([name, { data }]) => [name, data as Float32Array]));
  };
  const [whole, parts] = [await gradients(null), await gradients(3)];
  expect([...parts.keys()].sort()).toEqual([...whole.keys()].sort());
  const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  const all = Math.hypot(...[...whole.values()].map(norm));
  for (const [name, gradient] of whole) {
    const apart = norm(gradient.map((x, i) => x - parts.get(name)![i]!));
    expect(apart, name).toBeLessThan(1e-6 * all);
  }
});

test("a run in chunks that was cut off ends with the same metrics and weights, bit for bit", async () => {
  const config = configOf({}, 3);
  const whole = await train(config, "uncut");
  const stop = new AbortController();
  const cut = shop.train(config, {
    experiment: "gradcache",
    name: "cut",
    signal: stop.signal,
    onProgress: ({ stage, done }) => stage === "train" && done === 3 && stop.abort(),
  });
  await expect(cut).rejects.toThrow("interrupted after step");
  const [run] = shop.store.searchRuns({ where: { attribute: "name", is: "=", value: "cut" } });
  await shop.resume(run!.id);
  expect(columns(run!.id)).toEqual(columns(whole));
  expect(columns(whole)["loss"]).toHaveLength(6);
  expect(shop.weights(run!.id)).toEqual(shop.weights(whole));
});

test("runs in chunks have keys of their own", () => {
  const keyOf = (chunk: number | null): string =>
    taskKey({ config: configOf({}, chunk), dataDigest: "d", initDigest: null, codeVersion: "1" });
  expect(new Set([keyOf(null), keyOf(3), keyOf(4)]).size).toBe(3);
});

test("a chunk is a whole number of pairs", () => {
  expect(() => configOf({}, 0)).toThrow("gradCacheChunk");
});
