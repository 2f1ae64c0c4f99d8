import { describe, expect, test } from "vitest";
import type { Tensor, Value } from "../../src/engine/index.ts";
import {
  Evaluator,
  Graph,
  Random,
  add,
  attention,
  createExecutor,
  dropout,
  explain,
  gelu,
  gradients,
  layerNorm,
  linear,
  mean,
  mul,
  recompute,
  reshape,
  rmsNorm,
  sigmoid,
  silu,
  sizeOf,
  split,
  sqrt,
  stopGradient,
  square,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
} from "../../src/engine/index.ts";

/** One input, one result, parameters at will. */
type Block = (x: Value, layer: number) => Value;

const weight = ({ graph }: Value, name: string, ...shape: number[]): Value =>
  graph.parameter(name, shape);
const dense = (x: Value, name: string, out: number): Value =>
  linear(x, weight(x, name, out, x.shape.at(-1)!));
const seedOf = new WeakMap<Graph, Value>();

const BLOCKS: Readonly<Record<string, Block>> = {
  mlp: (x, i) => add(x, dense(gelu(dense(x, `in${i}`, 24)), `out${i}`, x.shape.at(-1)!)),
  "gated, normed": (x, i) => {
    const normed = rmsNorm(x, weight(x, `norm${i}`, x.shape.at(-1)!));
    const gated = mul(silu(dense(normed, `gate${i}`, 20)), dense(normed, `up${i}`, 20));
    return add(x, dense(gated, `down${i}`, x.shape.at(-1)!));
  },
  "attention, layer norm, dropout": (x, i) => {
    const [rows, width] = [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!];
    const name = (part: string): Value => weight(x, `${part}${i}`, width);
    const normed = layerNorm(x, name("scale"), name("shift"));
    const qkv = reshape(dense(normed, `qkv${i}`, 3 * width), [rows, 3, 2, width / 2]);
    const [query, key, value] = split(transpose(qkv, [1, 2, 0, 3]), { axis: 0, sizes: [1, 1, 1] });
    const mixed = attention({ query: query!, key: key!, value: value!, causal: true });
    const joined = reshape(transpose(reshape(mixed, [2, rows, width / 2]), [1, 0, 2]), x.shape);
    return add(x, dropout(joined, { rate: 0.4, seed: seedOf.get(x.graph)! }));
  },
  "ends in a reshape, one weight for all": (x) => {
    const folded = reshape(x, [2, sizeOf(x.shape) / 2]);
    return reshape(tanh(mul(dense(folded, "shared", sizeOf(x.shape) / 2), folded)), x.shape);
  },
  "of one operation": (x) => sigmoid(x),
};

const SHAPES = [[[6, 8]], [[1, 4]], [[2, 3, 8]]] as const;

/** Loss and gradients of four such blocks, of every parameter and the input. */
function stack(block: Block, shape: readonly number[], recomputing: boolean, layers = 4): Graph {
  const graph = new Graph();
  seedOf.set(graph, graph.input("seed", [], "int64"));
  const input = graph.input("x", shape);
  let x = input;
  for (let i = 0; i < layers; i++) {
    const own = (value: Value): Value => block(value, i);
    x = recomputing ? recompute(own)(x) : own(x);
  }
  const loss = mean(square(x));
  const wrt = [input, ...graph.parameters()];
  graph.output("loss", loss);
  for (const [i, gradient] of gradients(loss, wrt).entries()) {
    graph.output(`d ${wrt[i]!.name}`, gradient);
  }
  return graph;
}

function stateOf(graph: Graph): Map<string, Tensor> {
  const random = Random.from(1, "weights");
  const draw = (_: unknown, at: number): number => 0.5 * random.normal() + (at % 2) * 0.1;
  return new Map(
    graph.parameters().map(({ name, shape }) => {
      return [name, tensor(Float32Array.from({ length: sizeOf(shape) }, draw), shape)];
    }),
  );
}

const feedsFor = (shape: readonly number[]): Record<string, Tensor> => {
  const random = Random.from(2, "x");
  const x = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
  return { x: tensor(x, [...shape]), seed: tensor([7n], [], "int64") };
};

async function run(
  graph: Graph,
  feeds: Record<string, Tensor>,
  executor: "reference" | "cpu" | "wasm",
): Promise<Record<string, Tensor>> {
  const evaluator = await Evaluator.create({
    executor: createExecutor(executor, { threads: 1 }),
    state: stateOf(graph),
    build: () => graph,
  });
  try {
    return await evaluator.run("only", feeds);
  } finally {
    await evaluator.close();
  }
}

const flat = (outputs: Record<string, Tensor>): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data, Number)]),
  );

describe.each(Object.entries(BLOCKS))("a block: %s", (_, block) => {
  test.each(SHAPES)(
    "gives the same gradients to the bit when it is computed again",
    async (shape) => {
      const [kept, again] = [stack(block, shape, false), stack(block, shape, true)];
      const feeds = feedsFor(shape);
      const expected = flat(await run(kept, feeds, "reference"));
      expect(Object.keys(expected).length).toBeGreaterThan(1);
      expect(Math.max(...expected["d x"]!.map(Math.abs))).toBeGreaterThan(0);
      expect(flat(await run(again, feeds, "reference"))).toEqual(expected);
      expect(explain(again).nodes).toBeGreaterThan(explain(kept).nodes);
    },
  );

  test.each(["cpu", "wasm"] as const)("and the same but for rounding on %s", async (executor) => {
    const shape = SHAPES[0][0];
    const feeds = feedsFor(shape);
    const expected = flat(await run(stack(block, shape, false), feeds, executor));
    const found = flat(await run(stack(block, shape, true), feeds, executor));
    for (const [name, values] of Object.entries(expected)) {
      expect(found[name], name).toBeAllclose(values, { rtol: 1e-5, atol: 1e-6 });
    }
  });
});

test("memory goes by the blocks' inputs and one block's activations", () => {
  const [rows, width, layers] = [64, 8, 12];
  const bytes = (recomputing: boolean): number =>
    explain(stack(BLOCKS["mlp"]!, [rows, width], recomputing, layers)).activationBytes;
  const [input, hidden] = [4 * rows * width, 4 * rows * 24];
  // gelu keeps its argument and what it has made of it: at least two of a block's hidden layers.
  expect(bytes(false)).toBeGreaterThan(layers * 2 * hidden);
  expect(bytes(true)).toBeLessThan(layers * input + 10 * hidden + 2 * layers * 4 * 2 * width * 24);
});

test("what a block takes from around it, gives away, or shares has its gradient", async () => {
  const build = (recomputing: boolean): Graph => {
    const graph = new Graph();
    const x = graph.input("x", [3, 4]);
    const [outer, shared] = [tanh(mul(x, 0.5)), graph.parameter("shared", [4])];
    let inner: Value | null = null;
    const own = (value: Value): Value => {
      inner = gelu(add(mul(value, shared), square(outer)));
      return sub(sigmoid(inner), mul(value, outer));
    };
    const before = sigmoid(x);
    const y = (recomputing ? recompute(own) : own)(before);
    const loss = add(mean(square(add(y, mul(inner!, shared)))), sum(mul(outer, before)));
    graph.output("loss", loss);
    const [dx, dShared, dOuter] = gradients(loss, [x, shared, outer]);
    graph.output("d x", dx!);
    graph.output("d shared", dShared!);
    graph.output("d outer", dOuter!);
    return graph;
  };
  const x = { x: feedsFor([3, 4])["x"]! };
  const expected = flat(await run(build(false), x, "reference"));
  const found = flat(await run(build(true), x, "reference"));
  for (const [name, values] of Object.entries(expected)) {
    expect(found[name], name).toBeAllclose(values, { rtol: 1e-13, atol: 1e-15 });
  }
});

test("gradients of gradients pass", async () => {
  const build = (recomputing: boolean): Graph => {
    const graph = new Graph();
    const x = graph.input("x", [3, 4]);
    const own = (value: Value): Value => tanh(mul(value, sigmoid(value)));
    const y = recomputing ? recompute(recompute(own))(x) : own(x);
    const [first] = gradients(sum(square(y)), [x]);
    const [second] = gradients(sum(square(first!)), [x]);
    graph.output("d x", second!);
    return graph;
  };
  const x = { x: feedsFor([3, 4])["x"]! };
  const expected = flat(await run(build(false), x, "reference"));
  expect(Math.max(...expected["d x"]!.map(Math.abs))).toBeGreaterThan(0.01);
  expect(flat(await run(build(true), x, "reference"))["d x"]).toBeAllclose(expected["d x"]!, {
    rtol: 1e-12,
    atol: 1e-14,
  });
});

test("a block that computes nothing, or nothing with a gradient, stays as it is", () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  expect(recompute((value: Value) => value)(x)).toBe(x);
  const count = graph.nextId;
  const y = recompute((value: Value) => stopGradient(value))(x);
  expect(gradients(sum(square(y)), [x])[0]!.source.kind).toBe("constant");
  expect(graph.nextId).toBeGreaterThan(count);
});

test("a gradient that is not finite comes through", async () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  const y = recompute((value: Value) => sqrt(mul(value, value)))(x);
  graph.output("d x", gradients(sum(y), [x])[0]!);
  const { "d x": dx } = flat(await run(graph, { x: tensor([0, -2], [2]) }, "cpu"));
  expect(dx).toEqual([NaN, -1]);
});
