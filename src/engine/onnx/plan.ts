/** @file What of a graph a set of outputs needs: the one list that writer and interpreter share. */
import type { Graph, Node, Value } from "../graph.ts";

/** The live part of a graph. */
export type Plan = {
  /** In an order in which they can run. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly states: readonly Value[];
  readonly constants: readonly Value[];
  readonly outputs: ReadonlyMap<string, Value>;
};

/**
 * Everything `outputs` depends on; the rest is dead and left out.
 *
 * @throws Error for an output named as an input or a parameter it is computed from: names are unique in a model.
 */
export function planOf(graph: Graph, outputs: ReadonlyMap<string, Value> = graph.outputs()): Plan {
  const live = new Set<Value>();
  const nodes = new Set<Node>();
  const pending = [...outputs.values()];
  while (pending.length > 0) {
    const value = pending.pop()!;
    if (live.has(value)) continue;
    live.add(value);
    if (value.source.kind !== "node" || nodes.has(value.source.node)) continue;
    nodes.add(value.source.node);
    for (const input of value.source.node.inputs) if (input !== null) pending.push(input);
  }
  for (const { name, source } of live) {
    if ((source.kind !== "input" && source.kind !== "state") || !outputs.has(name)) continue;
    const kind = source.kind === "input" ? "an input" : "a parameter";
    throw new Error(`output ${name} has the name of ${kind} of the graph, choose another`);
  }
  const sorted = [...live].sort((a, b) => a.id - b.id);
  const of = (kind: Value["source"]["kind"]): Value[] =>
    sorted.filter((v) => v.source.kind === kind);
  return {
    nodes: [...nodes].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id),
    inputs: of("input"),
    states: of("state"),
    constants: of("constant"),
    outputs,
  };
}
