/**
 * @file Workloads B and C of bench/engine.bench.ts in our engine:
 *
 *     node workloads.ts b|c|d threads rounds [device]     wall and processor milliseconds of each round, losses
 *     node workloads.ts d+recompute ...                   D with its activations computed again in the backward
 *     node workloads.ts b|c|d export FILE        initial weights and feeds for torch_workloads.py
 */
import {
  Evaluator,
  Graph,
  Random,
  Trainer,
  add,
  attention,
  createExecutor,
  exp,
  gather,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  reshape,
  split,
  sum,
  tensor,
  trainProgram,
  transpose,
} from "../../src/engine/index.ts";
import { stepCompilation } from "../../src/engine/program.ts";
import type { ExecutorName, Program, State, Tensor, Value } from "../../src/engine/index.ts";

/** A round takes one step on each of the batches. */
export type Workload = {
  readonly state: State;
  readonly batches: readonly {
    readonly bucket: string;
    readonly feeds: Readonly<Record<string, Tensor>>;
  }[];
  readonly build: (bucket: string) => Program;
};

const random = Random.from(0, "bench");
const normal = (shape: readonly number[], deviation = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      random.normal(0, deviation),
    ),
    shape,
  );
const constant = (shape: readonly number[], x: number): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(x), shape);

/** Symmetric InfoNCE between unit rows. */
function infoNce(a: Value, b: Value, scale: Value): Value {
  const batch = a.shape[0]!;
  const logits = mul(matmul(l2Normalize(a), l2Normalize(b), { transposeB: true }), exp(scale));
  const diagonal = Float32Array.from({ length: batch * batch }, (_, i) =>
    i % (batch + 1) === 0 ? 1 : 0,
  );
  const own = a.graph.constant(tensor(diagonal, [batch, batch]));
  const both = add(logSoftmax(logits, { axis: 1 }), logSoftmax(logits, { axis: 0 }));
  return neg(mul(sum(mul(both, own)), 0.5 / batch));
}

function program(graph: Graph, loss: Value): Program {
  return trainProgram({
    graph,
    loss,
    groups: [{ parameters: graph.parameters(), weightDecay: 0.01 }],
  });
}

/** B: two towers 768 -> 1024 -> 512 with tanh-GELU, batch 1024. */
export function towers(): Workload {
  const state: State = new Map([["scale", tensor([2.659], [])]]);
  for (const name of ["a", "b"]) {
    state.set(`${name}.0.weight`, normal([1024, 768], 768 ** -0.5));
    state.set(`${name}.0.bias`, constant([1024], 0));
    state.set(`${name}.2.weight`, normal([512, 1024], 1024 ** -0.5));
    state.set(`${name}.2.bias`, constant([512], 0));
  }
  const x = normal([1024, 768]);
  const y = tensor(
    (x.data as Float32Array).map((v) => v + random.normal(0, 0.1)),
    [1024, 768],
  );
  const build = (): Program => {
    const graph = new Graph();
    const tower = (name: string): Value => {
      const p = (part: string, shape: number[]): Value => graph.parameter(`${name}.${part}`, shape);
      const fed = graph.input(name, [1024, 768]);
      const hidden = linear(fed, p("0.weight", [1024, 768]), p("0.bias", [1024]));
      return linear(
        gelu(hidden, { approximate: "tanh" }),
        p("2.weight", [512, 1024]),
        p("2.bias", [512]),
      );
    };
    return program(graph, infoNce(tower("a"), tower("b"), graph.parameter("scale", [])));
  };
  return { state, batches: [{ bucket: "b", feeds: { a: x, b: y } }], build };
}

const [BATCH, TOKENS, WIDTH, HEADS] = [32, 64, 256, 4];
/** Shapes of a block's parameters. */
const BLOCK: Readonly<Record<string, readonly number[]>> = {
  "norm1.weight": [WIDTH],
  "norm1.bias": [WIDTH],
  "qkv.weight": [3 * WIDTH, WIDTH],
  "qkv.bias": [3 * WIDTH],
  "out.weight": [WIDTH, WIDTH],
  "out.bias": [WIDTH],
  "norm2.weight": [WIDTH],
  "norm2.bias": [WIDTH],
  "fc1.weight": [4 * WIDTH, WIDTH],
  "fc1.bias": [4 * WIDTH],
  "fc2.weight": [WIDTH, 4 * WIDTH],
  "fc2.bias": [WIDTH],
};

/** C: 4 pre-norm layers, d 256, 4 heads, MLP 1024, 64 tokens, batch 32, embedding 8192 x 256 trained. */
export function transformer(): Workload {
  const state: State = new Map([
    ["scale", tensor([2.659], [])],
    ["embed", normal([8192, WIDTH])],
    ["place", normal([TOKENS, WIDTH], 0.02)],
    ["norm.weight", constant([WIDTH], 1)],
    ["norm.bias", constant([WIDTH], 0)],
  ]);
  for (let layer = 0; layer < 4; layer++) {
    for (const [name, shape] of Object.entries(BLOCK)) {
      const flat = constant(shape, name.startsWith("norm") && name.endsWith("weight") ? 1 : 0);
      state.set(`${layer}.${name}`, shape.length === 2 ? normal(shape, shape[1]! ** -0.5) : flat);
    }
  }
  const build = (): Program => {
    const graph = new Graph();
    const words = gather(
      graph.parameter("embed", [8192, WIDTH]),
      graph.input("ids", [BATCH, TOKENS], "int64"),
    );
    let x = add(words, graph.parameter("place", [TOKENS, WIDTH]));
    for (let layer = 0; layer < 4; layer++) x = block(graph, layer, x);
    const normed = layerNorm(
      x,
      graph.parameter("norm.weight", [WIDTH]),
      graph.parameter("norm.bias", [WIDTH]),
    );
    const pooled = mean(normed, { axes: [1] });
    return program(
      graph,
      infoNce(pooled, graph.input("targets", [BATCH, WIDTH]), graph.parameter("scale", [])),
    );
  };
  const ids = BigInt64Array.from({ length: BATCH * TOKENS }, () => BigInt(random.int(8192)));
  return {
    state,
    batches: [
      {
        bucket: "c",
        feeds: { ids: tensor(ids, [BATCH, TOKENS]), targets: normal([BATCH, WIDTH]) },
      },
    ],
    build,
  };
}

function block(graph: Graph, layer: number, x: Value): Value {
  const p = (name: string): Value => graph.parameter(`${layer}.${name}`, BLOCK[name]!);
  const full = (name: string, v: Value): Value => linear(v, p(`${name}.weight`), p(`${name}.bias`));
  const norm = (name: string, v: Value): Value =>
    layerNorm(v, p(`${name}.weight`), p(`${name}.bias`));
  const parts = split(full("qkv", norm("norm1", x)), { axis: -1, sizes: [WIDTH, WIDTH, WIDTH] });
  const [query, key, value] = parts.map((part) =>
    transpose(reshape(part, [BATCH, TOKENS, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]),
  ) as [Value, Value, Value];
  const mixed = transpose(attention({ query, key, value }), [0, 2, 1, 3]);
  const after = add(x, full("out", reshape(mixed, [BATCH, TOKENS, WIDTH])));
  return add(after, full("fc2", gelu(full("fc1", norm("norm2", after)), { approximate: "tanh" })));
}

async function load(name: string): Promise<Workload & { readonly constants?: State }> {
  if (name === "b") return towers();
  if (name === "c") return transformer();
  const { encoder } = await import("./encoder.ts");
  return encoder([`recompute=${name.endsWith("+recompute")}`]);
}

/** Weights by name, feeds as `<batch>/<name>`. */
async function exported(name: string, file: string): Promise<void> {
  const { state, batches, constants = new Map() } = await load(name);
  const feeds = batches.flatMap((batch, i) =>
    Object.entries(batch.feeds).map(([key, fed]) => [`batch.${i}/${key}`, fed] as const),
  );
  const { writeSafetensors } = await import("../../src/model/index.ts");
  writeSafetensors(file, new Map([...state, ...constants, ...feeds]), {
    metadata: { batches: JSON.stringify(batches.map(({ bucket }) => bucket)) },
  });
}

async function main(
  name: string,
  threads: number,
  rounds: number,
  device: ExecutorName,
): Promise<void> {
  const { batches, ...rest } = await load(name);
  const trainer = await Trainer.create({
    executor: createExecutor(device, { threads }),
    ...rest,
  });
  for (const { bucket } of batches) await trainer.prepare(bucket);
  const ms: number[] = [];
  const cpuMs: number[] = [];
  const losses: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const busy = process.cpuUsage();
    for (const { bucket, feeds } of batches) {
      const { loss } = await trainer.step(bucket, feeds, { learningRate: 1e-3 });
      losses.push(Number(loss!.data[0]));
    }
    ms.push(performance.now() - start);
    const { user, system } = process.cpuUsage(busy);
    cpuMs.push((user + system) / 1000);
  }
  await trainer.close();
  const rssMb = process.resourceUsage().maxRSS / 1024;
  const gflop = batches.reduce((sum, { bucket }) => sum + productsOf(rest.build(bucket)), 0);
  const gflops = await matmulSpeed(threads, device);
  console.log(JSON.stringify({ ms, cpuMs, rssMb, losses, gflop, gflops }));
}

/** Billions of operations that the matrix products of a step take. */
function productsOf(program: Program): number {
  const { nodes } = stepCompilation(program).plan;
  const flops = nodes.map(({ op, inputs, outputs, attributes }) => {
    if (op !== "Gemm" && op !== "MatMul") return 0;
    const inner = inputs[0]!.shape.at("transA" in attributes ? -2 : -1)!;
    return 2 * inner * outputs[0]!.shape.reduce((a, b) => a * b, 1);
  });
  return flops.reduce((a, b) => a + b, 0) / 1e9;
}

const [CHAIN, SIDE] = [8, 1024];

/** What plain products of 1024 x 1024 reach: GFLOP/s. */
async function matmulSpeed(threads: number, device: ExecutorName): Promise<number> {
  const evaluator = await Evaluator.create({
    executor: createExecutor(device, { threads }),
    state: new Map([["w", normal([SIDE, SIDE], SIDE ** -0.5)]]),
    build() {
      const graph = new Graph();
      let y = graph.parameter("w", [SIDE, SIDE]);
      for (let i = 0; i < CHAIN; i++) y = matmul(y, graph.parameter("w", [SIDE, SIDE]));
      graph.output("y", sum(y));
      return graph;
    },
  });
  const ms: number[] = [];
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    await evaluator.run("matmul", {});
    ms.push(performance.now() - start);
  }
  await evaluator.close();
  return (CHAIN * 2 * SIDE ** 3) / 1e6 / Math.min(...ms);
}

if (import.meta.main) {
  const [name, what, more, device = "cpu"] = process.argv.slice(2) as [
    string,
    string,
    string,
    ExecutorName?,
  ];
  if (what === "export") await exported(name, more);
  else await main(name, Number(what), Number(more), device);
}
