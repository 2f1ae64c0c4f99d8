import { describe, expect, test } from "vitest";
import type { ExecutorName, State, Tensors, Value } from "../../src/engine/index.ts";
import {
  Graph,
  Trainer,
  and,
  cast,
  concat,
  createExecutor,
  dropout,
  l2Normalize,
  linear,
  reshape,
  scalar,
  slice,
  sum,
  tanh,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";
import type { CachedFeeds, CachedOptions, Side, VariantName } from "../../src/loss/index.ts";
import {
  GradCache,
  VARIANTS,
  chunked,
  infoNce,
  initialTheta,
  temperature,
  thetaName,
} from "../../src/loss/index.ts";
import { randomRows, toTensor } from "./support.ts";

const [batch, width, dim, chunk] = [11, 5, 4, 4]; // the last chunk has 3
const group = "image-qa";

const items = {
  query: randomRows(batch, width, 1),
  target: randomRows(batch, width, 2),
  hardNegatives: randomRows(2 * batch, width, 3),
};
items.target[7] = [...items.target[2]!]; // something for the masks to find

/** `w` is the query's, `v` the target's and the mined negatives'. */
const parameterOf = { query: "w", target: "v", hardNegatives: "v" } as const;

function startState(): State {
  const weights = (["w", "v"] as const).map((name, i) => {
    return [name, toTensor(randomRows(dim, width, 4 + i))] as const;
  });
  return new Map([...weights, ...initialTheta({ group, init: 0.1 })]);
}

type Extras = Partial<Pick<CachedOptions, "hardNegatives" | "ownNegatives">> & {
  readonly symmetric?: boolean;
  readonly symmetricMask?: "query" | "target" | "none";
  readonly dropoutRate?: number;
};

/** A chunk's encoder: inputs `x` and `seed`, told apart by `suffix` where a graph has several. */
function encode(side: Side, rate = 0) {
  return (graph: Graph, rows: number, suffix = ""): Value => {
    let x = graph.input(`x${suffix}`, [rows, width]);
    if (rate > 0) {
      x = dropout(x, { rate, seed: graph.input(`seed${suffix}`, [], "int64"), site: 0 });
    }
    return l2Normalize(tanh(linear(x, graph.parameter(parameterOf[side], [dim, width]))));
  };
}

function feeds(side: Side, wide: boolean, rate = 0) {
  const rowsOf = chunked({ x: toTensor(items[side], wide) });
  return (start: number, rows: number): { feeds: Tensors } => ({
    feeds: {
      ...(rowsOf(start, rows) as { feeds: Tensors }).feeds,
      ...(rate > 0 && { seed: scalar(BigInt(1000 * side.length + start), "int64") }),
    },
  });
}

const groupsOf = (parameters: readonly Value[]) => [{ parameters }];

type Outcome = { readonly loss: number; readonly gradients: Record<string, number[]> };

const STATISTICS = [
  "maskRate",
  "meanWeight",
  "maxWeight",
  "tau",
  "dropped",
  "trueMatches",
  "hits",
] as const;
type Statistics = Readonly<Record<(typeof STATISTICS)[number], number>>;

/** Rows 2 and 7 have one target; and two that no mask would guess. */
const TRUE_MATCHES = [2 * batch + 7, 7 * batch + 2, 3 * batch + 1, 10 * batch + 4];
const matchRows = (start: number, rows: number) => {
  const data = new Uint8Array(batch * batch);
  for (const at of TRUE_MATCHES) data[at] = 1;
  return tensor(data.slice(start * batch, (start + rows) * batch), [rows, batch], "bool");
};

/** With moments that start at zero, the first moment after a step is a tenth of the gradient. */
async function outcome(trainer: Trainer, loss: number): Promise<Outcome> {
  const state = await trainer.state();
  const names = ["w", "v", thetaName(group)];
  const gradients = Object.fromEntries(
    names.map((name) => [
      name,
      Array.from(state.get(`adam.m/${name}`)!.data as Float32Array, (m) => 10 * m),
    ]),
  );
  await trainer.close();
  return { loss, gradients };
}

const RATE = { learningRate: 1e-3 };

async function cached(
  executor: ExecutorName,
  name: VariantName,
  extras: Extras = {},
  sizes: { readonly chunk?: number; readonly blockRows?: number } = {},
): Promise<Outcome & Statistics> {
  const { dropoutRate = 0, ...own } = extras;
  const { temperature: _, ...variant } = VARIANTS[name];
  const columns = batch * (variant.sameSideNegatives === true ? 3 : 1);
  const mined = (own.hardNegatives ?? 0) + (own.ownNegatives ?? 0);
  const cache = new GradCache({
    ...variant,
    ...own,
    batch,
    dim,
    chunk: sizes.chunk ?? chunk,
    blockBytes: 4 * (columns + mined) * (sizes.blockRows ?? 3),
    temperature: (graph) => temperature(graph, { group }),
    encode: {
      query: encode("query", dropoutRate),
      target: encode("target", dropoutRate),
      hardNegatives: encode("hardNegatives", dropoutRate),
    },
    groups: groupsOf,
    matches: true,
  });
  const trainer = await Trainer.create({
    executor: createExecutor(executor),
    state: startState(),
    build: (bucket) => cache.build(bucket),
  });
  const wide = executor === "reference";
  const fed: CachedFeeds = {
    query: feeds("query", wide, dropoutRate),
    target: feeds("target", wide, dropoutRate),
    hardNegatives: feeds("hardNegatives", wide, dropoutRate),
    matches: matchRows,
  };
  const { loss, gradNorm, trueMatches, hits, ...statistics } = await cache.step(trainer, fed, RATE);
  expect(gradNorm).toBeGreaterThan(0);
  const counted = { trueMatches: trueMatches!, hits: hits! };
  return { ...(await outcome(trainer, loss)), ...statistics, ...counted };
}

/** The whole batch in one graph; chunks are encoded apart only where each has a seed of its own. */
async function direct(
  executor: ExecutorName,
  name: VariantName,
  extras: Extras = {},
): Promise<Outcome & Statistics> {
  const { dropoutRate = 0, hardNegatives = 0, ownNegatives = 0, ...own } = extras;
  const { temperature: _, ...variant } = VARIANTS[name];
  const wide = executor === "reference";
  const all: Record<string, Tensors[string]> = {};
  const graph = new Graph();
  const whole = (side: Side, size: number): Value => {
    const parts: Value[] = [];
    for (let start = 0; start < size; start += chunk) {
      const rows = Math.min(chunk, size - start);
      const suffix = `.${side}.${start}`;
      parts.push(encode(side, dropoutRate)(graph, rows, suffix));
      for (const [key, value] of Object.entries(
        feeds(side, wide, dropoutRate)(start, rows).feeds,
      )) {
        all[`${key}${suffix}`] = value;
      }
    }
    return concat(parts, { axis: 0 });
  };
  const mined = hardNegatives + batch * ownNegatives;
  const negatives = mined === 0 ? null : whole("hardNegatives", mined);
  const tau = temperature(graph, { group });
  const { loss, maskRate, meanWeight, maxWeight, mask } = infoNce({
    ...variant,
    ...own,
    query: whole("query", batch),
    target: whole("target", batch),
    temperature: tau,
    ...(negatives !== null && {
      hardNegatives: ownNegatives > 0 ? reshape(negatives, [batch, ownNegatives, dim]) : negatives,
    }),
  });
  all["matches"] = matchRows(0, batch);
  const matches = graph.input("matches", [batch, batch], "bool");
  const count = (which: Value): Value => sum(cast(which, "float32"));
  const trainer = await Trainer.create({
    executor: createExecutor(executor),
    state: startState(),
    build: () =>
      trainProgram({
        graph,
        loss,
        groups: groupsOf(graph.parameters()),
        outputs: {
          maskRate,
          meanWeight,
          maxWeight,
          tau,
          dropped: count(mask),
          trueMatches: count(matches),
          hits: count(and(mask, matches)),
        },
      }),
  });
  const out = await trainer.step("whole", all, RATE);
  const number = (key: string): number => Number(out[key]!.data[0]);
  const statistics = Object.fromEntries(
    STATISTICS.map((key) => [key, number(key)]),
  ) as unknown as Statistics;
  return { ...(await outcome(trainer, number("loss"))), ...statistics };
}

/** |a - b| / |b| of vectors. */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((x, i) => x - b[i]!)) / Math.hypot(...b);
}

async function same(name: VariantName, extras: Extras = {}): Promise<void> {
  for (const [executor, tolerance] of [
    ["reference", 1e-9],
    ["onnxruntime", 1e-5],
  ] as const) {
    const [parts, whole] = [
      await cached(executor, name, extras),
      await direct(executor, name, extras),
    ];
    for (const [parameter, gradient] of Object.entries(whole.gradients)) {
      const what = `${executor}: ${parameter}`;
      expect(distance(parts.gradients[parameter]!, gradient), what).toBeLessThan(tolerance);
    }
    for (const key of ["loss", ...STATISTICS] as const) {
      expect(
        distance([parts[key]], [whole[key] || 1e-30]) * (whole[key] === 0 ? 0 : 1),
        key,
      ).toBeLessThan(1e-5);
    }
  }
}

describe("an uneven last chunk and block give the gradient of the whole batch", () => {
  for (const name of Object.keys(VARIANTS) as VariantName[]) test(name, () => same(name));
});

describe("so they do with", () => {
  const cases: readonly (readonly [string, VariantName, Extras])[] = [
    ["both directions, the queries compared", "rzenembed", { symmetric: true }],
    [
      "both directions, the targets compared",
      "rzenembed",
      { symmetric: true, symmetricMask: "target" },
    ],
    [
      "both directions, the second unmasked",
      "rzenembed",
      { symmetric: true, symmetricMask: "none" },
    ],
    ["mined negatives of all queries", "rzenembed", { hardNegatives: 6 }],
    ["two mined negatives for each query", "rzenembed", { ownNegatives: 2 }],
    ["dropout", "rzenembed", { dropoutRate: 0.4 }],
    [
      "dropout, mined negatives and both directions",
      "rzenembed-literal",
      { dropoutRate: 0.3, ownNegatives: 1, symmetric: true },
    ],
  ];
  for (const [what, name, extras] of cases) test(what, () => same(name, extras));
});

test.each([
  ["one chunk and one block", { chunk: 11, blockRows: 11 }],
  ["a query a block, an item a chunk", { chunk: 1, blockRows: 1 }],
])("%s give the same gradient", async (_, sizes) => {
  const [parts, whole] = [
    await cached("reference", "rzenembed", {}, sizes),
    await direct("reference", "rzenembed"),
  ];
  expect(distance(parts.gradients["w"]!, whole.gradients["w"]!)).toBeLessThan(1e-9);
});

test("without the replay of dropout the gradient would be another", async () => {
  const options = { dropoutRate: 0.4 };
  const [dropped, not] = [
    await cached("reference", "infonce", options),
    await cached("reference", "infonce"),
  ];
  expect(distance(dropped.gradients["w"]!, not.gradients["w"]!)).toBeGreaterThan(0.01);
});

const plain = {
  batch: 8,
  dim,
  chunk: 4,
  temperature: 0.1,
  encode: { query: encode("query"), target: encode("target") },
  groups: groupsOf,
};

test("no value of a block's graph is larger than the budget but what lies along all columns", () => {
  const cache = new GradCache({
    ...plain,
    batch: 4096,
    dim: 8,
    blockBytes: 2 ** 20,
    alpha: 9,
    delta: 0.9,
    symmetric: true,
  });
  expect(cache.blockRows).toBe(64);
  const { graph, trained, outputs, loss } = cache.build(`cached/block:all:${cache.blockRows}`);
  expect(trained).toEqual([]);
  expect(loss).toBeNull();
  const ends = [...outputs.values()];
  const seen = new Set<Value>();
  while (ends.length > 0) {
    const value = ends.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    if (value.source.kind === "node")
      ends.push(...value.source.node.inputs.filter((v) => v !== null));
  }
  const sizes = [...seen].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  // One column more: the positive beside its negatives.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 4097);
  expect(graph.inputs().map((value) => value.name)).toContain("rows.query");
});

test("chunks of several shapes take a graph each, sides with one encoder share it", async () => {
  const shapes = ["narrow", "wide"] as const;
  const built: string[] = [];
  const cache = new GradCache({
    ...plain,
    batch: 4,
    chunk: 2,
    temperature: (g, group) => temperature(g, { group }),
    encode: (graph, rows, shape) => {
      built.push(`${rows} ${shape}`);
      const x = graph.input("x", [rows, shape === "wide" ? width : width - 1]);
      const w = slice(graph.parameter("w", [dim, width]), { axis: 1, end: x.shape[1]! });
      return l2Normalize(linear(x, w));
    },
  });
  const trainer = await Trainer.create({
    executor: createExecutor("reference"),
    state: startState(),
    build: (bucket) => cache.build(bucket),
  });
  const side = (seed: number) => (start: number, rows: number) => {
    const shape = shapes[start === 0 ? 0 : 1];
    const columns = shape === "wide" ? width : width - 1;
    return { feeds: { x: toTensor(randomRows(rows, columns, seed + start), true) }, shape };
  };
  const feeds = { query: side(1), target: side(9) };
  const { loss, tau } = await cache.step(trainer, feeds, { ...RATE, group });
  expect(loss).toBeGreaterThan(0);
  expect(tau).toBeCloseTo(0.1, 6);
  expect(built).toEqual(["2 narrow", "2 wide", "2 narrow", "2 wide"]); // encoded, then descended
  await trainer.close();
});

test("tasks of one trainer each learn a temperature of their own", async () => {
  const tasks = ["a", "b"].map(
    (task) =>
      new GradCache({ ...plain, name: task, temperature: (g) => temperature(g, { group: task }) }),
  );
  const state = startState();
  for (const task of ["a", "b"])
    for (const [k, v] of initialTheta({ group: task, init: 0.1 })) state.set(k, v);
  const trainer = await Trainer.create({
    executor: createExecutor("reference"),
    state,
    build: (bucket) => tasks.find((task) => task.owns(bucket))!.build(bucket),
  });
  await tasks[0]!.step(
    trainer,
    { query: feeds("query", true), target: feeds("target", true) },
    RATE,
  );
  const after = await trainer.state();
  expect(after.get(thetaName("a"))!.data[0]).not.toBe(state.get(thetaName("a"))!.data[0]);
  expect(after.get(thetaName("b"))!.data[0]).toBe(state.get(thetaName("b"))!.data[0]);
  await trainer.close();
});

test("bad options and feeds are named", async () => {
  expect(() => new GradCache({ ...plain, chunk: 0 })).toThrow(
    "GradCache: chunk must be a whole number from 1 up, got 0",
  );
  expect(() => new GradCache({ ...plain, blockBytes: 31 })).toThrow(
    "GradCache: blockBytes must hold one row of scores, 32 bytes, got 31",
  );
  const both = new GradCache({ ...plain, hardNegatives: 2, ownNegatives: 1 });
  expect(() => both.build("cached/block:all:8")).toThrow(
    "GradCache: mined negatives are shared or each query's own, got 2 and 1",
  );
  const wrong = new GradCache({
    ...plain,
    encode: { ...plain.encode, query: (g) => slice(g.input("x", [4, 9]), { axis: 1, end: 5 }) },
  });
  expect(() => wrong.build("cached/embed:query:4")).toThrow(
    "GradCache: encode.query of 4 items must give [4,4], got [4,5]",
  );
  const mined = new GradCache({ ...plain, hardNegatives: 2 });
  expect(() => mined.build("cached/embed:hardNegatives:2")).toThrow(
    "GradCache: there is no encode.hardNegatives",
  );
  const trainer = await Trainer.create({
    executor: createExecutor("reference"),
    state: startState(),
    build: (bucket) => mined.build(bucket),
  });
  const fed = { query: feeds("query", true), target: feeds("target", true) };
  await expect(mined.step(trainer, fed, RATE)).rejects.toThrow(
    "GradCache.step: there are no feeds of hardNegatives",
  );
  const counting = new GradCache({ ...plain, matches: true });
  const other = await Trainer.create({
    executor: createExecutor("reference"),
    state: startState(),
    build: (bucket) => counting.build(bucket),
  });
  await expect(counting.step(other, fed, RATE)).rejects.toThrow(
    "GradCache.step: there are no feeds of matches",
  );
  await other.close();
  await trainer.close();
});
