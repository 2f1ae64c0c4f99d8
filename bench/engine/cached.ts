/**
 * @file GradCache on workload B's towers: node cached.ts [batch 16384] [chunk 1024] [steps 2] [blockMiB 32]
 *
 * With chunk 0 the whole batch is one graph, to compare with: the direct step. Prints one JSON line:
 * seconds and processor seconds of each step, peak memory of the process, losses.
 */
import type { Value } from "../../src/engine/index.ts";
import {
  Graph,
  Random,
  Trainer,
  createExecutor,
  gelu,
  l2Normalize,
  linear,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";
import { GradCache, chunked, infoNce, initialTheta, temperature } from "../../src/loss/index.ts";

const [batch = 16384, chunk = 1024, steps = 2, blockMiB = 32] = process.argv.slice(2).map(Number);
const random = Random.from(0, "bench");
const normal = (shape: readonly number[], deviation: number) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      random.normal(0, deviation),
    ),
    shape,
  );
const SHAPES = {
  "0.weight": [1024, 768],
  "0.bias": [1024],
  "2.weight": [512, 1024],
  "2.bias": [512],
};

const state = initialTheta({ group: "b", init: 0.07 });
for (const side of ["query", "target"]) {
  for (const [name, shape] of Object.entries(SHAPES)) {
    state.set(`${side}.${name}`, normal(shape, shape.length === 2 ? shape[1]! ** -0.5 : 0));
  }
}

const encode =
  (side: string) =>
  (graph: Graph, rows: number, input = "x"): Value => {
    const p = (name: keyof typeof SHAPES): Value =>
      graph.parameter(`${side}.${name}`, SHAPES[name]);
    const hidden = linear(graph.input(input, [rows, 768]), p("0.weight"), p("0.bias"));
    return l2Normalize(linear(gelu(hidden, { approximate: "tanh" }), p("2.weight"), p("2.bias")));
  };

const direct = chunk === 0;
const cache = new GradCache({
  batch,
  chunk: direct ? batch : chunk,
  dim: 512,
  symmetric: true,
  blockBytes: blockMiB * 2 ** 20,
  temperature: (graph) => temperature(graph, { group: "b" }),
  encode: { query: encode("query"), target: encode("target") },
  groups: (parameters) => [{ parameters, weightDecay: 0.01 }],
});
const x = normal([batch, 768], 1);
const y = tensor(
  (x.data as Float32Array).map((v) => v + random.normal(0, 0.1)),
  [batch, 768],
);
const feeds = { query: chunked({ x }), target: chunked({ x: y }) };
const trainer = await Trainer.create({
  executor: createExecutor("onnxruntime"),
  state,
  build: (bucket) => (direct ? wholeBatch() : cache.build(bucket)),
});
const options = { learningRate: 1e-3 };
const seconds: number[] = [];
const cpuSeconds: number[] = [];
const losses: number[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  const busy = process.cpuUsage();
  if (direct) {
    const { loss } = await trainer.step("direct", { query: x, target: y }, options);
    losses.push(Number(loss!.data[0]));
  } else losses.push((await cache.step(trainer, feeds, options)).loss);
  const { user, system } = process.cpuUsage(busy);
  seconds.push(Math.round(performance.now() - start) / 1000);
  cpuSeconds.push(Math.round((user + system) / 1000) / 1000);
}
await trainer.close();
const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
const { blockRows } = cache;
console.log(JSON.stringify({ batch, chunk, blockRows, seconds, cpuSeconds, rssMb, losses }));

function wholeBatch() {
  const graph = new Graph();
  const { loss } = infoNce({
    query: encode("query")(graph, batch, "query"),
    target: encode("target")(graph, batch, "target"),
    symmetric: true,
    temperature: temperature(graph, { group: "b" }),
  });
  return trainProgram({
    graph,
    loss,
    groups: [{ parameters: graph.parameters(), weightDecay: 0.01 }],
  });
}
