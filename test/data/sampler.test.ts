import { expect, test } from "vitest";
import { mixtureSources, permutation } from "../../src/data/mixture.ts";
import { PairSampler, type SamplerOptions } from "../../src/data/sampler.ts";
import type { MetaTask, Modality, Query, Task } from "../../src/data/types.ts";

/** Deterministic draws with a visible state. */
class Draws {
  #at: number;
  constructor(seed = 1) {
    this.#at = seed;
  }
  uniform(): number {
    this.#at = (Math.imul(this.#at, 1664525) + 1013904223) >>> 0;
    return this.#at / 2 ** 32;
  }
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }
  state(): number {
    return this.#at;
  }
  restore(state: number): void {
    this.#at = state;
  }
}

type Sketch = {
  queries: number;
  targets?: number;
  metaTask?: MetaTask;
  modality?: Modality;
  positives?: number;
};

/** Query i is answered by candidates i % targets, i + 1 % targets ...; a candidate is its own label. */
function taskOf(
  name: string,
  { queries, targets = queries, metaTask = "I-RET", modality = "image", positives = 1 }: Sketch,
): Task {
  const id = (i: number): string => `${name} c${i % targets}`;
  const list = Array.from({ length: queries }, (_, i): Query => ({
    id: `${name} q${i}`,
    item: { text: `${name} q${i}` },
    positives: new Map(Array.from({ length: positives }, (__, k) => [id(i + k), 1])),
    label: id(i),
  }));
  const ids = Array.from({ length: targets }, (_, i) => id(i));
  return {
    name,
    modality,
    metaTask,
    kind: "synthetic",
    split: "train",
    domain: null,
    scope: "global",
    metric: "hit@1",
    queryInstruction: "",
    targetInstruction: "",
    temperatureGroup: "text",
    queries: list,
    corpus: new Map(ids.map((each) => [each, { text: each }])),
    labels: new Map(ids.map((each) => [each, each])),
    digest: "",
  };
}

function samplerOf(tasks: Task[], options: Partial<SamplerOptions> = {}, seed = 1): PairSampler {
  return new PairSampler({ tasks, batchSize: 8, random: new Draws(seed), ...options });
}

/** Batches as text, to be compared whole. */
function draw(sampler: PairSampler, count: number): string[] {
  return Array.from({ length: count }, () => {
    const { source, pairs } = sampler.next();
    return `${source}: ${pairs.map(({ query, targetId }) => `${query.id} -> ${targetId}`).join(", ")}`;
  });
}

const MIXED = [
  taskOf("a", { queries: 30, positives: 3 }),
  taskOf("b", { queries: 21, targets: 5, metaTask: "I-CLS" }),
  taskOf("c", { queries: 40, targets: 4, metaTask: "I-CLS" }),
  taskOf("v", { queries: 25, modality: "video", metaTask: "V-RET" }),
];

test("every pair is a query of the source's task with one of its positives", () => {
  const sampler = samplerOf(MIXED, { plantDuplicates: 0.25 });
  for (let i = 0; i < 100; i++) {
    const { pairs } = sampler.next();
    expect(pairs).toHaveLength(8);
    for (const { task, query, targetId } of pairs) {
      expect(task.queries).toContain(query);
      expect([...query.positives.keys()]).toContain(targetId);
    }
  }
});

test("one data set a batch, but classification sets of a modality share theirs", () => {
  const merged = samplerOf(MIXED);
  expect(merged.sources.map(({ name }) => name)).toEqual(["a", "merged image classification", "v"]);
  const names = new Set<string>();
  let mixed = false;
  for (let i = 0; i < 60; i++) {
    const { source, pairs } = merged.next();
    const tasks = new Set(pairs.map(({ task }) => task.name));
    names.add(source);
    if (source === "merged image classification") mixed ||= tasks.size === 2;
    else expect([...tasks]).toEqual([source]);
  }
  expect(mixed).toBe(true);
  expect(names.size).toBe(3);
  const apart = samplerOf(MIXED, { mergeClassification: false });
  for (const batch of Array.from({ length: 60 }, () => apart.next())) {
    expect(new Set(batch.pairs.map(({ task }) => task.name)).size).toBe(1);
  }
});

test("a sampler restored at any batch draws what the uninterrupted one draws", () => {
  for (const options of [
    {},
    { plantDuplicates: 0.4 },
    { duplicateTargets: "forbid", batchSize: 4 },
    { capPerDataset: 12 },
    { batchSize: 50 },
  ] as Partial<SamplerOptions>[]) {
    const whole = draw(samplerOf(MIXED, options), 40);
    for (const at of [0, 1, 7, 13, 39]) {
      const first = samplerOf(MIXED, options);
      draw(first, at);
      const saved = JSON.parse(JSON.stringify(first.state()));
      // Another seed, so that nothing but the state can make it agree.
      const second = samplerOf(MIXED, options, 99);
      second.restore(saved);
      expect(draw(second, 40 - at)).toEqual(whole.slice(at));
    }
    expect(draw(samplerOf(MIXED, options, 2), 40)).not.toEqual(whole);
  }
});

test("a state of other sources is refused with both lists", () => {
  const state = samplerOf(MIXED).state();
  expect(() => samplerOf(MIXED.slice(0, 2)).restore(state)).toThrow(
    "PairSampler.restore: the state is of sources a, merged image classification, v, not a, merged image classification",
  );
});

test("a pass visits every query at most once and leaves less than a batch", () => {
  const task = taskOf("a", { queries: 35 });
  const sampler = samplerOf([task]);
  for (let pass = 0; pass < 5; pass++) {
    const seen = Array.from({ length: 4 }, () => sampler.next().pairs).flat();
    expect(new Set(seen.map(({ query }) => query.id)).size).toBe(32);
  }
});

test("a source smaller than a batch repeats its queries evenly", () => {
  const { pairs } = samplerOf([taskOf("a", { queries: 3 })]).next();
  const counts = new Map<string, number>();
  for (const { query } of pairs) counts.set(query.id, (counts.get(query.id) ?? 0) + 1);
  expect([...counts.values()].toSorted((a, b) => a - b)).toEqual([2, 3, 3]);
});

test("shares follow size times weight times resampling", () => {
  const tasks = [taskOf("a", { queries: 100 }), taskOf("b", { queries: 300, modality: "video" })];
  const shares = (options: object): number[] =>
    mixtureSources({ tasks, ...options }, 0).map(({ share }) => share);
  expect(shares({})).toEqual([0.25, 0.75]);
  expect(shares({ base: "equal" })).toEqual([0.5, 0.5]);
  expect(shares({ capPerDataset: 100 })).toEqual([0.5, 0.5]);
  expect(shares({ weights: { a: 3 } })).toEqual([0.5, 0.5]);
  expect(shares({ weights: { "a*": 9, a: 3, "*": 1 } })).toEqual([0.5, 0.5]);
  expect(shares({ resampling: { video: 1 / 3 } })).toEqual([0.5, 0.5]);
  expect(shares({ weights: { b: 0 } })).toEqual([1]);
});

test("batches come at the rate of their share", () => {
  const sampler = samplerOf([taskOf("a", { queries: 100 }), taskOf("b", { queries: 300 })]);
  const fromA = Array.from({ length: 4000 }, () => sampler.next().source).filter(
    (name) => name === "a",
  );
  // Binomial: 1000 expected, standard deviation 27.
  expect(Math.abs(fromA.length - 1000)).toBeLessThan(4 * 27);
});

test("planted pairs repeat a target of the batch with another query", () => {
  const task = taskOf("a", { queries: 160, targets: 16 });
  const sampler = samplerOf([task], {
    batchSize: 16,
    plantDuplicates: 0.25,
    duplicateTargets: "allow",
  });
  for (let i = 0; i < 30; i++) {
    const { pairs, planted } = sampler.next();
    expect(planted).toBe(4);
    const own = new Set(pairs.slice(0, 12).map(({ targetId }) => targetId));
    for (const { targetId } of pairs.slice(12)) expect(own).toContain(targetId);
    expect(new Set(pairs.map(({ query }) => query.id)).size).toBe(16);
  }
});

test("where no other query has the target, the pair itself is planted", () => {
  const sampler = samplerOf([taskOf("a", { queries: 64 })], { plantDuplicates: 0.5 });
  const { pairs } = sampler.next();
  expect(new Set(pairs.slice(0, 4).map(({ query }) => query.id)).size).toBe(4);
  for (const pair of pairs.slice(4)) expect(pairs.slice(0, 4)).toContain(pair);
});

test("forbidden duplicates: no target twice in a batch, and no query lost in a pass", () => {
  const task = taskOf("a", { queries: 48, targets: 8 });
  const sampler = samplerOf([task], { batchSize: 6, duplicateTargets: "forbid" });
  const allowed = samplerOf([task], { batchSize: 6 });
  const repeats = (pairs: readonly { targetId: string }[]): number =>
    pairs.length - new Set(pairs.map(({ targetId }) => targetId)).size;
  let control = 0;
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const { pairs } = sampler.next();
    expect(repeats(pairs)).toBe(0);
    for (const { query } of pairs) seen.add(query.id);
    control += repeats(allowed.next().pairs);
  }
  expect(seen.size).toBe(48);
  expect(control).toBeGreaterThan(10);
});

test("the permutation is one, and another seed gives another", () => {
  const order = permutation(100, 7);
  expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(permutation(100, 7)).toEqual(order);
  expect(permutation(100, 8)).not.toEqual(order);
});

test("wrong options are refused by name", () => {
  const tasks = [taskOf("a", { queries: 10, targets: 3 })];
  const make = (options: Partial<SamplerOptions>) => (): PairSampler => samplerOf(tasks, options);
  expect(make({ batchSize: 0 })).toThrow("batchSize must be a positive integer, got 0");
  expect(make({ plantDuplicates: 1 })).toThrow("plantDuplicates must be in [0, 1), got 1");
  expect(make({ plantDuplicates: 0.1, duplicateTargets: "forbid" })).toThrow(
    "contradicts duplicateTargets",
  );
  expect(make({ duplicateTargets: "forbid" })).toThrow(
    "a has 3 distinct targets, a batch without duplicates needs 8",
  );
  expect(make({ weights: { b: 1 } })).toThrow("weight of b names none of a");
  expect(make({ weights: { a: -1 } })).toThrow("weight of a must be a finite number >= 0, got -1");
  expect(make({ resampling: { image: Number.NaN } })).toThrow(
    "weight of image must be a finite number >= 0, got NaN",
  );
  expect(make({ capPerDataset: 0 })).toThrow("capPerDataset must be a positive integer, got 0");
  expect(make({ weights: { a: 0 } })).toThrow("every task is empty or weighs 0");
  expect(make({ tasks: [] })).toThrow("no tasks to draw from");
});

test("queries that a pattern puts together stand side by side, eight at most, and all come once", () => {
  // Ids "a q0" ... "a q39": kinds are the last digits, four queries each.
  const together = { a: "([0-9])$" };
  const sampler = samplerOf([taskOf("a", { queries: 40 })], { together, batchSize: 40 });
  const ids = sampler.next().pairs.map(({ query }) => query.id);
  expect(new Set(ids).size).toBe(40);
  const kinds = ids.map((id) => id.at(-1)!);
  for (let i = 0; i < 40; i += 4) expect(new Set(kinds.slice(i, i + 4)).size).toBe(1);
  expect(kinds.filter((_, i) => i % 4 === 0).join("")).not.toBe("0123456789");

  const large = samplerOf([taskOf("a", { queries: 20 })], { together: { a: "^a" }, batchSize: 20 });
  const first = large.next().pairs.map(({ query }) => query.id);
  expect(new Set(first).size).toBe(20);

  const other = samplerOf([taskOf("b", { queries: 40 })], { together, batchSize: 40 });
  const plain = samplerOf([taskOf("b", { queries: 40 })], { batchSize: 40 });
  expect(draw(other, 3)).toEqual(draw(plain, 3));
});

test("a sampler with neighbours goes on where it was saved", () => {
  const options = { together: { a: "([0-9])$" }, batchSize: 12 };
  const one = samplerOf([taskOf("a", { queries: 40 })], options);
  draw(one, 2);
  const state = one.state();
  const rest = draw(one, 5);
  const two = samplerOf([taskOf("a", { queries: 40 })], options, 9);
  two.restore(state);
  expect(draw(two, 5)).toEqual(rest);
});
