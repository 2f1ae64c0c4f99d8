import { afterAll, beforeAll, describe, test } from "vitest";
import { createExecutor } from "../../src/engine/index.ts";
import { Comparison } from "../support/gradcheck.ts";
import { DEVICES } from "./devices.ts";
import { OP_CASES } from "./op-cases.ts";

// A Loop is made of the same operations; executor-training.test.ts runs it.
for (const { name, executor, options } of DEVICES.filter((one) => !one.options.loops)) {
  describe(`${name} gives what the reference gives, forward and backward`, () => {
    let comparison: Comparison;
    beforeAll(async () => {
      comparison = await Comparison.open(OP_CASES, createExecutor(executor, options));
    });
    afterAll(() => comparison.close());

    for (const one of OP_CASES) test(one.name, () => comparison.check(one.name));
  });
}
