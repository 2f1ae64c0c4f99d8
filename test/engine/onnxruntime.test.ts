import { describe, test } from "vitest";
import { sameOnOnnxRuntime } from "../support/gradcheck.ts";
import { OP_CASES } from "./op-cases.ts";

describe("ONNX Runtime gives what the reference gives, forward and backward", () => {
  for (const { name, f, inputs } of OP_CASES) {
    test(name, () => sameOnOnnxRuntime(f, inputs));
  }
});
