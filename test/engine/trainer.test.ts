import { expect, test } from "vitest";
import type { Program, State } from "../../src/engine/index.ts";
import {
  Evaluator,
  Graph,
  NonFiniteError,
  Trainer,
  add,
  createExecutor,
  log,
  mul,
  sub,
  sum,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";
import { numberOf, toPlain, toyFeeds, toyProgram, toyState } from "./toy.ts";

const onnxruntime = createExecutor("onnxruntime", { threads: 2 });
const reference = createExecutor("reference");
const RATE = { learningRate: 3e-3 };

async function trainer(
  options: Partial<Parameters<typeof Trainer.create>[0]> = {},
): Promise<Trainer> {
  return Trainer.create({
    executor: onnxruntime,
    state: toyState(),
    build: toyProgram,
    ...options,
  });
}

test("two towers learn to find each other", async () => {
  const one = await trainer();
  const losses: number[] = [];
  for (let step = 0; step < 150; step++)
    losses.push(numberOf((await one.step("32", toyFeeds(32), RATE))["loss"]));
  await one.close();
  expect(losses[0]).toBeGreaterThan(2);
  expect(losses.at(-1)).toBeLessThan(0.2); // chance is log 32 = 3.5
});

test("ONNX Runtime follows the reference through 20 steps", async () => {
  const [fast, exact] = [await trainer(), await trainer({ executor: reference })];
  for (let step = 0; step < 20; step++) {
    const [a, b] = [
      await fast.step("8", toyFeeds(8, step), RATE),
      await exact.step("8", toyFeeds(8, step), RATE),
    ];
    expect(numberOf(a["loss"])).toBeCloseTo(numberOf(b["loss"]), 4);
    expect(numberOf(a["gradNorm"])).toBeCloseTo(numberOf(b["gradNorm"]), 3);
  }
  await fast.close();
  await exact.close();
});

test("the same steps give the same bits", async () => {
  const runs: State[] = [];
  for (let run = 0; run < 2; run++) {
    const one = await trainer();
    for (let step = 0; step < 10; step++) await one.step("32", toyFeeds(32, step), RATE);
    runs.push(await one.state());
    await one.close();
  }
  expect(toPlain(runs[0]!)).toEqual(toPlain(runs[1]!));
});

test("a trainer that goes on from a saved state ends at the same bits", async () => {
  const whole = await trainer();
  for (let step = 0; step < 6; step++) await whole.step("16", toyFeeds(16, step), RATE);
  const expected = await whole.state();
  await whole.close();

  const first = await trainer();
  for (let step = 0; step < 3; step++) await first.step("16", toyFeeds(16, step), RATE);
  const saved = await first.state();
  await first.step("16", toyFeeds(16, 99), RATE); // must not touch what was saved
  await first.close();
  const second = await trainer({ state: saved });
  expect(second.updates).toBe(3);
  for (let step = 3; step < 6; step++) await second.step("16", toyFeeds(16, step), RATE);
  expect(toPlain(await second.state())).toEqual(toPlain(expected));
  await second.close();
});

test("load goes back to a state, and to fresh moments if it has none", async () => {
  const one = await trainer();
  await one.step("8", toyFeeds(8), RATE);
  const after = toPlain(await one.state());
  await one.load(toyState());
  await one.step("8", toyFeeds(8), RATE);
  expect(toPlain(await one.state())).toEqual(after);
  await one.close();
});

test("buckets share one state", async () => {
  const one = await trainer();
  await one.step("8", toyFeeds(8), RATE);
  const before = await one.state();
  await one.step("16", toyFeeds(16), RATE);
  const after = await one.state();
  await one.close();

  const other = await trainer({ state: before });
  await other.step("16", toyFeeds(16), RATE);
  expect(toPlain(await other.state())).toEqual(toPlain(after));
  await other.close();
});

test("steps in one message are the same as steps one by one", async () => {
  const feeds = Array.from({ length: 5 }, (_, i) => toyFeeds(8, i));
  const rates = [1e-3, 2e-3, 3e-3, 2e-3, 1e-3];
  const [single, many] = [await trainer(), await trainer()];
  const losses: number[] = [];
  for (const [i, one] of feeds.entries())
    losses.push(numberOf((await single.step("8", one, { learningRate: rates[i]! }))["loss"]));
  const outputs = await many.steps("8", feeds, { learningRate: rates });
  expect(outputs.map((output) => numberOf(output["loss"]))).toEqual(losses);
  expect(toPlain(await many.state())).toEqual(toPlain(await single.state()));
  await single.close();
  await many.close();
});

test("asked for without waiting, steps run in order", async () => {
  const [waiting, eager] = [await trainer(), await trainer()];
  for (let i = 0; i < 4; i++)
    await waiting.step(i % 2 === 0 ? "8" : "16", toyFeeds(i % 2 === 0 ? 8 : 16, i), RATE);
  await Promise.all(
    [0, 1, 2, 3].map((i) =>
      eager.step(i % 2 === 0 ? "8" : "16", toyFeeds(i % 2 === 0 ? 8 : 16, i), RATE),
    ),
  );
  expect(toPlain(await eager.state())).toEqual(toPlain(await waiting.state()));
  await waiting.close();
  await eager.close();
});

// --- accumulation ---

/** Mean squared distance of p to the rows fed: its gradient is linear in the batch. */
function meanProgram(bucket: string): Program {
  const graph = new Graph();
  const batch = Number(bucket);
  const p = graph.parameter("p", [3]);
  const away = sub(p, graph.input("rows", [batch, 3]));
  const loss = mul(sum(mul(away, away)), 1 / batch);
  return trainProgram({
    graph,
    loss,
    groups: [{ parameters: [p], weightDecay: 0.1 }],
    clipNorm: 1,
  });
}

const rows = (from: number, count: number) => {
  const data = Float32Array.from({ length: count * 3 }, (_, i) => Math.sin(from * 3 + i));
  return { rows: tensor(data, [count, 3]) };
};

test("accumulating over parts equals one batch of all", async () => {
  const make = () =>
    trainer({ state: new Map([["p", tensor([1, 2, 3], [3])]]), build: meanProgram });
  const [whole, parts] = [await make(), await make()];
  for (let step = 0; step < 3; step++) {
    await whole.step("12", rows(step, 12), RATE);
    const batches = [0, 4, 8].map((at) => ({ bucket: "4", feeds: rows(step + at, 4) }));
    const outputs = await parts.accumulate(batches, RATE);
    expect(outputs).toHaveLength(3);
  }
  const [a, b] = [await whole.state(), await parts.state()];
  expect(a.get("p")!.data as Float32Array).toBeAllclose(b.get("p")!.data as Float32Array, {
    rtol: 1e-6,
  });
  expect([...b.keys()].filter((name) => name.startsWith("adam.sum"))).toEqual([]);
  expect(parts.updates).toBe(3);
  await whole.close();
  await parts.close();
});

test("accumulate refuses nothing to accumulate", async () => {
  const one = await trainer();
  await expect(one.accumulate([], RATE)).rejects.toThrow(
    "Trainer.accumulate: needs at least one batch",
  );
  await one.close();
});

test("accumulate refuses batches that train different parameters, and a sum that overflows", async () => {
  const build = (bucket: string): Program => {
    const graph = new Graph();
    const p = graph.parameter(bucket === "b" ? "b" : "a", [1]);
    const loss = sum(mul(p, graph.input("slope", [1])));
    return trainProgram({ graph, loss, groups: [{ parameters: [p] }] });
  };
  const state: State = new Map(["a", "b"].map((name) => [name, tensor([0], [1])]));
  const one = await trainer({ state, build });
  const batch = (bucket: string, slope: number) => ({
    bucket,
    feeds: { slope: tensor([slope], [1]) },
  });
  await expect(one.accumulate([batch("a", 1), batch("b", 1)], RATE)).rejects.toThrow(
    "Trainer.accumulate: buckets a and b train different parameters",
  );
  await expect(one.accumulate([batch("a", 3e38), batch("a", 3e38)], RATE)).rejects.toThrow(
    "step 1: gradNorm of the summed gradients is not finite",
  );
  await one.close();
});

test("steps wants a rate for each step", async () => {
  const one = await trainer();
  const two = [toyFeeds(8), toyFeeds(8)];
  await expect(one.steps("8", two, { learningRate: [1e-3] })).rejects.toThrow(
    "Trainer.steps: learningRate has no element 1",
  );
  await one.close();
});

// --- parameters that do not move ---

test("a parameter the loss does not reach keeps its value and has no moments", async () => {
  const build = (): Program => {
    const graph = new Graph();
    const [used, unused] = [graph.parameter("used", [2]), graph.parameter("unused", [2])];
    const groups = [{ parameters: [used, unused], weightDecay: 0.5 }];
    return trainProgram({ graph, loss: sum(mul(used, used)), groups });
  };
  const state: State = new Map([
    ["used", tensor([1, 2], [2])],
    ["unused", tensor([3, 4], [2])],
  ]);
  const one = await trainer({ state, build });
  await one.step("only", {}, RATE);
  const after = await one.state();
  expect(Array.from(after.get("unused")!.data as Float32Array)).toEqual([3, 4]);
  expect([...after.keys()].sort()).toEqual([
    "adam.m/used",
    "adam.step",
    "adam.v/used",
    "unused",
    "used",
  ]);
  await one.close();
});

// --- what goes wrong ---

/** log(p) sum(x) where p can be driven below zero. */
function fragile(): Program {
  const graph = new Graph();
  const p = graph.parameter("p", [2]);
  const logs = log(add(p, graph.input("x", [2])));
  return trainProgram({ graph, loss: sum(logs), groups: [{ parameters: [p] }] });
}
const fragileTrainer = () =>
  trainer({ state: new Map([["p", tensor([1, 2], [2])]]), build: fragile });
const shift = (x: number) => ({ x: tensor([x, x], [2]) });

for (const name of ["onnxruntime", "reference"] as const) {
  test(`${name}: a loss that is not finite names step and first value, and changes nothing`, async () => {
    const state: State = new Map([["p", tensor([1, 2], [2])]]);
    const one = await trainer({ executor: createExecutor(name), state, build: fragile });
    await one.step("only", shift(0), { learningRate: 0 });
    const before = toPlain(await one.state());
    const error: unknown = await one.step("only", shift(-1.5), RATE).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ code: "NON_FINITE", step: 2 });
    expect(String(error)).toMatch(
      /step 2 \(bucket only\): loss is NaN; first at Log\(%\d+ \[2\]\) -> %\d+ \[2\]/,
    );
    expect(toPlain(await one.state())).toEqual(before);
    expect(one.updates).toBe(1);
    await one.step("only", shift(1), RATE); // and it goes on
    await one.close();
  });
}

test("a gradient that is not finite names its parameter", async () => {
  const one = await trainer({
    state: new Map([["p", tensor([0], [1])]]),
    build: () => {
      const graph = new Graph();
      const p = graph.parameter("p", [1]);
      // x^2 1e38 is 0 at 0, but its slope times 1e38 overflows f32
      const loss = sum(mul(mul(p, 1e30), 1e30));
      return trainProgram({ graph, loss, groups: [{ parameters: [p] }] });
    },
  });
  await expect(one.step("only", {}, RATE)).rejects.toThrow(
    "step 1 (bucket only): gradNorm is Infinity; first at the gradient of parameter p [1]",
  );
  await one.close();
});

test("a fed NaN is named as such", async () => {
  const one = await fragileTrainer();
  await expect(one.step("only", shift(NaN), RATE)).rejects.toThrow(
    "step 1 (bucket only): loss is NaN; input x is not finite",
  );
  await one.close();
});

test("feeds are checked by name, dtype and shape", async () => {
  const one = await fragileTrainer();
  await expect(one.step("only", {}, RATE)).rejects.toThrow("bucket only: input x [2] is not fed");
  await expect(one.step("only", { ...shift(0), y: tensor([0], [1]) }, RATE)).rejects.toThrow(
    "bucket only has no input y; it has x",
  );
  await expect(one.step("only", { x: tensor([0], [1]) }, RATE)).rejects.toThrow(
    "bucket only, input x: wants float32 [2], got float32 [1]",
  );
  await expect(one.step("only", { x: tensor([0, 1], [2], "int64") }, RATE)).rejects.toThrow(
    "bucket only, input x: wants float32 [2], got int64 [2]",
  );
  await expect(one.step("only", shift(0), { learningRate: NaN })).rejects.toThrow(
    "step 1: learning rate must be >= 0 and finite, got NaN",
  );
  await one.close();
});

test("a state that does not fit the graph is refused by name", async () => {
  const none = await trainer({ state: new Map(), build: fragile });
  await expect(none.step("only", shift(0), RATE)).rejects.toThrow("state has no parameter p [2]");
  await none.close();
  const other = await trainer({ state: new Map([["p", tensor([1], [1])]]), build: fragile });
  await expect(other.step("only", shift(0), RATE)).rejects.toThrow(
    "parameter p is float32 [2] in the graph, but float32 [1] in the state",
  );
  await other.close();
});

test("a closed trainer says so", async () => {
  const one = await trainer();
  await one.close();
  await one.close();
  await expect(one.step("8", toyFeeds(8), RATE)).rejects.toThrow("the executor is closed");
});

test("trainProgram refuses what it cannot train", () => {
  const graph = new Graph();
  const p = graph.parameter("p", [2]);
  const x = graph.input("x", [2]);
  const loss = sum(mul(p, p));
  const program = (options: object) => () =>
    trainProgram({ graph, loss, groups: [{ parameters: [p] }], ...options });
  expect(program({ loss: p })).toThrow("trainProgram: loss must be one number, got [2]");
  expect(program({ loss: sum(x) })).toThrow(
    "trainProgram: the loss depends on no parameter of the groups",
  );
  expect(program({ groups: [{ parameters: [x] }] })).toThrow(
    "trainProgram: x is no parameter of the graph",
  );
  expect(program({ groups: [{ parameters: [p] }, { parameters: [p] }] })).toThrow(
    "trainProgram: parameter p is in two groups",
  );
  expect(program({ beta1: 1 })).toThrow("trainProgram: beta1 must be in [0, 1), got 1");
  expect(program({ epsilon: 0 })).toThrow("trainProgram: epsilon must be > 0, got 0");
  expect(program({ clipNorm: 0 })).toThrow("trainProgram: clipNorm must be > 0, got 0");
  expect(program({ outputs: { gradNorm: loss } })).toThrow(
    "outputs loss and gradNorm are always returned",
  );
  expect(program({ outputs: { "next/p": loss } })).toThrow(
    "trainProgram: output next/p: names that start with next/ are those of updated tensors, choose another",
  );
  expect(program({ loss: sum(new Graph().parameter("q", [1])) })).toThrow(
    "trainProgram: loss is a value of another graph",
  );
});

// --- evaluator ---

test("the evaluator runs forward graphs on a trainer's state", async () => {
  const one = await trainer();
  const first = await one.state();
  const { loss } = await one.step("8", toyFeeds(8), RATE);
  const build = (bucket: string): Graph => {
    const { graph, loss: value } = toyProgram(bucket);
    graph.output("loss", value);
    return graph;
  };
  const evaluator = await Evaluator.create({ executor: onnxruntime, state: first, build });
  const again = await evaluator.run("8", toyFeeds(8));
  expect(numberOf(again["loss"])).toBeCloseTo(numberOf(loss), 5);
  await evaluator.load(await one.state());
  const trained = await evaluator.run("8", toyFeeds(8));
  expect(numberOf(trained["loss"])).toBeLessThan(numberOf(loss));
  await expect(evaluator.load(new Map())).rejects.toThrow(/state has no parameter \S+ \[/);
  await evaluator.close();
  await one.close();
});

test("threads must be a whole number", () => {
  expect(() => createExecutor("onnxruntime", { threads: 0 })).toThrow(
    "createExecutor: threads must be a whole number from 1 up, got 0",
  );
  expect(() => createExecutor("tpu" as "reference")).toThrow(
    "createExecutor: wants cpu, openvino, cuda, webgpu, wasm, tfjs, onnxruntime, auto, reference; got tpu",
  );
});

test("a parameter that only some buckets reach is corrected by its own count of updates", async () => {
  /** Two parameters; the bucket names those in the loss. */
  const build = (bucket: string): Program => {
    const graph = new Graph();
    const all = ["a", "b"].map((name) => graph.parameter(name, [1]));
    const used = all.filter(({ name }) => bucket.includes(name));
    const loss = sum(used.map((p) => mul(p, p)).reduce((x, y) => add(x, y)));
    return trainProgram({ graph, loss, groups: [{ parameters: all }] });
  };
  const state = (): State => new Map(["a", "b"].map((name) => [name, tensor([2], [1])]));
  const alone = await trainer({ state: state(), build, executor: reference });
  for (let step = 0; step < 3; step++) await alone.step("b", {}, RATE);
  const expected = toPlain(await alone.state())["b"]!;
  await alone.close();

  let mixed = await trainer({ state: state(), build, executor: reference });
  for (const bucket of ["a", "ab", "a", "a", "ab"]) await mixed.step(bucket, {}, RATE);
  const saved = await mixed.state();
  expect(numberOf(saved.get("adam.step"))).toBe(5);
  expect(numberOf(saved.get("adam.step/b"))).toBe(2);
  expect(saved.has("adam.step/a")).toBe(false);
  await mixed.close();
  mixed = await trainer({ state: saved, build, executor: reference });
  await mixed.step("ab", {}, RATE);
  expect(toPlain(await mixed.state())["b"]).toEqual(expected);
  await mixed.close();
});
