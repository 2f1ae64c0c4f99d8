/** @file What several tests of the model share. */
import { createExecutor, Evaluator, Graph, Random } from "../../src/engine/index.ts";
import type { ExecutorName, State, Value } from "../../src/engine/index.ts";
import type { Pixels } from "../../src/data/types.ts";
import type { Feeds } from "../../src/model/batch.ts";

export function randomPixels(
  seed: number,
  { frames = 1, height = 16, width = 16 }: Partial<Omit<Pixels, "data">> = {},
): Pixels {
  const random = Random.from(seed, "pixels");
  const data = Uint8Array.from({ length: frames * height * width * 3 }, () => random.int(256));
  return { frames, height, width, data };
}

/** The outputs of one graph, as plain numbers. */
export async function evaluate(
  state: State,
  feeds: Feeds,
  build: (graph: Graph) => Record<string, Value>,
  executor: ExecutorName = "reference",
): Promise<Record<string, number[]>> {
  const graph = new Graph();
  for (const [name, value] of Object.entries(build(graph))) graph.output(name, value);
  const evaluator = await Evaluator.create({
    executor: createExecutor(executor, { threads: 1 }),
    state,
    build: () => graph,
  });
  try {
    const results = await evaluator.run("only", feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
    );
  } finally {
    await evaluator.close();
  }
}

/** Adds noise to every parameter, so that nothing is hidden by a 0 or a 1. */
export function disturbed(state: State, seed: number, size = 0.1): State {
  const random = Random.from(seed, "disturb");
  return new Map(
    [...state].map(([name, value]) => [
      name,
      {
        ...value,
        data: Float32Array.from(value.data as Float32Array, (x) => x + size * random.normal()),
      },
    ]),
  );
}
