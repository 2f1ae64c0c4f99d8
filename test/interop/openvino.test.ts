/** @file Every operation, random graphs and trainings on OpenVINO's library, which npm does not have. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Graph, Trainer, createExecutor, matmul, zeros } from "../../src/engine/index.ts";
import type { Device } from "../../src/engine/executor/types.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { OP_CASES } from "../engine/op-cases.ts";
import { checkOn } from "../engine/random-graph.ts";
import { numberOf, toPlain, toyFeeds, toyProgram, toyState } from "../engine/toy.ts";
import { Comparison } from "../support/gradcheck.ts";
import { environment } from "./python.ts";

const RATE = { learningRate: 3e-3 };
const CASES = OP_CASES.filter(({ name }) => name !== "dropout"); // refused: test/engine/openvino.test.ts

beforeAll(() => {
  const python = environment("openvino", [["--no-deps", "openvino==2026.4.1"]]);
  const script = "import sysconfig; print(sysconfig.get_path('purelib'))";
  const packages = execFileSync(python, ["-c", script], { encoding: "utf8" }).trim();
  process.env["RZENLAB_OPENVINO"] = join(packages, "openvino/libs");
}, 600_000);

describe("openvino gives what the reference gives, forward and backward", () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await Comparison.open(CASES, createExecutor("openvino", { threads: 2 }));
  });
  afterAll(() => comparison.close());

  for (const { name } of CASES) test(name, () => comparison.check(name));
});

describe("openvino", () => {
  let device: Device;
  beforeAll(async () => {
    device = await createExecutor("openvino", { threads: 2 }).open();
  });
  afterAll(() => device.close());

  test("computes random graphs as the reference does", async () => {
    expect(await checkOn(device)).toBeGreaterThan(1000);
    expect(await device.inventory()).toMatchObject({ programs: 0, tensors: 0 });
  });

  test("tells the times of its nodes", async () => {
    const graph = new Graph();
    const x = graph.input("x", [64, 64]);
    graph.output("y", matmul(x, x));
    const compilation = { plan: planOf(graph), updates: new Map(), guards: [] };
    const times = await device.profile(compilation, { x: zeros([64, 64]) }, 3);
    expect(times.nodes.map(({ op }) => op)).toContain("MatMul");
    expect(times.nodes.every(({ microseconds }) => microseconds > 0)).toBe(true);
    expect(times.microseconds).toBeGreaterThan(0);
    expect(await device.inventory()).toMatchObject({ programs: 0 });
  });

  test("tells its version", () => {
    expect(device.name).toBe("openvino");
    expect(device.detail).toBe("openvino 2026.4.1");
  });
});

describe("a training on openvino", () => {
  const open = (executor: "openvino" | "reference"): Promise<Trainer> =>
    Trainer.create({
      executor: createExecutor(executor, { threads: 2 }),
      state: toyState(),
      build: (bucket) => toyProgram(bucket, { clipNorm: 0.5 }),
    });

  test("follows the reference, moments too, and gives the same bits again", async () => {
    const [one, again, exact] = [
      await open("openvino"),
      await open("openvino"),
      await open("reference"),
    ];
    for (let step = 0; step < 8; step++) {
      const feeds = toyFeeds(8, step);
      const found = await one.step("8", feeds, RATE);
      const expected = await exact.step("8", feeds, RATE);
      await again.step("8", feeds, RATE);
      expect(numberOf(found["loss"])).toBeCloseTo(numberOf(expected["loss"]), 4);
    }
    const [found, expected] = [toPlain(await one.state()), toPlain(await exact.state())];
    expect(toPlain(await again.state())).toEqual(found);
    for (const [name, values] of Object.entries(expected)) {
      expect(found[name]!, name).toBeAllclose(values, { rtol: 1e-3, atol: 1e-5 });
    }
    for (const trainer of [one, again, exact]) await trainer.close();
  });

  test("leaves nothing behind", async () => {
    const trainer = await open("openvino");
    for (let step = 0; step < 20; step++) await trainer.step("8", toyFeeds(8, step), RATE);
    const before = await trainer.inventory();
    for (let step = 0; step < 200; step++) await trainer.step("8", toyFeeds(8, step), RATE);
    const after = await trainer.inventory();
    expect([after.programs, after.tensors]).toEqual([before.programs, before.tensors]);
    await trainer.close();
  });
});
