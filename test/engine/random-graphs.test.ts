/** @file Random graphs: values and gradients of every executor against the reference. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecutor, interpret } from "../../src/engine/index.ts";
import type { Device } from "../../src/engine/executor/types.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { DEVICES } from "./devices.ts";
import type { Sketch } from "./random-graph.ts";
import { feedsOf, graphOf, sketches } from "./random-graph.ts";
import { expectClose } from "./close.ts";

for (const { name, executor, options } of DEVICES.filter((one) => !one.options.loops)) {
  describe(`of a random graph ${name} gives`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await createExecutor(executor, options).open();
    });
    afterAll(() => device.close());

    test("the reference's values and gradients", { timeout: 240_000 }, async () => {
      let nodes = 0;
      const check = async (sketch: Sketch): Promise<void> => {
        const plan = planOf(graphOf(sketch));
        const used = feedsOf(sketch, plan);
        const expected = interpret(plan, used, new Map());
        await device.compile("it", { plan, updates: new Map(), guards: [] });
        const [found] = await device.run("it", [used]);
        await device.release("it");
        nodes += plan.nodes.length;
        expectClose(found!.outputs, expected);
      };
      // The seed is fixed, so that it fails for everybody or for nobody.
      await fc.assert(fc.asyncProperty(sketches, check), { numRuns: 60, seed: 5 });
      expect(nodes).toBeGreaterThan(1000);
    });
  });
}
