import { describe, expect, test } from "vitest";
import { Graph, Random, tensor } from "../../src/engine/index.ts";
import type { State } from "../../src/engine/index.ts";
import { assemble } from "../../src/model/batch.ts";
import { buildEncoder } from "../../src/model/encoder.ts";
import { initParameters } from "../../src/model/init.ts";
import {
  initLora,
  LoraConfig,
  loraDelta,
  loraParameters,
  loraTargets,
  mergeLora,
} from "../../src/model/lora.ts";
import { encoderParameters, linearModules } from "../../src/model/parameters.ts";
import { preset } from "../../src/model/presets.ts";
import { disturbed, evaluate } from "./helpers.ts";

const config = preset("tiny");
const shapes = encoderParameters(config);
const { bucket, feeds } = assemble([{ ids: Int32Array.from([9, 20, 30, 2]) }], config);
const lora = LoraConfig.parse({ rank: 3, alpha: 6, targets: ["self_attn", "mlp\\.down_proj"] });
const base = disturbed(initParameters(config, 0), 1);

async function embedding(state: State, adapter?: LoraConfig): Promise<number[]> {
  const options = adapter === undefined ? {} : { adapter };
  const results = await evaluate(state, feeds, (graph) => ({
    embedding: buildEncoder(graph, config, bucket, options).embedding,
  }));
  return results["embedding"]!;
}

test("the default target is every linear layer of both towers", () => {
  expect(loraTargets(shapes, LoraConfig.parse({}))).toEqual(linearModules(shapes));
});

test("a fresh adapter changes nothing, a trained one does, and folding it in keeps what it does", async () => {
  const fresh: State = new Map([...base, ...initLora(shapes, lora, Random.from(0, "lora"))]);
  const plain = await embedding(base);
  expect(await embedding(fresh, lora)).toBeAllclose(plain, { atol: 1e-12 });
  const adapterNames = new Set(loraParameters(shapes, lora).keys());
  const noisy = disturbed(fresh, 5, 0.3);
  const trained: State = new Map(
    [...fresh].map(([name, value]) => [name, adapterNames.has(name) ? noisy.get(name)! : value]),
  );
  const adapted = await embedding(trained, lora);
  expect(Math.max(...adapted.map((x, i) => Math.abs(x - plain[i]!)))).toBeGreaterThan(1e-2);
  const merged = mergeLora(trained, lora);
  expect([...merged.keys()].sort()).toEqual([...base.keys()].sort());
  expect(await embedding(merged)).toBeAllclose(adapted, { atol: 1e-6 });
});

test("only targeted layers get parameters", () => {
  const graph = new Graph();
  buildEncoder(graph, config, bucket, { adapter: lora });
  const added = graph.parameters().filter(({ name }) => name.includes("lora_"));
  expect(new Set(added.map(({ name }) => name))).toEqual(
    new Set(loraParameters(shapes, lora).keys()),
  );
  expect(added).toHaveLength(2 * 2 * 5);
});

test("the change is (alpha / rank) B A", () => {
  const state: State = new Map([
    ["x.lora_A.weight", tensor([1, 2, 3, 4, 5, 6], [2, 3])],
    ["x.lora_B.weight", tensor([1, 0, 0, 1, 1, 1], [3, 2])],
  ]);
  const { data, shape } = loraDelta(state, { alpha: 4 }).get("x")!;
  expect(shape).toEqual([3, 3]);
  expect([...(data as Float32Array)]).toEqual([2, 4, 6, 8, 10, 12, 10, 14, 18]);
});

describe("refusals", () => {
  test("a target that matches nothing lists the layers there are", () => {
    expect(() => loraTargets(shapes, { targets: ["q_proj", "query_proj"] })).toThrow(
      'lora: target "query_proj" matches no linear layer; there are visual.blocks.N.attn.qkv (2), visual.blocks.N.attn.proj (2)',
    );
  });

  test("half an adapter", () => {
    const state: State = new Map([["x.lora_A.weight", tensor([1, 2], [1, 2])]]);
    expect(() => loraDelta(state, { alpha: 1 })).toThrow(
      "loraDelta: x needs A [rank,in] and B [out,rank], got [1,2] and missing",
    );
  });

  test("an adapter without its layer", () => {
    const state: State = new Map([
      ["x.lora_A.weight", tensor([1, 2], [1, 2])],
      ["x.lora_B.weight", tensor([1, 2], [2, 1])],
    ]);
    expect(() => mergeLora(state, { alpha: 1 })).toThrow("mergeLora: the state has no x.weight");
  });
});
