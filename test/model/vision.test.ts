/** @file The vision tower on its own, and the learnt places it may have. */
import { expect, test } from "vitest";
import { gradients, mul, sum, tensor } from "../../src/engine/index.ts";
import type { Graph, State } from "../../src/engine/index.ts";
import { Assembler } from "../../src/model/batch.ts";
import { EncoderConfig } from "../../src/model/config.ts";
import { buildEncoder, buildVision } from "../../src/model/encoder.ts";
import { initParameters } from "../../src/model/init.ts";
import { patchLayout } from "../../src/model/pixels.ts";
import { preset } from "../../src/model/presets.ts";
import type { EncoderInput } from "../../src/model/processor.ts";
import { disturbed, evaluate, randomPixels } from "./helpers.ts";

const tiny = preset("tiny");
const placed = EncoderConfig.parse({
  ...tiny,
  vision: { ...tiny.vision, learnedPositions: { space: 2, time: 2 } },
});
const { videoPad, endOfText } = tiny.tokens;
const clips = [0, 1].map((seed) => randomPixels(seed, { frames: 4, height: 16, width: 8 }));
const layout = patchLayout(clips[0]!, placed);
const inputs: EncoderInput[] = clips.map((pixels, i) => ({
  ids: Int32Array.from([5, ...Array<number>(4).fill(videoPad), 6, 9 + i, endOfText]),
  pixels,
  layout,
}));
const assembler = new Assembler(placed);
const state = disturbed(initParameters(placed, 0), 1);

test("an encoder fed the tower's tokens embeds as one that sees the pixels", async () => {
  const seen = assembler.assemble(inputs);
  const whole = await evaluate(state, seen.feeds, (graph) => {
    const { embedding, visionTokens } = buildEncoder(graph, placed, seen.bucket);
    return { embedding, tokens: visionTokens! };
  });
  const alone = await evaluate(state, assembler.patches(clips, layout), (graph) => ({
    tokens: buildVision(graph, placed, seen.bucket.vision!),
  }));
  expect(alone["tokens"]!).toBeAllclose(whole["tokens"]!, { atol: 1e-9 });
  const perClip = alone["tokens"]!.length / 2;
  const fed = assembler.assemble(
    inputs.map(({ ids }, i) => ({
      ids,
      layout,
      visionTokens: Float32Array.from(alone["tokens"]!.slice(i * perClip, (i + 1) * perClip)),
    })),
  );
  expect(fed.bucket).toEqual(seen.bucket);
  const second = await evaluate(state, fed.feeds, (graph) => ({
    embedding: buildEncoder(graph, placed, fed.bucket, { vision: "input" }).embedding,
  }));
  expect(second["embedding"]!).toBeAllclose(whole["embedding"]!, { atol: 1e-5 });
});

test("learnt places get the gradients that central differences give", async () => {
  const feeds = assembler.patches(clips, layout);
  const vision = { count: 2, ...layout };
  const build = (graph: Graph) => {
    const tokens = buildVision(graph, placed, vision);
    const size = tokens.shape.reduce((a, b) => a * b, 1);
    const weights = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    return sum(mul(tokens, graph.constant(tensor(weights, tokens.shape))));
  };
  const lossOf = async (moved: State): Promise<number> =>
    (await evaluate(moved, feeds, (graph) => ({ loss: build(graph) })))["loss"]![0]!;
  for (const axis of ["rows", "columns", "slices"]) {
    const name = `visual.pos_embed.${axis}`;
    const analytic = await evaluate(state, feeds, (graph) => {
      const loss = build(graph);
      const parameter = graph.parameters().find((p) => p.name === name)!;
      return { gradient: gradients(loss, [parameter])[0]! };
    });
    for (const index of [3, tiny.vision.width + 5]) {
      const at = (step: number): Promise<number> => {
        const value = state.get(name)!;
        const data = Float64Array.from(value.data as Float32Array);
        data[index]! += step;
        return lossOf(new Map([...state, [name, { ...value, data }]]));
      };
      const numeric = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
      expect(analytic["gradient"]![index]!, `${name}[${index}]`).toBeCloseTo(numeric, 5);
      expect(Math.abs(numeric)).toBeGreaterThan(1e-4);
    }
  }
});
