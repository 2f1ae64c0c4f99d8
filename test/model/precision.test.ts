import { expect, test } from "vitest";
import { Evaluator, Graph, createExecutor } from "../../src/engine/index.ts";
import type { State } from "../../src/engine/index.ts";
import {
  Processor,
  assemble,
  buildEncoder,
  frozenLinears,
  initParameters,
  preset,
} from "../../src/model/index.ts";
import type { Precision } from "../../src/model/index.ts";
import { disturbed, randomPixels } from "./helpers.ts";

const config = preset("nano");
const processor = Processor.nano(config);
const state = disturbed(initParameters(config, 0), 1, 0.02);
const pictures = [0, 1, 2].map((seed) =>
  processor.process({ pixels: randomPixels(seed, { height: 32, width: 32 }) }),
);

async function embed(
  precision: Precision,
  inputs = pictures,
  weights: State = state,
): Promise<number[]> {
  const { bucket, feeds } = assemble(inputs, config);
  const frozen = frozenLinears(weights, config, precision);
  const evaluator = await Evaluator.create({
    executor: createExecutor("cpu", { threads: 1 }),
    state: frozen?.held(weights) ?? weights,
    build() {
      const graph = new Graph();
      graph.output("embedding", buildEncoder(graph, config, bucket, { frozen }).embedding);
      return graph;
    },
  });
  try {
    return Array.from((await evaluator.run("one", feeds))["embedding"]!.data, Number);
  } finally {
    await evaluator.close();
  }
}

function leastCosine(a: readonly number[], b: readonly number[]): number {
  const rows = a.length / 128;
  const cosines = Array.from({ length: rows }, (_, row) =>
    a.slice(row * 128, (row + 1) * 128).reduce((sum, x, i) => sum + x * b[row * 128 + i]!, 0),
  );
  return Math.min(...cosines);
}

test("fewer bits give nearly the same embeddings, fewer still a little less so", async () => {
  const exact = await embed("fp32");
  const half = leastCosine(exact, await embed("fp16"));
  const eighth = leastCosine(exact, await embed("int8"));
  expect(half).toBeGreaterThan(0.99999);
  expect(eighth).toBeGreaterThan(0.99);
  expect(eighth).toBeLessThan(half);
});

test("in 8 bits an input's embedding does not depend on its batch", async () => {
  const together = await embed("int8");
  const alone = await embed("int8", [pictures[2]!]);
  expect(alone).toBeAllclose(together.slice(256), { rtol: 0, atol: 1e-6 });
});

test("a device holds halves, or no weights of linear layers at all", () => {
  const name = "model.layers.0.mlp.up_proj.weight";
  const halves = frozenLinears(state, config, "fp16")!.held(state);
  expect(halves.get(name)).toMatchObject({ dtype: "float16", shape: [384, 128] });
  expect(halves.get("model.norm.weight")!.dtype).toBe("float32");
  expect(halves.size).toBe(state.size);
  const rest = frozenLinears(state, config, "int8")!.held(state);
  expect(rest.has(name)).toBe(false);
  expect(rest.has("model.embed_tokens.weight")).toBe(true);
  expect(frozenLinears(state, config, "fp32")).toBeUndefined();
});
