/** @file Running small loss graphs, and the losses once more, written naively. */
import type { ExecutorName, Graph, State, Tensor, Value } from "../../src/engine/index.ts";
import { createExecutor, Evaluator, gradients } from "../../src/engine/index.ts";

export type Rows = number[][];

export type RunOptions = { readonly executor?: ExecutorName; readonly state?: State };

/** A compiled graph that maps number arrays to number arrays. */
export type Runner = {
  run(feeds?: Record<string, Rows | Tensor>, state?: State): Promise<Record<string, number[]>>;
  close(): Promise<void>;
};

export async function runner(
  graph: Graph,
  { executor = "reference", state = new Map() }: RunOptions = {},
): Promise<Runner> {
  const evaluator = await Evaluator.create({
    executor: createExecutor(executor),
    state,
    build: () => graph,
  });
  const wide = executor === "reference";
  return {
    async run(feeds = {}, newState) {
      if (newState !== undefined) await evaluator.load(newState);
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, rows]) => [
          name,
          Array.isArray(rows) ? toTensor(rows, wide) : rows,
        ]),
      );
      const results = await evaluator.run("only", tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
      );
    },
    close: () => evaluator.close(),
  };
}

/** Builds, runs once and closes. */
export async function once(
  graph: Graph,
  feeds: Record<string, Rows | Tensor> = {},
  options: RunOptions = {},
): Promise<Record<string, number[]>> {
  const run = await runner(graph, options);
  try {
    return await run.run(feeds);
  } finally {
    await run.close();
  }
}

/** Names the loss and its gradients as outputs: "loss", "d/<name>". */
export function withGradients(graph: Graph, loss: Value, wrt: readonly Value[]): void {
  graph.output("loss", loss);
  for (const [i, gradient] of gradients(loss, wrt).entries()) {
    graph.output(`d/${wrt[i]!.name}`, gradient);
  }
}

export function toTensor(rows: Rows, wide = true): Tensor {
  const shape = [rows.length, rows[0]!.length];
  const data = wide ? Float64Array.from(rows.flat()) : Float32Array.from(rows.flat());
  return { dtype: "float32", shape, data };
}

export function unit(row: readonly number[]): number[] {
  const norm = Math.hypot(...row);
  return row.map((x) => x / norm);
}

/** Unit rows around a common direction, so that similarities spread over about [-0.5, 1]. */
export function randomRows(rows: number, dim: number, seed: number): Rows {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  for (let i = 0; i < 10; i++) next();
  return Array.from({ length: rows }, () =>
    unit(Array.from({ length: dim }, (_, d) => next() + (d === 0 ? 0.4 : 0))),
  );
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/** One negative as the naive losses see it. */
export type Negative = { s: number; toTarget: number };

/** The definition of each variant for one query, summed term by term, no log space. */
export const NAIVE: Record<string, (pos: number, negatives: Negative[], t: number) => number> = {
  infonce: (pos, negatives, t) => ratio(pos, t, negatives, () => 1),
  rzenembed: (pos, negatives, t) =>
    ratio(
      pos,
      t,
      negatives.filter((n) => !(n.toTarget > 0.95)),
      ({ s }) => Math.exp(9 * s),
    ),
  llave: (pos, negatives, t) => ratio(pos, t, negatives, ({ s }) => Math.exp(9 * s)),
  unime: (pos, negatives, t) => {
    const rest = negatives.filter((n) => !(n.s > pos + 0.1));
    const distinct = [...new Set(rest.map(({ s }) => s))].sort((a, b) => b - a);
    const least = distinct[7] ?? -Infinity;
    return ratio(
      pos,
      t,
      rest.filter(({ s }) => s >= least),
      () => 1,
    );
  },
  qwen3: (pos, negatives, t) =>
    ratio(
      pos,
      t,
      negatives.filter((n) => !(n.s > pos + 0.1 || n.toTarget > 1 - 1e-5)),
      () => 1,
    ),
  hcl: (pos, negatives, t) => {
    const n = negatives.length;
    const imp = negatives.map(({ s }) => Math.exp(s / t));
    const meanImp = imp.reduce((a, b) => a + b, 0) / n;
    const reweighted = negatives.reduce(
      (sum, { s }, i) => sum + (imp[i]! * Math.exp(s / t)) / meanImp,
      0,
    );
    const positive = Math.exp(pos / t);
    const corrected = (reweighted - 0.1 * n * positive) / (1 - 0.1);
    const floored = Math.max(corrected, n * Math.exp(-1 / t));
    return -Math.log(positive / (positive + floored));
  },
  "row-normalised": (pos, negatives, t) => {
    const total = negatives.reduce((sum, { s }) => sum + Math.exp(9 * s), 0);
    return ratio(pos, t, negatives, ({ s }) => (Math.exp(9 * s) * negatives.length) / total);
  },
};
NAIVE["rzenembed-literal"] = NAIVE["rzenembed"]!;
NAIVE["qwen3-stage1"] = NAIVE["qwen3"]!;

function ratio(
  pos: number,
  t: number,
  negatives: Negative[],
  weight: (n: Negative) => number,
): number {
  let denominator = Math.exp(pos / t);
  for (const negative of negatives) denominator += weight(negative) * Math.exp(negative.s / t);
  return -Math.log(Math.exp(pos / t) / denominator);
}
