import { afterAll, beforeAll, describe, test } from "vitest";
import { Comparison } from "../support/gradcheck.ts";
import { OP_CASES } from "./op-cases.ts";

describe("ONNX Runtime gives what the reference gives, forward and backward", () => {
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await Comparison.open(OP_CASES);
  });
  afterAll(() => comparison.close());

  for (const { name } of OP_CASES) test(name, () => comparison.check(name));
});
