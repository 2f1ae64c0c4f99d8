/** @file Trunk features: pictures seen once for several prompts give what the whole encoder gives. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { queryRequests, targetRequests } from "../../src/experiments/embedder.ts";
import type { Workshop } from "../../src/experiments/run.ts";
import { TrunkEmbedder } from "../../src/experiments/trunk.ts";
import { startState } from "../../src/experiments/weights.ts";
import { TINY, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-features-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

test("features of several prompts are the encoder's embeddings, and differ by prompt", async () => {
  const configs = (["instruction", "system+representation"] as const).map((prompt) =>
    resolveConfig([layPatches(TINY, { model: { prompt } })]),
  );
  const stages = new Set<string>();
  await shop.featuresOf(configs, ({ stage }) => stages.add(stage));
  expect([...stages].filter((stage) => stage.startsWith("features"))).toEqual([
    "features (instruction)",
    "features (system+representation)",
  ]);
  const tasks = await shop.tasks("test");
  const requests = tasks.flatMap((task) => [...queryRequests(task), ...targetRequests(task)]);
  const first: number[] = [];
  for (const config of configs) {
    const features = await shop.features(config);
    const { table } = features;
    const kit = shop.kit(config);
    await kit.pixels.ensure(tasks);
    const state = startState(config, kit.encoder);
    const embedder = await TrunkEmbedder.create({ config, kit, state });
    const { data } = await embedder.embed(requests);
    await embedder.close();
    const dim = embedder.dim;
    for (const [i, request] of requests.entries()) {
      const row = features.rowOf(request);
      const stored = table.data.subarray(row * dim, (row + 1) * dim);
      expect(stored).toBeAllclose([...data.subarray(i * dim, (i + 1) * dim)], { atol: 1e-5 });
    }
    first.push(data[0]!);
  }
  expect(first[0]).not.toBe(first[1]);
});

test("a request that was never asked for has no row", async () => {
  const features = await shop.features(resolveConfig([TINY]));
  const request = { item: { text: "a word of no task" }, instruction: "" };
  expect(() => features.rowOf(request)).toThrow(
    'features: no row for {"item":{"text":"a word of no task"},"instruction":""}',
  );
});
