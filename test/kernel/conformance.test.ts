/** @file The suite on our kernel. `npm run kernel:compare` runs the same cases on its peers. */
import { afterAll, describe, expect, test } from "vitest";
import { OURS } from "../support/jupyter/peers.ts";
import { SUITE } from "./conformance/index.ts";
import type { Case } from "./conformance/session.ts";
import { Kernels } from "./conformance/run-suite.ts";

// Cases race real processes against the clock: one that fails on a busy machine is run again, twice at most.

/** What the kernel can't do yet (docs/kernel.md). One that begins to pass fails here until it is taken off. */
const LACKING = "debugger: ";

for (const { name, cases } of SUITE) {
  describe(name, () => {
    const kernels = new Kernels(OURS);
    afterAll(() => kernels.close());
    const lacks = ({ name: title }: Case): boolean => title.startsWith(LACKING);
    const passes = async (each: Case): Promise<void> => {
      const { status, reason } = await kernels.run(name, each);
      expect(status, reason).toBe("pass");
    };
    test.each(cases.filter((each) => !lacks(each)))("$name", { retry: 2 }, passes);
    for (const each of cases.filter(lacks)) test.fails(each.name, () => passes(each));
  });
}
