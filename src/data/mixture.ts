/** @file Which data sets a batch may come from, and how often: one source each, classification merged. */
import type { Modality, Query, Task } from "./types.ts";

export type MixtureOptions = {
  readonly tasks: readonly Task[];
  /** Relative weight by task name or `prefix*`; the exact name, then the longest prefix counts. Others weigh 1. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Relative weight by modality: the paper's data set resampling. Others weigh 1. */
  readonly resampling?: Readonly<Partial<Record<Modality, number>>>;
  /** What the weights multiply: a task's number of queries after the cap (default), or 1. */
  readonly base?: "size" | "equal";
  /** The classification sets of each modality form one source. Default true. */
  readonly mergeClassification?: boolean;
  /** At most this many queries of a task take part, chosen by `capSeed`. */
  readonly capPerDataset?: number | null;
};

/** What one batch is drawn from. */
export type Source = {
  /** The task's name, or `merged image classification`. */
  readonly name: string;
  readonly entries: readonly { readonly task: Task; readonly query: Query }[];
  /** Share of the batches, summing to 1 over the sources. */
  readonly share: number;
};

/**
 * The sources of a mixture. A merged source weighs what its members weigh together; a member of
 * weight 0 is left out of it.
 */
export function mixtureSources(options: MixtureOptions, capSeed: number): Source[] {
  const { tasks, mergeClassification = true, capPerDataset = null } = options;
  if (tasks.length === 0) throw new RangeError("mixtureSources: no tasks to draw from");
  if (capPerDataset !== null && !(Number.isInteger(capPerDataset) && capPerDataset > 0)) {
    throw new RangeError(
      `mixtureSources: capPerDataset must be a positive integer, got ${capPerDataset}`,
    );
  }
  checkWeights(options);
  const sources = new Map<string, { entries: Source["entries"][number][]; weight: number }>();
  for (const [i, task] of tasks.entries()) {
    const weight = taskWeight(task, options);
    if (weight === 0) continue;
    const queries = capped(task.queries, capPerDataset, capSeed + i);
    const name = mergeClassification && isClassification(task) ? mergedName(task) : task.name;
    const source = sources.get(name) ?? { entries: [], weight: 0 };
    for (const query of queries) source.entries.push({ task, query });
    source.weight += weight * (options.base === "equal" ? 1 : queries.length);
    sources.set(name, source);
  }
  const filled = [...sources].filter(([, source]) => source.entries.length > 0);
  const total = filled.reduce((sum, [, source]) => sum + source.weight, 0);
  if (!(total > 0)) throw new RangeError("mixtureSources: every task is empty or weighs 0");
  return filled.map(([name, { entries, weight }]) => ({ name, entries, share: weight / total }));
}

function isClassification({ metaTask }: Task): boolean {
  return metaTask === "I-CLS" || metaTask === "V-CLS" || metaTask === "T-CLS";
}

function mergedName({ modality }: Task): string {
  return `merged ${modality} classification`;
}

function taskWeight(
  { name, modality }: Task,
  { weights = {}, resampling = {} }: MixtureOptions,
): number {
  const key = Object.hasOwn(weights, name) ? name : longestPattern(name, Object.keys(weights));
  return (key === undefined ? 1 : weights[key]!) * (resampling[modality] ?? 1);
}

function longestPattern(name: string, keys: readonly string[]): string | undefined {
  return keys
    .filter((key) => key.endsWith("*") && name.startsWith(key.slice(0, -1)))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** A weight that names no task is a typing error, not a wish. */
function checkWeights({ tasks, weights = {}, resampling = {} }: MixtureOptions): void {
  for (const [key, value] of [...Object.entries(weights), ...Object.entries(resampling)]) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new RangeError(
        `mixtureSources: weight of ${key} must be a finite number >= 0, got ${value}`,
      );
    }
  }
  for (const key of Object.keys(weights)) {
    const known = tasks.some(
      ({ name }) => name === key || longestPattern(name, [key]) !== undefined,
    );
    if (!known) {
      const names = [...new Set(tasks.map((task) => task.name))].join(", ");
      throw new RangeError(`mixtureSources: weight of ${key} names none of ${names}`);
    }
  }
}

function capped(queries: readonly Query[], cap: number | null, seed: number): readonly Query[] {
  if (cap === null || queries.length <= cap) return queries;
  const chosen = permutation(queries.length, seed).subarray(0, cap).toSorted();
  return Array.from(chosen, (i) => queries[i]!);
}

/** The permutation of 0 ... n - 1 that belongs to `seed` (Fisher-Yates over mulberry32). */
export function permutation(n: number, seed: number): Uint32Array {
  let state = seed >>> 0;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const j = Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
