import { OP_CASES } from "./op-cases.ts";
import { testWebgpu } from "./webgpu-suite.ts";

/** The first of each operation; test/interop/webgpu.test.ts takes all. */
const FIRST = Map.groupBy(OP_CASES, ({ name }) => name.split(/[ ,]/)[0]!);

testWebgpu(
  [...FIRST.values()].map(([one]) => one!),
  10,
);
