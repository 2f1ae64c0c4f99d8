/** @file The suite on our kernel. `npm run kernel:compare` runs the same cases on its peers. */
import { afterAll, describe, expect, test } from "vitest";
import { OURS } from "../support/jupyter/peers.ts";
import { SUITE } from "./conformance/index.ts";
import { Kernels } from "./conformance/run-suite.ts";

// Cases race real processes against the clock: one that fails on a busy machine is run again, twice at most.

for (const { name, cases } of SUITE) {
  describe(name, () => {
    const kernels = new Kernels(OURS);
    afterAll(() => kernels.close());
    test.each(cases)("$name", { retry: 2 }, async (each) => {
      const { status, reason } = await kernels.run(name, each);
      expect(status, reason).toBe("pass");
    });
  });
}
