import { describe, test } from "vitest";
import { gradcheck } from "../support/gradcheck.ts";
import { OP_CASES } from "./op-cases.ts";

describe("gradients agree with central differences in f64", () => {
  for (const { name, f, inputs } of OP_CASES) {
    test(name, () => gradcheck(f, inputs));
  }
});
