/** @file Reverse-mode differentiation: more nodes in the same graph. */
import type { Node, Value } from "./graph.ts";
import { add } from "./ops/elementwise.ts";
import { expand } from "./ops/shape.ts";
import { tensor, sizeOf } from "./tensor.ts";

/**
 * d loss / d value for each of `wrt`, as values of the same graph. Zero where the loss does not depend on it.
 *
 * @param loss a single number, shape [] or all ones
 * @throws if a node on the way has no gradient rule, naming it
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  const { graph } = loss;
  if (sizeOf(loss.shape) !== 1) {
    throw new Error(`gradients: the loss must be a single number, got ${loss}`);
  }
  const nodes = graph.needed([loss]);
  const dependent = dependents(nodes, wrt);
  const total = new Map<Value, Value>();
  total.set(loss, graph.constant(tensor(new Float32Array([1]), loss.shape)));
  for (const node of nodes.toReversed()) {
    const output = node.outputs[0]!;
    const all = node.outputs.map((value) => total.get(value));
    if (node.gradient === undefined || !dependent.has(output)) continue;
    if (all.every((gradient) => gradient === undefined)) continue;
    const first = all[0] ?? zeros(output);
    for (const [i, part] of node.gradient(first, output, all).entries()) {
      const input = node.inputs[i]!;
      if (part === null || !dependent.has(input)) continue;
      const sofar = total.get(input);
      total.set(input, sofar === undefined ? part : add(sofar, part));
    }
  }
  return wrt.map((value) => total.get(value) ?? zeros(value));
}

/** A constant of a value's shape. */
export function zeros({ graph, shape }: Value): Value {
  return expand(graph.scalar(0), shape);
}

/** The values that change when one of `sources` does. */
function dependents(nodes: readonly Node[], sources: readonly Value[]): Set<Value> {
  const found = new Set<Value>(sources);
  for (const node of nodes) {
    if (node.inputs.some((input) => found.has(input))) {
      for (const output of node.outputs) found.add(output);
    }
  }
  return found;
}
