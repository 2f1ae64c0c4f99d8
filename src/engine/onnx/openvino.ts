/** @file What OpenVINO 2026.4 does not read, or reads as something else, out of operators that it has. */
import type { Node, Value } from "../graph.ts";
import { dims } from "../ops/emit.ts";
import { sizeOf } from "../tensor.ts";
import type { Plan } from "./plan.ts";
import type { Substitute } from "./substitute.ts";
import { Nodes, substituted } from "./substitute.ts";

/**
 * The same outputs, from nodes that OpenVINO's CPU plugin runs.
 *
 * @throws Error for arithmetic on 64-bit integers, which that plugin does in 32 bits without a word
 */
export function forOpenvino(plan: Plan): Plan {
  const wide = plan.nodes.find(isWide);
  if (wide !== undefined) {
    throw new Error(
      `device openvino computes 64-bit integers in 32 bits, so ${wide.op} of int64 would be wrong; a graph with dropout needs another device, such as cpu`,
    );
  }
  return substituted(plan, SUBSTITUTES);
}

function isWide({ op, outputs }: Node): boolean {
  return outputs[0]!.dtype === "int64" && ["Add", "Mul", "Sub", "Div", "Neg"].includes(op);
}

const SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  // Of one element, x sigmoid(b x) becomes a Swish whose b it takes x for: (1 + tanh(x / 2)) / 2
  Sigmoid(node) {
    const x = node.inputs[0]!;
    if (sizeOf(x.shape) !== 1) return null;
    const made = new Nodes(node);
    const half = x.graph.scalar(0.5);
    const tanh = made.add("Tanh", [made.add("Mul", [x, half])]);
    return made.last("Add", [made.add("Mul", [tanh, half]), half]);
  },
  // x [c, c] + [x2, x1] [-s, s], the tables' rows in the order of the tokens
  RotaryEmbedding(node) {
    const [x, , cos, sin] = node.inputs as readonly [Value, Value, Value, Value];
    const made = new Nodes(node);
    const { graph, shape } = x;
    const [width, tokens] = [shape[3]!, shape[2]!];
    const half = width / 2;
    const narrow = [cos.shape[0]! / tokens, 1, tokens, half];
    const wide = { shape: narrow.with(3, width) };
    const last = { axis: { int: 3 } };
    const table = (flat: Value): Value =>
      made.add("Reshape", [flat, dims(graph, narrow)], { shape: narrow });
    const part = (from: number): Value =>
      made.add("Slice", [x, dims(graph, [from]), dims(graph, [from + half]), dims(graph, [3])], {
        shape: shape.with(3, half),
      });
    const [c, s] = [table(cos), table(sin)];
    const both = made.add("Concat", [c, c], wide, last);
    const signed = made.add("Concat", [made.add("Neg", [s], { shape: narrow }), s], wide, last);
    const swapped = made.add("Concat", [part(half), part(0)], {}, last);
    return made.last("Add", [made.add("Mul", [x, both]), made.add("Mul", [swapped, signed])]);
  },
};
