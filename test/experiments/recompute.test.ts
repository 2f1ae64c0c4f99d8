import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { taskKey } from "../../src/experiments/identity.ts";
import type { Workshop } from "../../src/experiments/run.ts";
import { TINY, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-recompute-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const FULL = layPatches(TINY, {
  batchSize: 7,
  steps: 6,
  loss: { alpha: 9, delta: 0.95, temperature: { learnable: true } },
});
const LORA: TrainConfigPatch = { model: { adapter: { kind: "lora", rank: 2 } } };

test.each([
  ["an encoder, prompts changed at random", { model: { mixPrompts: true } }],
  ["LoRA", LORA],
  ["in chunks", { gradCacheChunk: 3 }],
])("a training that computes activations again logs the same losses: %s", async (name, patch) => {
  const losses = async (recompute: boolean): Promise<number[]> => {
    const config = resolveConfig([layPatches(FULL, patch)], [`recompute=${recompute}`]);
    const runId = await shop.train(config, {
      experiment: "recompute",
      name: `${name} ${recompute}`,
    });
    return shop.store.history(runId, "loss").map(({ value }) => value);
  };
  const [kept, again] = [await losses(false), await losses(true)];
  expect(kept).toHaveLength(6);
  for (const [i, value] of kept.entries()) expect(Math.abs(again[i]! - value)).toBeLessThan(1e-4);
});

test("it is part of what makes a run the same run, where it is used", () => {
  const key = (...overrides: string[]): string =>
    taskKey({
      config: resolveConfig([FULL], overrides),
      dataDigest: "data",
      initDigest: null,
      codeVersion: "1",
    });
  expect(key("recompute=false")).toBe(key());
  expect(key("recompute=true")).not.toBe(key());
});

test("a head has nothing to compute again", () => {
  const head = { model: { adapter: { kind: "head" } }, recompute: true } as const;
  expect(() => resolveConfig([head])).toThrow(
    "recompute: a head reads cached features and no encoder runs; expected false, got true",
  );
});
