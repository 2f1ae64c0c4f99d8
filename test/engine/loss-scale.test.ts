import { expect, onTestFinished, test } from "vitest";
import type { ExecutorName, LossScalingOptions, State, Tensor } from "../../src/engine/index.ts";
import {
  Graph,
  Random,
  Trainer,
  createExecutor,
  halfLinear,
  linear,
  mean,
  mul,
  sqrt,
  square,
  sub,
  tanh,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";

const random = Random.from(0, "loss-scale");
const drawn = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape[0]! * shape[1]! }, () => random.normal()),
    shape,
  );
const feeds = { x: drawn(4, 3), target: drawn(4, 2) };
const frozen = drawn(2, 5);
const start: State = new Map([
  ["w", drawn(5, 3)],
  ["frozen", tensor(frozen.data, [2, 5], "float16")],
]);

type Setup = {
  readonly lossScaling?: LossScalingOptions;
  /** The frozen layer multiplies in 16 bits. */
  readonly half?: boolean;
  /** Of the loss: small gradients vanish in 16 bits. */
  readonly size?: number;
  readonly device?: ExecutorName;
  readonly state?: State;
};

/** A trained layer under a frozen one, so that its gradient passes through the frozen one. */
async function trainer({
  lossScaling,
  half = false,
  size = 1,
  device = "reference",
  state = start,
}: Setup) {
  const made = await Trainer.create({
    executor: createExecutor(device, { threads: 1 }),
    state,
    build() {
      const graph = new Graph();
      const inner = tanh(linear(graph.input("x", [4, 3]), graph.parameter("w", [5, 3])));
      const weight = graph.state("frozen", [2, 5], "float16");
      const y = halfLinear(inner, weight, undefined, { compute: half ? "float16" : "float32" });
      const loss = mul(mean(square(sub(y, graph.input("target", [4, 2])))), size);
      const groups = [{ parameters: graph.parameters() }];
      return trainProgram({ graph, loss, groups, ...(lossScaling && { lossScaling }) });
    },
  });
  onTestFinished(() => made.close());
  return made;
}

const step = async (one: Trainer) => {
  const out = await one.step("b", feeds, { learningRate: 0.01 });
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, Number(data[0])]));
};
const weights = async (one: Trainer): Promise<number[]> =>
  Array.from((await one.state()).get("w")!.data, Number);

test.each(["cpu", "reference"] as const)(
  "in 32 bits a scale changes nothing, on %s",
  async (device) => {
    const plain = await trainer({ device });
    const withScale = await trainer({ device, lossScaling: {} });
    for (let i = 0; i < 3; i++) {
      const without = await step(plain);
      expect(await step(withScale)).toEqual({ ...without, lossScale: 2 ** 16, skipped: 0 });
    }
    expect(await weights(withScale)).toEqual(await weights(plain));
  },
);

test("a gradient that overflows 16 bits skips the step and halves the scale until it fits", async () => {
  const one = await trainer({ half: true, lossScaling: { initial: 2 ** 20 } });
  const before = await weights(one);
  const scales: number[] = [];
  let out = await step(one);
  while (out["skipped"] === 1) {
    scales.push(out["lossScale"]!);
    expect(out["gradNorm"]).not.toSatisfy(Number.isFinite);
    expect(await weights(one)).toEqual(before);
    expect(one.updates).toBe(0);
    out = await step(one);
  }
  expect(scales.length).toBeGreaterThan(0);
  expect(scales).toEqual(scales.map((_, i) => 2 ** (20 - i)));
  expect(out["lossScale"]).toBe(2 ** (20 - scales.length));
  expect(one.updates).toBe(1);
  // The update is that of 32 bits, as far as 16 bits can tell.
  const exact = await trainer({});
  await step(exact);
  expect(await weights(one)).toBeAllclose(await weights(exact), { atol: 1e-3, rtol: 0 });
});

test("gradients too small for 16 bits survive by the scale", async () => {
  const tiny = { half: true, size: 1e-9 };
  const lost = await step(await trainer(tiny));
  expect(lost["gradNorm"]).toBe(0);
  const kept = await step(await trainer({ ...tiny, lossScaling: { initial: 2 ** 30 } }));
  const exact = await step(await trainer({ size: 1e-9 }));
  expect(kept["gradNorm"]! / exact["gradNorm"]!).toBeCloseTo(1, 2);
});

test("on the CPU a scale that overflows 32 bits comes down alike, also within one call of many steps", async () => {
  const one = await trainer({ device: "cpu", size: 100, lossScaling: { initial: 2 ** 127 } });
  const outs = await one.steps(
    "b",
    Array.from({ length: 12 }, () => feeds),
    { learningRate: 0.01 },
  );
  const skipped = outs.map((out) => Number(out["skipped"]!.data[0]));
  const many = skipped.indexOf(0);
  expect(many).toBeGreaterThan(0);
  expect(skipped).toEqual(outs.map((_, i) => (i < many ? 1 : 0)));
  expect(one.updates).toBe(12 - many);
  const plain = await trainer({ device: "cpu", size: 100 });
  await plain.steps(
    "b",
    Array.from({ length: 12 - many }, () => feeds),
    { learningRate: 0.01 },
  );
  expect(await weights(one)).toBeAllclose(await weights(plain), { atol: 1e-6 });
});

test("it grows after steps that fit, and a resumed training knows it", async () => {
  const setup = { lossScaling: { initial: 8, growthInterval: 2 } };
  const one = await trainer(setup);
  const scales: number[] = [];
  for (let i = 0; i < 3; i++) scales.push((await step(one))["lossScale"]!);
  expect(scales).toEqual([8, 8, 16]);
  const state = await one.state();
  const next = [await step(one), await step(one)];
  const resumed = await trainer({ ...setup, state });
  expect([await step(resumed), await step(resumed)]).toEqual(next);
  expect(next.map((out) => out["lossScale"])).toEqual([16, 32]);
});

test("summed gradients that overflow are dropped and don't spoil the next sum", async () => {
  const one = await trainer({ device: "cpu", size: 100, lossScaling: { initial: 2 ** 127 } });
  const batches = [
    { bucket: "b", feeds },
    { bucket: "b", feeds },
  ];
  let tries = 0;
  for (;;) {
    const [out] = await one.accumulate(batches, { learningRate: 0.01 });
    tries++;
    if (Number(out!["skipped"]!.data[0]) === 0) break;
    expect(tries).toBeLessThan(60);
  }
  expect(tries).toBeGreaterThan(1);
  expect(one.updates).toBe(1);
  const plain = await trainer({ device: "cpu", size: 100 });
  await step(plain);
  expect(await weights(one)).toBeAllclose(await weights(plain), { atol: 1e-6 });
});

test("what is no matter of scale still stops the run", async () => {
  const one = await Trainer.create({
    executor: createExecutor("reference"),
    state: new Map([["a", tensor([0], [1])]]),
    build() {
      const graph = new Graph();
      const loss = mean(sqrt(square(graph.parameter("a", [1])))); // its slope at 0 is none
      const groups = [{ parameters: graph.parameters() }];
      return trainProgram({ graph, loss, groups, lossScaling: { initial: 4 } });
    },
  });
  onTestFinished(() => one.close());
  const run = () => one.step("b", {}, { learningRate: 0.01 });
  expect(Number((await run())["skipped"]!.data[0])).toBe(1);
  expect(Number((await run())["skipped"]!.data[0])).toBe(1);
  await expect(run()).rejects.toThrow("step 1 (bucket b): gradNorm is NaN");
  await expect(one.accumulate([{ bucket: "b", feeds: {} }], { learningRate: 1 })).rejects.toThrow(
    "step 1: gradNorm of the summed gradients is not finite",
  );
});

test("scales that cannot be are refused", () => {
  for (const lossScaling of [{ initial: 0.5 }, { initial: 2 ** 128 }, { growthInterval: 0 }]) {
    const graph = new Graph();
    const groups = [{ parameters: [graph.parameter("a", [1])] }];
    const options = { graph, loss: mean(graph.parameters()[0]!), groups, lossScaling };
    expect(() => trainProgram(options)).toThrow(
      "trainProgram: lossScaling wants initial from 1 to 2^127 and growthInterval from 1 up, got",
    );
  }
});
