/** @file Operators that an executor lacks, out of operators that it has. */
import type { Attributes, Node, OutputType } from "../graph.ts";
import { Value } from "../graph.ts";
import type { Plan } from "./plan.ts";

/** What stands for a node, or null where it can stay; `makers` tells which node made a value. */
export type Substitute = (node: Node, makers: ReadonlyMap<Value, Node>) => readonly Node[] | null;

/** The same outputs, with what `substitutes` has for an operator in the place of its nodes. */
export function substituted(plan: Plan, substitutes: Readonly<Record<string, Substitute>>): Plan {
  const makers = new Map(plan.nodes.flatMap((node) => node.outputs.map((v) => [v, node] as const)));
  const nodes = live(
    plan.nodes.flatMap((node) => substitutes[node.op]?.(node, makers) ?? [node]),
    plan.outputs.values(),
  );
  const read = [...nodes.flatMap((node) => node.inputs), ...plan.outputs.values()];
  const constants = new Set(read.filter((value) => value?.source.kind === "constant") as Value[]);
  return { ...plan, nodes, constants: [...constants] };
}

/** Nodes that stand for one: all but the last have outputs of their own. */
export class Nodes {
  readonly #for: Value;
  readonly #nodes: Node[] = [];

  constructor(node: Node) {
    this.#for = node.outputs[0]!;
  }

  /** A node whose output is like the replaced one's but for `type`. */
  add(
    op: string,
    inputs: readonly Value[],
    { shape, dtype }: Partial<OutputType> = {},
    attributes: Attributes = {},
  ): Value {
    const like = this.#for;
    const type = { shape: shape ?? like.shape, dtype: dtype ?? like.dtype };
    const own = `${like.name}/${this.#nodes.length}`;
    const output = new Value(like.graph, like.id, own, type, like.source);
    this.#nodes.push({ op, domain: "", inputs, outputs: [output], attributes });
    return output;
  }

  /** All of them, after one that gives the replaced output. */
  last(op: string, inputs: readonly Value[], attributes: Attributes = {}): readonly Node[] {
    const outputs = [this.#for];
    return [...this.#nodes, { op, domain: "", inputs, outputs, attributes }];
  }
}

/** Those that something reads. */
function live(nodes: readonly Node[], wanted: Iterable<Value>): Node[] {
  const read = new Set<Value | null>(wanted);
  const kept: Node[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => read.has(output))) continue;
    for (const input of node.inputs) read.add(input);
    kept.push(node);
  }
  return kept.reverse();
}

export function intOf({ op, attributes }: Node, name: string): number {
  const found = attributes[name];
  if (found === undefined || !("int" in found)) throw new Error(`internal: ${op} has no ${name}`);
  return found.int;
}
