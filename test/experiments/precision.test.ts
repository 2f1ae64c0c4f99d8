import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainConfig, TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { taskKey } from "../../src/experiments/identity.ts";
import type { Workshop } from "../../src/experiments/run.ts";
import { TrunkEmbedder } from "../../src/experiments/trunk.ts";
import { startState } from "../../src/experiments/weights.ts";
import { TINY, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-precision-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const configOf = (...patches: TrainConfigPatch[]): TrainConfig =>
  resolveConfig([layPatches(TINY, { steps: 4, augment: "none" }, ...patches)]);
const HEAD: TrainConfigPatch = { model: { adapter: { kind: "head", hidden: 4 } } };
const LORA: TrainConfigPatch = { model: { adapter: { kind: "lora", rank: 2 } } };

function cosines(a: Float32Array, b: Float32Array, dim: number): number[] {
  return Array.from({ length: a.length / dim }, (_, row) => {
    const at = row * dim;
    return a.subarray(at, at + dim).reduce((sum, x, i) => sum + x * b[at + i]!, 0);
  });
}

test("features of a head's trunk in 16 and 8 bits are near those of 32, and kept apart", async () => {
  const of = async (trunkPrecision: "fp32" | "fp16" | "int8") =>
    (await shop.features(configOf(HEAD, { model: { trunkPrecision } }))).table;
  const exact = await of("fp32");
  const dim = exact.shape[1];
  const half = cosines(exact.data, (await of("fp16")).data, dim);
  const eighth = cosines(exact.data, (await of("int8")).data, dim);
  expect(Math.min(...half)).toBeGreaterThan(0.9999);
  expect(Math.min(...eighth)).toBeGreaterThan(0.98);
  expect(Math.min(...eighth)).toBeLessThan(Math.min(...half));
  expect((await of("fp32")).data).toBe(exact.data);
});

test("LoRA trains on a trunk of 16 bits, with scaled losses, to nearly the same weights", async () => {
  const train = async (name: string, ...patches: TrainConfigPatch[]) => {
    const runId = await shop.train(configOf(LORA, ...patches), { experiment: "precision", name });
    return { runId, weights: shop.weights(runId) };
  };
  const exact = await train("fp32");
  const half = await train("fp16", {
    model: { trunkPrecision: "fp16" },
    optimizer: { lossScaling: true },
    evaluation: { everySteps: 2 },
  });
  expect([...half.weights.keys()]).toEqual([...exact.weights.keys()]);
  for (const [name, { data, dtype }] of half.weights) {
    expect(dtype).toBe("float32");
    expect(data, name).toBeAllclose(exact.weights.get(name)!.data as Float32Array, {
      atol: 4e-3,
      rtol: 0,
    });
  }
  const scale = shop.store.history(half.runId, "lossScale").map(({ value }) => value);
  expect(scale).toEqual([2 ** 16, 2 ** 16, 2 ** 16, 2 ** 16]);
  expect(shop.store.history(exact.runId, "lossScale")).toEqual([]);
});

test("an embedder of 8 bits can't take other weights", async () => {
  const config = configOf({});
  const kit = shop.kit(config);
  const state = startState(config, kit.encoder);
  const embedder = await TrunkEmbedder.create({ config, kit, state, precision: "int8" });
  await expect(embedder.load(state)).rejects.toThrow(
    "TrunkEmbedder: weights of 8 bits are part of its graphs; make another one",
  );
  await embedder.close();
});

test("precisions that an adapter can't have are refused", () => {
  expect(() => configOf({ model: { trunkPrecision: "fp16" } })).toThrow(
    "model.trunkPrecision: with adapter none expected fp32, got fp16",
  );
  expect(() => configOf(LORA, { model: { trunkPrecision: "int8" } })).toThrow(
    "model.trunkPrecision: with adapter lora expected fp32 or fp16, got int8",
  );
});

test("a run's key is what it was before precisions, and differs where one is asked for", () => {
  const keyOf = (config: TrainConfig): string =>
    taskKey({ config, dataDigest: "d", initDigest: null, codeVersion: "1" });
  // Made by the code before they were there (commit b4a9fef).
  expect(keyOf(resolveConfig([{}]))).toBe("fc9ee6d50300cfe7ae5242116cfc8992");
  const lora = { adapter: { kind: "lora" } } as const;
  expect(keyOf(resolveConfig([{ model: lora }]))).toBe("81384771f445b800b0daf44fc059d656");
  const others = [
    resolveConfig([{ model: { ...lora, trunkPrecision: "fp16" } }]),
    resolveConfig([{ model: lora, optimizer: { lossScaling: true } }]),
  ];
  expect(new Set(others.map(keyOf)).add("81384771f445b800b0daf44fc059d656").size).toBe(3);
});
