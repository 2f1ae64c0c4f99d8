/** @file Random graphs: values and gradients of every executor against the reference. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecutor } from "../../src/engine/index.ts";
import type { Device } from "../../src/engine/executor/types.ts";
import { DEVICES } from "./devices.ts";
import { checkOn } from "./random-graph.ts";

for (const { name, executor, options } of DEVICES.filter((one) => !one.options.loops)) {
  describe(`of a random graph ${name} gives`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await createExecutor(executor, options).open();
    });
    afterAll(() => device.close());

    test("the reference's values and gradients", { timeout: 240_000 }, async () => {
      expect(await checkOn(device)).toBeGreaterThan(1000);
    });
  });
}
