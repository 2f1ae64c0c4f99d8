/** @file Every operation, random graphs and trainings on OpenVINO's library, which npm does not have. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Trainer } from "../../src/engine/index.ts";
import { Trainer as Training, createExecutor, interpret } from "../../src/engine/index.ts";
import type { Device } from "../../src/engine/executor/types.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { expectClose } from "../engine/close.ts";
import { OP_CASES } from "../engine/op-cases.ts";
import type { Sketch } from "../engine/random-graph.ts";
import { feedsOf, graphOf, sketches } from "../engine/random-graph.ts";
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
    const check = async (sketch: Sketch): Promise<void> => {
      const plan = planOf(graphOf(sketch));
      const used = feedsOf(sketch, plan);
      await device.compile("it", { plan, updates: new Map(), guards: [] });
      const [found] = await device.run("it", [used]);
      await device.release("it");
      expectClose(found!.outputs, interpret(plan, used, new Map()));
    };
    await fc.assert(fc.asyncProperty(sketches, check), { numRuns: 60, seed: 5 });
    expect(await device.inventory()).toMatchObject({ programs: 0, tensors: 0 });
  });

  test("tells its version", () => {
    expect(device.name).toBe("openvino");
    expect(device.detail).toBe("openvino 2026.4.1");
  });
});

describe("a training on openvino", () => {
  const open = (executor: "openvino" | "reference"): Promise<Trainer> =>
    Training.create({
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
