import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { Random } from "../../../src/engine/index.ts";
import type { State, Tensor } from "../../../src/engine/index.ts";
import { assemble } from "../../../src/model/batch.ts";
import { buildEncoder } from "../../../src/model/encoder.ts";
import { encoderOnnx, exportEncoder } from "../../../src/model/export/bucket.ts";
import { initParameters } from "../../../src/model/init.ts";
import { initLora, LoraConfig } from "../../../src/model/lora.ts";
import { encoderParameters } from "../../../src/model/parameters.ts";
import { patchLayout } from "../../../src/model/pixels.ts";
import { preset } from "../../../src/model/presets.ts";
import { disturbed, evaluate, randomPixels } from "../helpers.ts";

const config = preset("tiny");
const pixels = randomPixels(0, { height: 8, width: 8 });
const input = {
  ids: Int32Array.from([5, 7, 6, 20, 2]),
  pixels,
  layout: patchLayout(pixels, config),
};
const { bucket, feeds } = assemble([input], config);
const state = disturbed(initParameters(config, 0), 1);

function toOrt({ data, shape, dtype }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, [...shape]);
}

test("another session runs the file and finds the same embedding", async () => {
  const at = mkdtempSync(join(tmpdir(), "export-"));
  const file = join(at, "made", "encoder.onnx");
  exportEncoder(state, config, file, { bucket });
  expect(readdirSync(join(at, "made"))).toEqual(["encoder.onnx"]);
  const session = await ort.InferenceSession.create(readFileSync(file));
  expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort());
  expect(session.outputNames).toEqual(["embedding"]);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, toOrt(value)]),
  );
  const results = await session.run(inputs);
  const expected = await evaluate(state, feeds, (graph) => ({
    embedding: buildEncoder(graph, config, bucket).embedding,
  }));
  expect(results["embedding"]!.data as Float32Array).toBeAllclose(expected["embedding"]!, {
    atol: 1e-5,
  });
});

test("an adapter must be given to be folded in", () => {
  const adapter = LoraConfig.parse({ rank: 2 });
  const adapted: State = new Map([
    ...state,
    ...initLora(encoderParameters(config), adapter, Random.from(0, "lora")),
  ]);
  expect(() => encoderOnnx(adapted, config, { bucket })).toThrow(
    "exportEncoder: the state holds visual.blocks.0.attn.qkv.lora_A.weight, but no adapter is given",
  );
  expect(encoderOnnx(adapted, config, { bucket, adapter })).toEqual(
    encoderOnnx(state, config, { bucket }),
  );
});

test("what the state lacks is named", () => {
  expect(() => encoderOnnx(new Map(), config, { bucket })).toThrow(
    /^exportEncoder: the state lacks visual\.patch_embed\.proj\.weight, .* and \d+ more$/,
  );
});

test("a file that cannot be written is named", () => {
  const at = mkdtempSync(join(tmpdir(), "export-"));
  expect(() => exportEncoder(state, config, at, { bucket })).toThrow(`writing ${at}: `);
});
