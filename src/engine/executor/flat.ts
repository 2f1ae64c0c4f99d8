/** @file A plan as plain data. */
import type { Value } from "../graph.ts";
import type { Plan } from "../onnx/plan.ts";
import type { FlatPlan } from "./messages.ts";

/** The same plan, values by name. */
export function flatPlan({ nodes, constants, outputs }: Plan): FlatPlan {
  return {
    nodes: nodes.map((node) => ({
      op: node.op,
      inputs: node.inputs.map((value) => value?.name ?? null),
      outputs: node.outputs.map(({ name, shape, dtype }: Value) => ({ name, shape, dtype })),
      attributes: node.attributes,
    })),
    constants: new Map(
      constants.flatMap(({ name, source }) =>
        source.kind === "constant" ? [[name, source.tensor] as const] : [],
      ),
    ),
    outputs: new Map([...outputs].map(([name, value]) => [name, value.name])),
  };
}
