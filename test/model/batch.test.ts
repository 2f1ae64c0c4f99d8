import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assemble,
  bucketKey,
  groupByBucket,
  parseBucketKey,
  roundTokens,
} from "../../src/model/batch.ts";
import { EncoderConfig } from "../../src/model/config.ts";
import { buildEncoder } from "../../src/model/encoder.ts";
import { initParameters } from "../../src/model/init.ts";
import { patchLayout } from "../../src/model/pixels.ts";
import { preset } from "../../src/model/presets.ts";
import type { EncoderInput } from "../../src/model/processor.ts";
import { disturbed, evaluate, randomPixels } from "./helpers.ts";

const config = preset("tiny");
const { imagePad, videoPad, endOfText } = config.tokens;

function text(...words: number[]): EncoderInput {
  return { ids: Int32Array.from([...words, endOfText]) };
}

function seen(seed: number, frames = 1): EncoderInput {
  const pixels = randomPixels(seed, { frames });
  const layout = patchLayout(pixels, config);
  const pads = Array<number>(layout.grid[0] * 4).fill(frames > 1 ? videoPad : imagePad);
  return { ids: Int32Array.from([5, ...pads, 6, 20, endOfText]), pixels, layout };
}

test("token lengths go up by two sizes a power of two", () => {
  expect([1, 8, 9, 12, 13, 16, 17, 24, 25, 32, 49, 64, 65].map(roundTokens)).toEqual([
    8, 8, 12, 12, 16, 16, 24, 24, 32, 32, 64, 64, 96,
  ]);
});

test("a key names its bucket and nothing else", () => {
  const size = fc.integer({ min: 1, max: 500 });
  const vision = fc.record({ count: size, grid: fc.tuple(size, size, size), still: fc.boolean() });
  const bucket = fc.record(
    { batch: size, tokens: size, vision },
    { requiredKeys: ["batch", "tokens"] },
  );
  fc.assert(
    fc.property(bucket, (b) => {
      expect(parseBucketKey(bucketKey(b))).toEqual(b);
    }),
  );
  expect(() => parseBucketKey("b3")).toThrow('parseBucketKey: "b3" is no bucket key');
});

test("inputs are grouped by their patches, and by length when asked", () => {
  const inputs = [
    text(9),
    seen(0),
    text(...Array<number>(9).fill(9)),
    seen(1),
    seen(2, 4),
    text(9, 9),
  ];
  expect(groupByBucket(inputs, "layout")).toEqual([[0, 2, 5], [1, 3], [4]]);
  expect(groupByBucket(inputs)).toEqual([[0, 5], [1, 3], [2], [4]]);
});

describe("refusals", () => {
  test.each([
    [() => assemble([], config), "assemble: no inputs"],
    [() => assemble([text(9), text(9)], config, { batch: 1 }), "2 inputs do not fit a batch of 1"],
    [
      () => assemble([text(9, 9, 9)], config, { tokens: 3 }),
      "longest input has 4 tokens, the bucket 3",
    ],
    [() => assemble([seen(0), text(9)], config), 'input 1 has patches "", input 0 "1x4x4s"'],
  ])("%#", (call, message) => {
    expect(call).toThrow(message);
  });
});

const state = disturbed(initParameters(config, 0), 1);

async function embeddings(inputs: EncoderInput[], options = {}): Promise<number[][]> {
  const { bucket, feeds } = assemble(inputs, config, options);
  const { embedding } = await evaluate(state, feeds, (graph) => ({
    embedding: buildEncoder(graph, config, bucket).embedding,
  }));
  return inputs.map((_, i) => embedding!.slice(i * 32, (i + 1) * 32));
}

describe("an embedding doesn't depend on", () => {
  test.each([
    ["text", [text(9, 10, 11), text(12), text(13, 14, 15, 16, 17, 18, 19, 20, 21)]],
    ["pictures", [seen(0), seen(1), seen(2)]],
    ["clips", [seen(0, 4), seen(1, 3)]],
  ])("padding or its neighbours in the batch: %s", async (_, inputs) => {
    const alone = (await Promise.all(inputs.map((input) => embeddings([input])))).flat();
    const together = await embeddings(inputs);
    const padded = await embeddings(inputs, { tokens: 48, batch: 5 });
    for (const [i, row] of alone.entries()) {
      expect(together[i]!).toBeAllclose(row, { atol: 1e-9 });
      expect(padded[i]!).toBeAllclose(row, { atol: 1e-9 });
      expect(Math.hypot(...row)).toBeCloseTo(1, 9);
    }
    const difference = alone[0]!.map((x, i) => Math.abs(x - alone[1]![i]!));
    expect(Math.max(...difference), "control: different inputs differ").toBeGreaterThan(1e-2);
  });
});

test("a still picture equals a clip of the same frame twice", async () => {
  const still = seen(3);
  const twice = {
    ...still.pixels!,
    frames: 2,
    data: new Uint8Array([...still.pixels!.data, ...still.pixels!.data]),
  };
  const clip = { ...still, pixels: twice, layout: patchLayout(twice, config) };
  const [a, b] = [await embeddings([still]), await embeddings([clip])];
  expect(a[0]!).toBeAllclose(b[0]!, { atol: 1e-9 });
});

test("sequential positions make a picture's tokens count like words", () => {
  const sequential = EncoderConfig.parse({
    ...config,
    text: { ...config.text, positions: "sequential" },
  });
  const image = seen(0);
  const words = { ids: Int32Array.from(image.ids, (id) => (id === imagePad ? 20 : id)) };
  const tables = (input: EncoderInput, own: EncoderConfig) =>
    assemble([input], own).feeds["sin"]!.data;
  expect(tables(image, sequential)).toEqual(tables(words, config));
  expect(tables(image, config)).not.toEqual(tables(words, config));
});

test("prefixes name the inputs of each side", () => {
  const { feeds } = assemble([seen(0)], config, { prefix: "query." });
  expect(Object.keys(feeds).sort()).toEqual(
    ["cos", "ids", "isVision", "patches", "pool", "sin", "visionIndex"].map(
      (name) => `query.${name}`,
    ),
  );
});
