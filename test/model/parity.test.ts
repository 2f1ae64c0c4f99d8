/** @file Agreement with Hugging Face transformers' Qwen2-VL; origin of the numbers: test/support/golden/qwen2-vl. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createExecutor, Evaluator, Graph, tensor } from "../../src/engine/index.ts";
import type { State } from "../../src/engine/index.ts";
import { assemble, bucketKey, parseBucketKey } from "../../src/model/batch.ts";
import { loadEncoder } from "../../src/model/checkpoint.ts";
import { buildEncoder } from "../../src/model/encoder.ts";
import { patchLayout, PatchWriter } from "../../src/model/pixels.ts";
import { positionIds } from "../../src/model/positions.ts";
import { preset } from "../../src/model/presets.ts";
import type { EncoderInput } from "../../src/model/processor.ts";
import { openSafetensors, readSafetensors } from "../../src/model/safetensors/read.ts";

const FOLDER = join(import.meta.dirname, "..", "support", "golden", "qwen2-vl");
const config = preset("tiny");
const TOLERANCE = { rtol: 1e-4, atol: 1e-4 };

let golden: State;
let weights: State;

beforeAll(() => {
  golden = readSafetensors(join(FOLDER, "golden.safetensors"));
  weights = loadEncoder(openSafetensors(join(FOLDER, "weights.safetensors")), config);
});

function numbers(name: string): number[] {
  return Array.from(golden.get(name)!.data, Number);
}

/** The inputs of a case, one a row, without padding. */
function inputsOf(name: string): EncoderInput[] {
  const [batch, tokens] = golden.get(`${name}.ids`)!.shape as [number, number];
  const ids = numbers(`${name}.ids`);
  const mask = numbers(`${name}.mask`);
  const frames = golden.get(`${name}.frames`);
  return Array.from({ length: batch }, (_, row) => {
    const length = mask.slice(row * tokens, (row + 1) * tokens).reduce((sum, on) => sum + on, 0);
    const own = Int32Array.from(ids.slice(row * tokens, row * tokens + length));
    if (frames === undefined) return { ids: own };
    const [count, height, width] = frames.shape as [number, number, number];
    const pixels = {
      frames: count,
      height,
      width,
      data: Uint8Array.from(numbers(`${name}.frames`)),
    };
    return { ids: own, pixels, layout: patchLayout(pixels, config) };
  });
}

const CASES = ["text", "padded", "image", "video"];

describe.each(CASES)("%s", (name) => {
  test("patches are those of Hugging Face's processor", () => {
    for (const { pixels, layout } of inputsOf(name)) {
      if (pixels === undefined) return;
      const full = { ...layout!, still: false };
      const out = new Float32Array(numbers(`${name}.patches`).length);
      new PatchWriter(config).write(pixels, full, out);
      expect(out).toBeAllclose(numbers(`${name}.patches`), { atol: 1e-6 });
    }
  });

  test("positions are those of get_rope_index", () => {
    const positions = golden.get(`${name}.positions`);
    if (positions === undefined) return;
    for (const { ids, layout } of inputsOf(name)) {
      const ours = positionIds(ids, [layout!.grid], config);
      expect(ours.flatMap((axis) => [...axis])).toEqual(numbers(`${name}.positions`));
    }
  });

  test.each(["onnxruntime", "reference"] as const)(
    "hidden states and embedding agree on %s",
    async (executor) => {
      const { bucket, feeds } = assemble(inputsOf(name), config);
      const build = (key: string): Graph => {
        const graph = new Graph();
        const encoder = buildEncoder(graph, config, parseBucketKey(key));
        graph.output("embedding", encoder.embedding);
        for (const [layer, state] of encoder.hiddenStates.entries())
          graph.output(`hidden.${layer}`, state);
        if (encoder.visionTokens !== undefined) graph.output("vision", encoder.visionTokens);
        return graph;
      };
      const evaluator = await Evaluator.create({
        executor: createExecutor(executor, { threads: 1 }),
        state: weights,
        build,
      });
      const results = await evaluator.run(bucketKey(bucket), feeds);
      await evaluator.close();
      for (const [output, value] of Object.entries(results)) {
        const expected = golden.get(`${name}.${output}`)!;
        const rows = output.startsWith("hidden")
          ? { batch: bucket.batch, tokens: bucket.tokens, real: numbers(`${name}.mask`) }
          : undefined;
        expect(unpadded(value.data, rows), output).toBeAllclose(
          unpadded(expected.data, rows && { ...rows, tokens: expected.shape[1]! }),
          TOLERANCE,
        );
      }
      expect(Object.keys(results).length).toBeGreaterThanOrEqual(4);
    },
  );
});

type Rows = { readonly batch: number; readonly tokens: number; readonly real: readonly number[] };

/** The numbers of real tokens; what stands at padding is nobody's business. */
function unpadded(data: ArrayLike<number | bigint>, rows: Rows | undefined): number[] {
  const all = Array.from(data, Number);
  if (rows === undefined) return all;
  const { batch, tokens, real } = rows;
  const perRow = real.length / batch;
  const width = all.length / (batch * tokens);
  return Array.from({ length: batch }, (_, row) => {
    const count = real.slice(row * perRow, (row + 1) * perRow).reduce((sum, on) => sum + on, 0);
    return all.slice(row * tokens * width, (row * tokens + count) * width);
  }).flat();
}

test("control: with all cosines 1 the embedding differs", async () => {
  const [input] = inputsOf("image");
  const { bucket, feeds } = assemble([input!], config);
  const graph = new Graph();
  graph.output("embedding", buildEncoder(graph, config, bucket).embedding);
  const evaluator = await Evaluator.create({
    executor: createExecutor("reference"),
    state: weights,
    build: () => graph,
  });
  const cos = feeds["cos"]!;
  const flat = { ...feeds, cos: tensor(new Float32Array(cos.data.length).fill(1), cos.shape) };
  const results = await evaluator.run(bucketKey(bucket), flat);
  await evaluator.close();
  const expected = numbers("image.embedding");
  const worst = Math.max(
    ...expected.map((x, i) => Math.abs(x - Number(results["embedding"]!.data[i]))),
  );
  expect(worst).toBeGreaterThan(1e-3);
});
