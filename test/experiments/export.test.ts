import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainConfig, TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { exportRunFolder } from "../../src/experiments/export.ts";
import { STAGE1_CHECKPOINT } from "../../src/experiments/recipes/index.ts";
import { fileDigest } from "../../src/experiments/identity.ts";
import { Workshop } from "../../src/experiments/run.ts";
import { readWeights, startDigest, startState, withStart } from "../../src/experiments/weights.ts";
import {
  encodeSafetensors,
  Processor,
  portableInputs,
  writeSafetensors,
} from "../../src/model/index.ts";
import { TINY, tinyEncoder, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-export-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const configOf = (model: TrainConfigPatch["model"]): TrainConfig =>
  resolveConfig([
    layPatches(TINY, { steps: 3, model, checkpoint: { everySteps: 0 }, augment: "none" }),
  ]);

/** Our embedding of a text by a config and its weights. */
async function embedding(config: TrainConfig, own: Parameters<typeof withStart>[2]) {
  const embedder = await shop.embedder(config, withStart(config, tinyEncoder(), own));
  const rows = await embedder.embed([{ item: { text: "red" }, instruction: "" }]);
  await embedder.close();
  return rows.data;
}

/** The folder's embedding of the same text. */
async function exported(folder: string): Promise<Float32Array> {
  const encoder = tinyEncoder();
  const session = await ort.InferenceSession.create(join(folder, "onnx/model.onnx"));
  const inputs = portableInputs([Processor.nano(encoder).process({ text: "red" })], encoder);
  const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
    name,
    new ort.Tensor(dtype, data as Float32Array, [...shape]),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return results["embedding"]!.data as Float32Array;
}

test.each([
  ["none", { adapter: { kind: "none" } }],
  ["lora", { adapter: { kind: "lora", rank: 2 } }],
  ["head", { adapter: { kind: "head", hidden: 4 } }],
] as const)("a run with adapter %s goes out and comes back", async (kind, model) => {
  const config = configOf(model);
  const runId = await shop.train(config, { experiment: "export", name: kind });
  const folder = join(home, kind);
  exportRunFolder(shop, runId, folder);
  const ours = await embedding(config, shop.weights(runId));
  expect(await exported(folder)).toBeAllclose(ours, { rtol: 0, atol: 1e-5 });

  // As a start: the same weights by the same digest, whether by folder or by file.
  const from = configOf({ init: folder });
  const { state } = readWeights(join(folder, "model.safetensors"));
  for (const [name, value] of startState(from, tinyEncoder()))
    expect(state.get(name)).toEqual(value);
  expect(await startDigest(from)).toBe(await fileDigest(join(folder, "model.safetensors")));
  // As weights to score or export again.
  const { info, state: own } = readWeights(folder);
  expect(info).toMatchObject({ runId, step: 3 });
  expect(await embedding(resolveConfig([info!.config as TrainConfigPatch]), own)).toBeAllclose(
    ours,
    { rtol: 0, atol: 1e-5 },
  );
  exportRunFolder(shop, folder, `${folder} again`);
  expect(readWeights(`${folder} again`).state).toEqual(own);
});

test("a folder as transformers writes Qwen2-VL: other names, shards, its own tokenizer", async () => {
  const encoder = tinyEncoder();
  const start = startState(configOf({}), encoder);
  const folder = join(home, "qwen");
  mkdirSync(folder);
  const renamed = [...start].map(([name, value]) => {
    const inner = name.startsWith("visual.")
      ? `model.${name}`
      : name.replace(/^model\./, "model.language_model.");
    return [inner, value] as const;
  });
  const half = renamed.length / 2;
  const shards = [renamed.slice(0, half), renamed.slice(half)];
  for (const [i, shard] of shards.entries())
    writeSafetensors(join(folder, `model-${i}.safetensors`), new Map(shard));
  const map = shards.flatMap((shard, i) => shard.map(([name]) => [name, `model-${i}.safetensors`]));
  writeFileSync(
    join(folder, "model.safetensors.index.json"),
    JSON.stringify({ weight_map: Object.fromEntries(map) }),
  );
  const config = configOf({ init: folder });
  expect(startState(config, encoder)).toEqual(start);
  expect(await startDigest(config)).toMatch(/^[0-9a-f]{64}$/);
  expect(shop.kit(config)).toBe(shop.kit(configOf({})));
  writeFileSync(join(folder, "tokenizer.json"), "{");
  expect(() => shop.kit(config)).toThrow(`reading tokenizer ${join(folder, "tokenizer.json")}`);
});

test("what cannot be exported or loaded is named", () => {
  expect(() => exportRunFolder(shop, "none", join(home, "x"))).toThrow("no run with id none");
  const bare = join(home, "bare.safetensors");
  writeFileSync(bare, Buffer.concat(encodeSafetensors(startState(configOf({}), tinyEncoder()))));
  expect(() => exportRunFolder(shop, bare, join(home, "x"))).toThrow(
    `${bare}: its metadata don't tell the config it was trained with`,
  );
  const empty = join(home, "empty");
  mkdirSync(empty);
  const config = configOf({ init: empty });
  expect(() => startState(config, tinyEncoder())).toThrow(
    `model.init: ${empty}: neither model.safetensors nor model.safetensors.index.json is there`,
  );
  copyFileSync(
    join(import.meta.dirname, "../../data/nano/stage1.safetensors"),
    join(empty, "model.safetensors"),
  );
  expect(() => startState(config, tinyEncoder())).toThrow(
    "model.init: loading tiny: visual.patch_embed",
  );
});

test("a start that is gone is missed only where weights lean on it", () => {
  const encoder = tinyEncoder();
  const gone = join(home, "gone.safetensors");
  const whole = startState(configOf({}), encoder);
  const all = configOf({ init: gone, adapter: { kind: "none" } });
  expect(withStart(all, encoder, whole)).toBe(whole);
  const lora = configOf({ init: gone, adapter: { kind: "lora", rank: 2 } });
  expect(() => withStart(lora, encoder, new Map())).toThrow(
    `${gone}: no file or folder to start from`,
  );
});

test("the shipped trunk is exported without what it was trained from", async () => {
  const folder = join(home, "shipped");
  const nano = await Workshop.open({ dataRoot: home, home, store: join(home, "nano") });
  exportRunFolder(nano, STAGE1_CHECKPOINT, folder);
  await nano.close();
  expect(existsSync(join(folder, "onnx/model.onnx"))).toBe(true);
});
