import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, expect, test } from "vitest";
import type { State, Tensor } from "../../../src/engine/index.ts";
import {
  assemble,
  buildEncoder,
  buildHead,
  initHead,
  initParameters,
  preset,
  Processor,
} from "../../../src/model/index.ts";
import type { EncoderConfig, EncoderInput, HeadOptions } from "../../../src/model/index.ts";
import { portableInputs, portableOnnx } from "../../../src/model/export/portable.ts";
import { disturbed, evaluate, randomPixels } from "../helpers.ts";

const WHOLE = { dataFile: "model.onnx_data", externalBytes: 2 ** 31 };
const folder = mkdtempSync(join(tmpdir(), "portable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nano = preset("nano");
const processor = Processor.nano(nano);
const state = disturbed(initParameters(nano, 0), 1, 0.05);
const pixels = (seed: number, frames: number, height: number, width: number) =>
  randomPixels(seed, { frames, height, width });

/** Two of each kind: longer and shorter, so that one of them is padded. */
const KINDS: Readonly<Record<string, readonly EncoderInput[]>> = {
  text: ["a red apple", "zwei Hunde und eine Katze auf dem Dach"].map((text) =>
    processor.process({ text, instruction: "Find a picture:" }),
  ),
  image: [0, 1].map((i) =>
    processor.process({ text: "a".repeat(i), pixels: pixels(i, 1, 64, 64) }),
  ),
  clip: [2, 3].map((i) =>
    processor.process({ text: "slow ".repeat(i), pixels: pixels(i, 7, 48, 48) }),
  ),
  page: [4, 5].map((i) =>
    processor.process({ instruction: "pages ".repeat(i), pixels: pixels(i, 1, 144, 96) }),
  ),
};

function toOrt({ data, shape, dtype }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, [...shape]);
}

async function embed(
  session: ort.InferenceSession,
  inputs: readonly EncoderInput[],
  config: EncoderConfig = nano,
): Promise<Float32Array> {
  const feeds = Object.entries(portableInputs(inputs, config));
  const results = await session.run(Object.fromEntries(feeds.map(([k, v]) => [k, toOrt(v)])));
  return results["embedding"]!.data as Float32Array;
}

async function expected(
  inputs: readonly EncoderInput[],
  config: EncoderConfig = nano,
  weights: State = state,
  head?: HeadOptions,
): Promise<number[]> {
  const { bucket, feeds } = assemble(inputs, config);
  const outputs = await evaluate(
    weights,
    feeds,
    (graph) => {
      const { embedding } = buildEncoder(graph, config, bucket);
      return { embedding: head === undefined ? embedding : buildHead(graph, embedding, head) };
    },
    "cpu",
  );
  return outputs["embedding"]!;
}

test("one file embeds texts, pictures, clips and pages as the encoder does", async () => {
  const { model, data } = portableOnnx(state, nano, WHOLE);
  expect(data).toBeNull();
  const session = await ort.InferenceSession.create(model);
  expect(session.inputNames).toEqual([
    "input_ids",
    "attention_mask",
    "pixel_values",
    "image_grid_thw",
  ]);
  for (const [kind, inputs] of Object.entries(KINDS)) {
    const ours = await expected(inputs);
    const got = await embed(session, inputs);
    expect(got.length, kind).toBe(2 * 128);
    expect(got, kind).toBeAllclose(ours, { rtol: 0, atol: 2e-5 });
    // Alone, with other padding and another batch size, an input is still itself.
    const alone = await embed(session, [inputs[1]!]);
    expect(alone, kind).toBeAllclose(ours.slice(128), { rtol: 0, atol: 2e-5 });
  }
  // A text may share the call with a picture.
  const mixed = await embed(session, [KINDS["text"]![0]!, KINDS["image"]![1]!]);
  const apart = [
    ...(await expected(KINDS["text"]!)).slice(0, 128),
    ...(await expected(KINDS["image"]!)).slice(128),
  ];
  expect(mixed).toBeAllclose(apart, { rtol: 0, atol: 2e-5 });
  await session.release();
});

test("three channels, no learnt places, counted positions and a head of another width", async () => {
  const tiny = preset("tiny");
  const config = { ...tiny, text: { ...tiny.text, positions: "sequential" as const } };
  const head: HeadOptions = { dim: 32, hidden: 8, out: 12 };
  const weights = new Map([...disturbed(initParameters(config, 0), 2), ...initHead(head, 3)]);
  const picture = randomPixels(0, { height: 16, width: 8 });
  const grid = [1, 4, 2] as const;
  const inputs = [
    [5, 7, 7, 6, 20, 2],
    [5, 7, 7, 6, 2],
  ].map((ids) => ({
    ids: Int32Array.from(ids),
    pixels: picture,
    layout: { grid, still: true },
  }));
  const { model } = portableOnnx(weights, config, { ...WHOLE, head });
  const session = await ort.InferenceSession.create(model);
  const got = await embed(session, inputs, config);
  expect(got.length).toBe(24);
  expect(got).toBeAllclose(await expected(inputs, config, weights, head), { rtol: 0, atol: 2e-5 });
  await session.release();
});

test("weights over the limit lie in a file beside the model", async () => {
  const { model, data } = portableOnnx(state, nano, { ...WHOLE, externalBytes: 100_000 });
  const bytes = data!.reduce((sum, piece) => sum + piece.length, 0);
  expect(bytes).toBeGreaterThan(10_000_000);
  expect(model.length).toBeLessThan(100_000);
  const file = join(folder, "model.onnx");
  writeFileSync(file, model);
  await expect(ort.InferenceSession.create(file)).rejects.toThrow("model.onnx_data");
  writeFileSync(join(folder, "model.onnx_data"), Buffer.concat([...data!]));
  const session = await ort.InferenceSession.create(file);
  const got = await embed(session, KINDS["image"]!);
  expect(got).toBeAllclose(await expected(KINDS["image"]!), { rtol: 0, atol: 2e-5 });
  await session.release();
});

test("what cannot be exported or fed is named", () => {
  const less = new Map([...state].filter(([name]) => name !== "model.norm.weight"));
  expect(() => portableOnnx(less, nano, WHOLE)).toThrow(
    "export: the state lacks model.norm.weight",
  );
  expect(() => portableInputs([KINDS["image"]![0]!, KINDS["clip"]![0]!], nano)).toThrow(
    "portableInputs: all pictures of a call must have one layout, got 1x8x8 still and 4x6x6",
  );
});
