/** @file A small two-tower contrastive problem that the trainer's tests share. */
import type { State, Tensor, TrainProgram, TrainProgramOptions } from "../../src/engine/index.ts";
import {
  Graph,
  Random,
  exp,
  gelu,
  l2Normalize,
  linear,
  logSoftmax,
  matmul,
  mul,
  neg,
  sum,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";

const WIDTH = 12;
const HIDDEN = 16;
const DIM = 8;

export type ToyOptions = Partial<Pick<TrainProgramOptions, "clipNorm" | "outputs">> & {
  readonly weightDecay?: number;
};

/** InfoNCE between two towers of one hidden layer; the bucket is the batch size. */
export function toyProgram(
  bucket: string,
  { weightDecay = 0.01, ...options }: ToyOptions = {},
): TrainProgram {
  const batch = Number(bucket);
  const graph = new Graph();
  const tower = (name: string) => {
    const x = graph.input(name, [batch, WIDTH]);
    const hidden = linear(
      x,
      graph.parameter(`${name}.in.weight`, [HIDDEN, WIDTH]),
      graph.parameter(`${name}.in.bias`, [HIDDEN]),
    );
    return l2Normalize(linear(gelu(hidden), graph.parameter(`${name}.out.weight`, [DIM, HIDDEN])));
  };
  const similarities = matmul(tower("query"), tower("target"), { transposeB: true });
  const scores = mul(similarities, exp(graph.parameter("theta", [])));
  const diagonal = Float32Array.from({ length: batch * batch }, (_, i) =>
    i % (batch + 1) === 0 ? 1 : 0,
  );
  const own = mul(logSoftmax(scores), graph.constant(tensor(diagonal, [batch, batch])));
  const loss = neg(mul(sum(own), 1 / batch));
  const matrices = graph.parameters().filter((p) => p.shape.length === 2);
  const others = graph.parameters().filter((p) => p.shape.length < 2);
  return trainProgram({
    graph,
    loss,
    groups: [
      { parameters: matrices, weightDecay },
      { parameters: others, learningRateScale: 0.5 },
    ],
    ...options,
  });
}

export function toyState(seed = 1): State {
  const random = Random.from(seed, "init");
  const state: State = new Map();
  const normal = (name: string, shape: readonly number[]): void => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      random.normal(0, 0.3),
    );
    state.set(name, tensor(data, shape));
  };
  for (const name of ["query", "target"]) {
    normal(`${name}.in.weight`, [HIDDEN, WIDTH]);
    normal(`${name}.in.bias`, [HIDDEN]);
    normal(`${name}.out.weight`, [DIM, HIDDEN]);
  }
  state.set("theta", tensor([Math.log(10)], []));
  return state;
}

/** Noisy pairs: the target is the query's mirror image. */
export function toyFeeds(batch: number, seed = 2): Record<string, Tensor> {
  const random = Random.from(seed, "data");
  const query = Float32Array.from({ length: batch * WIDTH }, () => random.normal());
  const target = query.map((x) => -x + 0.1 * random.normal());
  return { query: tensor(query, [batch, WIDTH]), target: tensor(target, [batch, WIDTH]) };
}

/** The one number of an output. */
export function numberOf(value: Tensor | undefined): number {
  return Number(value!.data[0]);
}

export function toPlain(state: State): Record<string, number[]> {
  return Object.fromEntries(
    [...state].map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}
