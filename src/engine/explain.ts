/** @file What a graph is made of and what a run of it costs, known before it runs. */
import type { Graph, Node } from "./graph.ts";
import { peakBytes } from "./onnx/memory.ts";
import type { Plan } from "./onnx/plan.ts";
import { planOf } from "./onnx/plan.ts";
import { sizeOf } from "./tensor.ts";

export type Explanation = {
  readonly nodes: number;
  /** Nodes of each operator, most first. */
  readonly operators: ReadonlyMap<string, number>;
  /** Numbers in the parameters that the outputs need. */
  readonly parameters: number;
  /** Of the matrix products, a multiplication and an addition counted as two; nearly all there are. */
  readonly productFlops: number;
  /** Computed values alive together, at worst, when nodes run in order. */
  readonly activationBytes: number;
  /** The same as lines of text. */
  toString(): string;
};

/** Explains the live part of a graph: what its outputs need. */
export function explain(graph: Graph): Explanation {
  const plan = planOf(graph);
  if (plan.outputs.size === 0) throw new Error("explain: the graph has no outputs");
  return explainPlan(plan);
}

/** What `explain` says of a graph, of the part of one that `plan` names. */
export function inWords(plan: Plan): string {
  return explainPlan(plan).toString();
}

/** Operations of a matrix product; 0 of anything else. */
export function flopsOf({ op, inputs, outputs, attributes }: Node): number {
  if (op !== "Gemm" && op !== "MatMul") return 0;
  const { shape } = inputs[0]!;
  const turned = attributes["transA"];
  const inner =
    turned !== undefined && "int" in turned && turned.int === 1 ? shape[0]! : shape.at(-1)!;
  return 2 * inner * sizeOf(outputs[0]!.shape);
}

// --- internal ---

function explainPlan(plan: Plan): Explanation {
  const counts = new Map<string, number>();
  for (const { op } of plan.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  const operators = new Map([...counts].sort(([, a], [, b]) => b - a));
  const known = {
    nodes: plan.nodes.length,
    operators,
    parameters: plan.states.reduce((total, { shape }) => total + sizeOf(shape), 0),
    productFlops: plan.nodes.reduce((total, node) => total + flopsOf(node), 0),
    activationBytes: peakBytes(plan),
  };
  return { ...known, toString: () => textOf(known) };
}

function textOf(known: Omit<Explanation, "toString">): string {
  const { nodes, operators, parameters, productFlops, activationBytes } = known;
  return [
    `nodes        ${nodes}: ${[...operators].map(([op, count]) => `${count} ${op}`).join(", ")}`,
    `parameters   ${parameters}`,
    `products     ${productFlops} FLOP a run`,
    `activations  ${activationBytes} bytes at once`,
  ].join("\n");
}
