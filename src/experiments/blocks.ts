/** @file Intervals over queries: paired values in a hundred blocks, each data set weighing the same. */
import type { Task } from "../data/types.ts";
import type { Delta, Estimate } from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import { deltaOf, queryEstimate } from "./compare.ts";
import type { PerQueryScores } from "./evaluate.ts";
import { PER_QUERY_ARTIFACT } from "./evaluate.ts";

/** Value of each query, by task, in the task's order. */
export type QueryValues = ReadonlyMap<string, readonly number[]>;

const BLOCKS = 100;

/** What a run scored, query by query. */
export function perQueryOf(store: RunReader, runId: string): QueryValues {
  const stored = JSON.parse(
    store.readArtifact(runId, PER_QUERY_ARTIFACT).toString(),
  ) as PerQueryScores;
  return new Map(Object.entries(stored).map(([task, { values }]) => [task, values]));
}

/** Mean over runs, query by query. */
export function meanPerQuery(runs: readonly QueryValues[]): QueryValues {
  const [first] = runs;
  if (first === undefined) throw new RangeError("meanPerQuery: no runs");
  return new Map(
    [...first].map(([task, values]) => [
      task,
      values.map((_, i) => runs.reduce((sum, run) => sum + run.get(task)![i]!, 0) / runs.length),
    ]),
  );
}

/**
 * Sums of queries i, i + 100, i + 200 ... of every task, scaled so that the mean over blocks is the
 * mean over tasks of their means. Queries are the units, tasks are given: the interval speaks of these
 * tasks.
 */
export function blockValues(values: QueryValues, tasks: readonly Task[]): number[] {
  const blocks = Array.from({ length: BLOCKS }, () => 0);
  for (const { name, queries } of tasks) {
    const own = values.get(name);
    if (own?.length !== queries.length) {
      throw new RangeError(
        `${name}: expected ${queries.length} query values, got ${own?.length ?? 0}`,
      );
    }
    const share = BLOCKS / (tasks.length * queries.length);
    for (const [i, value] of own.entries()) blocks[i % BLOCKS]! += share * value;
  }
  return blocks;
}

export function blockEstimate(values: QueryValues, tasks: readonly Task[]): Estimate {
  // Blocks hold different tasks in different numbers; only deviations from each task's mean are noise.
  const means = new Map(tasks.map(({ name }) => [name, average(values.get(name)!)]));
  const centred = new Map(
    tasks.map(({ name }) => [name, values.get(name)!.map((v) => v - means.get(name)!)]),
  );
  const noise = queryEstimate(blockValues(centred, tasks));
  const mean = average([...means.values()]);
  const n = tasks.reduce((sum, { queries }) => sum + queries.length, 0);
  return { mean, low: mean + noise.low! - noise.mean, high: mean + noise.high! - noise.mean, n };
}

/** A value known without error. */
export function exact(values: QueryValues, tasks: readonly Task[]): Estimate {
  const mean = average(tasks.map(({ name }) => average(values.get(name)!)));
  return { mean, low: null, high: null, n: 1 };
}

/** a - b, paired by query. */
export function blockDelta(a: QueryValues, b: QueryValues, tasks: readonly Task[]): Delta {
  const differences = new Map(
    tasks.map(({ name }) => [name, a.get(name)!.map((v, i) => v - b.get(name)![i]!)]),
  );
  const blocks = blockValues(differences, tasks);
  const delta = deltaOf(blocks.map((value, seed) => ({ dataset: "blocks", seed, value })));
  return { ...delta, n: tasks.reduce((sum, { queries }) => sum + queries.length, 0) };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
