import { OP_CASES } from "../engine/op-cases.ts";
import { testWebgpu } from "../engine/webgpu-suite.ts";

testWebgpu(OP_CASES, 60);
