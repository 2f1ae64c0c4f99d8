import { expect, test } from "vitest";
import {
  createExecutor,
  explain,
  gradients,
  Graph,
  logSoftmax,
  matmul,
  mul,
  Random,
  sum,
  tensor,
  Trainer,
  trainProgram,
} from "../../src/engine/index.ts";
import type { State, Value } from "../../src/engine/index.ts";
import { assemble, bucketKey } from "../../src/model/batch.ts";
import { buildEncoder } from "../../src/model/encoder.ts";
import type { EncoderOptions } from "../../src/model/encoder.ts";
import { initParameters } from "../../src/model/init.ts";
import { initLora } from "../../src/model/lora.ts";
import { encoderParameters } from "../../src/model/parameters.ts";
import { patchLayout } from "../../src/model/pixels.ts";
import { preset } from "../../src/model/presets.ts";
import type { EncoderInput } from "../../src/model/processor.ts";
import { disturbed, evaluate, randomPixels } from "./helpers.ts";

const config = preset("tiny");
const { imagePad, endOfText } = config.tokens;

const texts: EncoderInput[] = [0, 1, 2, 3].map((i) => ({
  ids: Int32Array.from([10 + i, 20 + 2 * i, endOfText]),
}));
const pictures: EncoderInput[] = [0, 1, 2, 3].map((seed) => {
  const pixels = randomPixels(seed, { height: 8, width: 8 });
  const layout = patchLayout(pixels, config);
  return { ids: Int32Array.from([5, imagePad, 6, endOfText]), pixels, layout };
});

const query = assemble(texts, config, { prefix: "query." });
const target = assemble(pictures, config, { prefix: "target." });
const feeds = { ...query.feeds, ...target.feeds };

/** InfoNCE between the two sides, temperature 0.1. */
function contrast(graph: Graph, options: EncoderOptions = {}): Value {
  const of = ({ bucket }: typeof query, prefix: string): Value =>
    buildEncoder(graph, config, bucket, { ...options, prefix }).embedding;
  const [q, t] = [of(query, "query."), of(target, "target.")];
  const logProb = logSoftmax(mul(matmul(q, t, { transposeB: true }), 10), { axis: 1 });
  const eye = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? -1 / 4 : 0));
  return sum(mul(logProb, graph.constant(tensor(eye, [4, 4]))));
}

test("gradients of the whole encoder agree with central differences", async () => {
  const state = disturbed(initParameters(config, 0), 1);
  const checked: [name: string, index: number][] = [
    ["model.embed_tokens.weight", 10 * 32 + 3],
    ["model.embed_tokens.weight", endOfText * 32 + 1],
    ["model.layers.0.self_attn.k_proj.weight", 40],
    ["model.layers.1.self_attn.q_proj.bias", 2],
    ["model.layers.1.mlp.gate_proj.weight", 17],
    ["model.norm.weight", 5],
    ["visual.patch_embed.proj.weight", 101],
    ["visual.blocks.0.attn.qkv.weight", 200],
    ["visual.blocks.1.norm2.bias", 4],
    ["visual.merger.mlp.0.weight", 77],
  ];
  const names = [...new Set(checked.map(([name]) => name))];
  const analytic = await evaluate(state, feeds, (graph) => {
    const loss = contrast(graph);
    const wrt = names.map((name) => graph.parameters().find((p) => p.name === name)!);
    return Object.fromEntries(gradients(loss, wrt).map((value, i) => [`d ${names[i]!}`, value]));
  });
  const lossAt = async (name: string, index: number, step: number) => {
    const value = state.get(name)!;
    const data = Float64Array.from(value.data as Float32Array);
    data[index]! += step;
    const moved: State = new Map([...state, [name, { ...value, data }]]);
    return (await evaluate(moved, feeds, (graph) => ({ loss: contrast(graph) })))["loss"]![0]!;
  };
  const h = 1e-5;
  for (const [name, index] of checked) {
    const numeric = ((await lossAt(name, index, h)) - (await lossAt(name, index, -h))) / (2 * h);
    expect(analytic[`d ${name}`]![index]!, `d loss / d ${name}[${index}]`).toBeCloseTo(numeric, 6);
    expect(Math.abs(numeric)).toBeGreaterThan(1e-6);
  }
});

test.each([
  ["every weight", undefined],
  ["LoRA", { rank: 2, alpha: 4, targets: ["."] }],
])("activations computed again give the same gradients, to the bit: %s", async (_, adapter) => {
  const drawn =
    adapter === undefined
      ? new Map()
      : initLora(encoderParameters(config), adapter, Random.from(3, "lora"));
  const state = disturbed(new Map([...initParameters(config, 0), ...drawn]), 1);
  const results = await Promise.all(
    [false, true].map((recompute) =>
      evaluate(state, feeds, (graph) => {
        const loss = contrast(graph, { recompute, ...(adapter === undefined ? {} : { adapter }) });
        const wrt = graph.parameters();
        const named = gradients(loss, wrt).map((value, i) => [`d ${wrt[i]!.name}`, value] as const);
        return { loss, ...Object.fromEntries(named) };
      }),
    ),
  );
  expect(Object.keys(results[0]!).length).toBeGreaterThan(20);
  expect(results[1]).toEqual(results[0]);
});

test("and a deep encoder takes less memory at once", () => {
  const deep = { ...config, text: { ...config.text, layers: 12 } };
  const long = Array.from({ length: 16 }, () => ({ ids: new Int32Array(64).fill(endOfText) }));
  const { bucket } = assemble(long, config);
  const bytes = (recompute: boolean): number => {
    const graph = new Graph();
    const loss = sum(buildEncoder(graph, deep, bucket, { recompute }).embedding);
    const wrt = graph.parameters();
    for (const [i, value] of gradients(loss, wrt).entries()) graph.output(`d${i}`, value);
    graph.output("loss", loss);
    return explain(graph).activationBytes;
  };
  expect(bytes(true)).toBeLessThan(0.6 * bytes(false));
});

test("two sides share one set of parameters and learn to match", async () => {
  const trainer = await Trainer.create({
    executor: createExecutor("onnxruntime", { threads: 1 }),
    state: initParameters(config, 0),
    build: () => {
      const graph = new Graph();
      const loss = contrast(graph);
      const groups = [{ parameters: graph.parameters(), weightDecay: 0, learningRateScale: 1 }];
      return trainProgram({ graph, loss, groups, clipNorm: 1 });
    },
  });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const result = await trainer.step(bucketKey(query.bucket), feeds, { learningRate: 3e-3 });
    losses.push(Number(result["loss"]!.data[0]));
  }
  await trainer.close();
  expect(losses[0]!).toBeGreaterThan(0.8 * Math.log(4));
  expect(losses.at(-1)!).toBeLessThan(0.05);
});

test("the pooled vector is the last hidden state at the pooled token", async () => {
  const state = disturbed(initParameters(config, 0), 2);
  const { bucket, feeds: own } = assemble(
    [texts[0]!, { ids: Int32Array.from([11, endOfText]) }],
    config,
  );
  const results = await evaluate(state, own, (graph) => {
    const { pooled, hiddenStates } = buildEncoder(graph, config, bucket);
    return { pooled, last: hiddenStates.at(-1)! };
  });
  const at = (row: number, token: number) =>
    results["last"]!.slice(
      (row * bucket.tokens + token) * 32,
      (row * bucket.tokens + token + 1) * 32,
    );
  expect(results["pooled"]!.slice(0, 32)).toBeAllclose(at(0, 2), { atol: 1e-9 });
  expect(results["pooled"]!.slice(32)).toBeAllclose(at(1, 1), { atol: 1e-9 });
});

test("a grid that does not fit its bucket is named", () => {
  const build = (tokens: number, height: number) => () =>
    buildEncoder(new Graph(), config, {
      batch: 1,
      tokens,
      vision: { count: 1, grid: [1, height, 4], still: true },
    });
  expect(build(8, 3)).toThrow("bucket b1t8v1x1x3x4s needs a grid of multiples of 2");
  expect(build(2, 4)).toThrow("and room for its 4 vision tokens");
});
