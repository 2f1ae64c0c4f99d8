import { expect, test } from "vitest";
import {
  Evaluator,
  Graph,
  createExecutor,
  gather,
  gradients,
  mul,
  sum,
  tensor,
} from "../../src/engine/index.ts";

test("no gradient is lost when thousands of indices name the same rows", async () => {
  const [rows, width, count] = [64, 128, 4096];
  const evaluator = await Evaluator.create({
    executor: createExecutor("onnxruntime", { threads: 2 }),
    state: new Map(),
    build: () => {
      const graph = new Graph();
      const table = graph.input("table", [rows, width]);
      const picked = gather(table, graph.input("indices", [count], "int64"));
      const loss = sum(mul(picked, graph.input("weights", [count, width])));
      graph.output("gradient", gradients(loss, [table])[0]!);
      return graph;
    },
  });
  const feeds = {
    table: tensor(new Float32Array(rows * width), [rows, width]),
    indices: tensor(
      BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 2)),
      [count],
    ),
    weights: tensor(new Float32Array(count * width).fill(1), [count, width]),
  };
  for (let run = 0; run < 5; run++) {
    const { gradient } = await evaluator.run("only", feeds);
    const expected = Float32Array.from({ length: rows * width }, (_, i) =>
      i < 2 * width ? count / 2 : 0,
    );
    expect(gradient!.data).toEqual(expected);
  }
  await evaluator.close();
});
