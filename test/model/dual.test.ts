import { expect, test } from "vitest";
import { Graph } from "../../src/engine/index.ts";
import { assemble } from "../../src/model/batch.ts";
import { buildDualEncoder, dualEncoderParameters, initDualEncoder } from "../../src/model/dual.ts";
import { buildEncoder } from "../../src/model/encoder.ts";
import { patchLayout } from "../../src/model/pixels.ts";
import { preset } from "../../src/model/presets.ts";
import type { EncoderInput } from "../../src/model/processor.ts";
import { disturbed, evaluate, randomPixels } from "./helpers.ts";

const config = preset("tiny");
const state = disturbed(initDualEncoder(config, 0), 1);

function picture(seed: number, word: number): EncoderInput {
  const pixels = randomPixels(seed, { height: 8, width: 8 });
  return { ids: Int32Array.from([5, 7, 6, word, 2]), pixels, layout: patchLayout(pixels, config) };
}

async function embed(inputs: EncoderInput[]): Promise<number[][]> {
  const { bucket, feeds } = assemble(inputs, config);
  const { e } = await evaluate(state, feeds, (graph) => ({
    e: buildDualEncoder(graph, config, bucket).embedding,
  }));
  return inputs.map((_, i) => e!.slice(i * 32, (i + 1) * 32));
}

const distance = (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - b[i]!));

test("both towers reach the embedding", async () => {
  const [same, otherPicture, otherWord] = await embed([
    picture(0, 20),
    picture(1, 20),
    picture(0, 21),
  ]);
  expect(distance(same!, otherPicture!)).toBeGreaterThan(1e-2);
  expect(distance(same!, otherWord!)).toBeGreaterThan(1e-2);
  expect(Math.hypot(...same!)).toBeCloseTo(1, 9);
});

test("a text alone is what the unified encoder makes of it", async () => {
  const input = { ids: Int32Array.from([9, 20, 2]) };
  const { bucket, feeds } = assemble([input], config);
  const { e } = await evaluate(state, feeds, (graph) => ({
    e: buildEncoder(graph, config, bucket).embedding,
  }));
  expect((await embed([input]))[0]!).toBeAllclose(e!, { atol: 1e-12 });
});

test("every parameter is used by a picture with text", () => {
  const graph = new Graph();
  buildDualEncoder(graph, config, assemble([picture(0, 20)], config).bucket);
  expect(new Set(graph.parameters().map(({ name }) => name))).toEqual(
    new Set(dualEncoderParameters(config).keys()),
  );
});

test("more pictures than rows are refused", () => {
  const vision = { count: 4, grid: [1, 2, 2] as const, still: true };
  expect(() => buildDualEncoder(new Graph(), config, { batch: 2, tokens: 8, vision })).toThrow(
    "buildDualEncoder: needs one picture a row, got 4 for a batch of 2",
  );
});
