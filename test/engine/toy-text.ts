/** @file A small transformer over token ids, trained contrastively: operations that models are made of. */
import type { Program, State, Tensor, Value } from "../../src/engine/index.ts";
import {
  Graph,
  Random,
  add,
  attention,
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
  rmsNorm,
  rotary,
  silu,
  sum,
  tensor,
  trainProgram,
  transpose,
} from "../../src/engine/index.ts";

const [BATCH, TOKENS, WIDTH, HEADS, VOCABULARY] = [4, 6, 16, 2, 20];
const DIM = WIDTH / HEADS;
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  embedding: [VOCABULARY, WIDTH],
  "norm.weight": [WIDTH],
  "norm.bias": [WIDTH],
  qkv: [3 * WIDTH, WIDTH],
  out: [WIDTH, WIDTH],
  "mlp.norm": [WIDTH],
  "mlp.in": [2 * WIDTH, WIDTH],
  "mlp.out": [WIDTH, 2 * WIDTH],
};

function encoded(graph: Graph, ids: Value): Value {
  const weight = (name: string): Value => graph.parameter(name, SHAPES[name]!);
  const angles = Float32Array.from(
    { length: (TOKENS * DIM) / 2 },
    (_, i) => Math.floor(i / (DIM / 2)) / 10 ** (i % (DIM / 2)),
  );
  const table = (f: (x: number) => number): Value =>
    graph.constant(tensor(angles.map(f), [TOKENS, DIM / 2]));
  const x = gather(weight("embedding"), ids);
  const normed = layerNorm(x, weight("norm.weight"), weight("norm.bias"));
  const projected = reshape(linear(normed, weight("qkv")), [BATCH, TOKENS, 3, HEADS, DIM]);
  const heads = transpose(projected, [2, 0, 3, 1, 4]);
  const part = (i: number): Value =>
    reshape(gather(heads, graph.constant(tensor([BigInt(i)], [1]))), [BATCH, HEADS, TOKENS, DIM]);
  const turned = (i: number): Value => rotary(part(i), table(Math.cos), table(Math.sin));
  const mixed = attention({ query: turned(0), key: turned(1), value: part(2), causal: true });
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [BATCH, TOKENS, WIDTH]);
  const y = add(x, linear(joined, weight("out")));
  const hidden = silu(gelu(linear(rmsNorm(y, weight("mlp.norm")), weight("mlp.in"))));
  return l2Normalize(mean(add(y, linear(hidden, weight("mlp.out"))), { axes: [1] }));
}

export function textProgram(): Program {
  const graph = new Graph();
  const query = encoded(graph, graph.input("query", [BATCH, TOKENS], "int64"));
  const target = encoded(graph, graph.input("target", [BATCH, TOKENS], "int64"));
  const scores = mul(matmul(query, target, { transposeB: true }), 10);
  const diagonal = Float32Array.from({ length: BATCH ** 2 }, (_, i) => (i % (BATCH + 1) ? 0 : 1));
  const own = mul(logSoftmax(scores), graph.constant(tensor(diagonal, [BATCH, BATCH])));
  const loss = neg(mul(sum(own), 1 / BATCH));
  const groups = [{ parameters: graph.parameters(), weightDecay: 0.01 }];
  return trainProgram({ graph, loss, groups, clipNorm: 1 });
}

export function textState(): State {
  const random = Random.from(5, "init");
  return new Map(
    Object.entries(SHAPES).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length: size }, () =>
        name.includes("norm") ? 1 : random.normal(0, 0.4),
      );
      return [name, tensor(data, shape)];
    }),
  );
}

/** The target is the query, one token changed. */
export function textFeeds(seed: number): Record<string, Tensor> {
  const random = Random.from(seed, "data");
  const query = BigInt64Array.from({ length: BATCH * TOKENS }, () =>
    BigInt(random.int(VOCABULARY)),
  );
  const target = query.map((id, i) => (i % TOKENS === 0 ? BigInt(random.int(VOCABULARY)) : id));
  return { query: tensor(query, [BATCH, TOKENS]), target: tensor(target, [BATCH, TOKENS]) };
}
