/**
 * @file Folds multiplications by constants into the matrix products around them.
 *
 * Gemm scales its result for free (alpha), a Mul node is a pass over memory. In a transformer's
 * step such Muls stand on the widest tensors: the 1.702 of quickGelu, forward and backward.
 */
import type { Attributes, Node } from "../graph.ts";
import { Value } from "../graph.ts";
import { sizeOf } from "../tensor.ts";
import type { Plan } from "./plan.ts";

/** The same outputs from fewer nodes, equal up to rounding. */
export function folded(plan: Plan): Plan {
  const folding = new Folding(plan);
  for (const node of plan.nodes) folding.visit(node);
  return folding.result();
}

class Folding {
  readonly #plan: Plan;
  readonly #kept: ReadonlySet<Value>;
  readonly #consumers = new Map<Value, Node[]>();
  /** Values that are another one, the Mul between them gone. */
  readonly #alias = new Map<Value, Value>();
  /** Factors on a Gemm's product and bias. */
  readonly #alpha = new Map<Node, number>();
  readonly #beta = new Map<Node, number>();
  /** Factors on what a ReduceSum gives. */
  readonly #after = new Map<Node, number>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#kept = new Set(plan.outputs.values());
    for (const node of plan.nodes) {
      for (const value of node.inputs) if (value !== null) this.#users(value).push(node);
    }
  }

  visit(node: Node): void {
    const found = scaled(node);
    if (found === null) return;
    const { x, factor } = found;
    const product = node.outputs[0]!;
    if (this.#kept.has(product)) return;
    if (!this.#foldUp(x, factor) && !this.#foldDown(product, factor)) return;
    this.#alias.set(product, x);
    const users = this.#users(x).filter((user) => user !== node);
    this.#consumers.set(x, [...users, ...this.#users(product)]);
  }

  result(): Plan {
    const gone = new Set([...this.#alias.keys()].map((value) => nodeOf(value)));
    const nodes = this.#plan.nodes
      .filter((node) => !gone.has(node))
      .flatMap((node) => this.#rewritten(node));
    const read = [...nodes.flatMap((node) => node.inputs), ...this.#kept];
    const constants = new Set(read.filter((value) => value?.source.kind === "constant") as Value[]);
    return { ...this.#plan, nodes, constants: [...constants] };
  }

  /** Into the Gemm that `x` comes from, if nothing else reads it. */
  #foldUp(x: Value, factor: number): boolean {
    const source = this.#throughReshapes(x);
    const gemm = source === null ? null : nodeOf(source);
    if (gemm === null || gemm.op !== "Gemm") return false;
    this.#alpha.set(gemm, (this.#alpha.get(gemm) ?? 1) * factor);
    this.#beta.set(gemm, (this.#beta.get(gemm) ?? 1) * factor);
    return true;
  }

  /** What a chain of reshapes that nothing else reads began with; null if something does. */
  #throughReshapes(x: Value): Value | null {
    if (this.#users(x).length !== 1 || this.#kept.has(x)) return null;
    const node = nodeOf(x);
    return node?.op === "Reshape" ? this.#throughReshapes(this.#resolve(node.inputs[0]!)) : x;
  }

  /** Into everything that reads the product, if all are Gemms and sums. */
  #foldDown(product: Value, factor: number): boolean {
    const users = this.#linearUsers(product);
    if (users === null) return false;
    for (const user of users) {
      const factors = user.op === "Gemm" ? this.#alpha : this.#after;
      factors.set(user, (factors.get(user) ?? 1) * factor);
    }
    return true;
  }

  /** The Gemms and sums that read a value, reshaped or not; null if anything else does. */
  #linearUsers(value: Value): Node[] | null {
    if (this.#kept.has(value)) return null;
    const found: Node[] = [];
    for (const user of this.#users(value)) {
      const times = user.inputs.filter(
        (input) => input !== null && this.#resolve(input) === value,
      ).length;
      if (user.op === "Gemm" && times === 1 && user.inputs[2] !== value) found.push(user);
      else if (
        user.op === "ReduceSum" &&
        times === 1 &&
        sizeOf(user.outputs[0]!.shape) * 8 <= sizeOf(value.shape)
      ) {
        found.push(user);
      } else if (user.op === "Reshape") {
        const more = this.#linearUsers(user.outputs[0]!);
        if (more === null) return null;
        found.push(...more);
      } else return null;
    }
    return found;
  }

  #rewritten(node: Node): Node[] {
    const inputs = node.inputs.map((value) => (value === null ? null : this.#resolve(value)));
    const alpha = this.#alpha.get(node) ?? 1;
    const beta = node.inputs.length > 2 ? (this.#beta.get(node) ?? 1) : 1;
    const scales: Attributes = {
      ...(alpha !== 1 && { alpha: { float: alpha } }),
      ...(beta !== 1 && { beta: { float: beta } }),
    };
    const plain: Node = { ...node, inputs, attributes: { ...node.attributes, ...scales } };
    const after = this.#after.get(node);
    return after === undefined ? [plain] : scaledAfter(plain, after);
  }

  #users(value: Value): Node[] {
    const known = this.#consumers.get(value);
    if (known !== undefined) return known;
    const none: Node[] = [];
    this.#consumers.set(value, none);
    return none;
  }

  #resolve(value: Value): Value {
    const other = this.#alias.get(value);
    return other === undefined ? value : this.#resolve(other);
  }
}

/** The operands of a Mul of a float32 value by a constant number. */
function scaled({ op, inputs }: Node): { x: Value; factor: number } | null {
  if (op !== "Mul") return null;
  for (const [i, value] of inputs.entries()) {
    const x = inputs[1 - i]!;
    if (value?.source.kind !== "constant" || value.shape.length > 0) continue;
    if (x.source.kind !== "node" || value.dtype !== "float32") continue;
    return { x, factor: Number(value.source.tensor.data[0]) };
  }
  return null;
}

/** The node, and a Mul that gives its output's name to the scaled result. */
function scaledAfter(node: Node, factor: number): Node[] {
  const output = node.outputs[0]!;
  const { graph, id, name, source } = output;
  const before = new Value(graph, id, `${name}/unscaled`, output, source);
  const mul: Node = {
    op: "Mul",
    domain: "",
    inputs: [before, graph.scalar(factor)],
    outputs: [output],
    attributes: {},
  };
  return [{ ...node, outputs: [before] }, mul];
}

function nodeOf({ source }: Value): Node | null {
  return source.kind === "node" ? source.node : null;
}
