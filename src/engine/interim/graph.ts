/** @file A graph of ONNX nodes over statically shaped values. */
import { type DType, type Shape, type Tensor, sameShape, sizeOf, tensor } from "./tensor.ts";

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/**
 * Gradients of a node's inputs, null where there is none.
 *
 * @param gradient that of the first output, zero if nothing depends on it
 * @param output the first output
 * @param all gradients of all outputs, undefined where nothing depends on one
 */
export type GradientRule = (
  gradient: Value,
  output: Value,
  all: readonly (Value | undefined)[],
) => readonly (Value | null)[];

/** One ONNX operation. */
export type Node = {
  readonly type: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  readonly gradient: GradientRule | undefined;
};

/** A result of a node, a fed input, a parameter or a constant; never a number itself. */
export class Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The node that makes it; absent for inputs, parameters and constants. */
  node: Node | undefined;

  constructor(graph: Graph, name: string, shape: Shape, dtype: DType) {
    this.graph = graph;
    this.name = name;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** "name [2,3]" for messages. */
  toString(): string {
    return `${this.name} [${this.shape}]`;
  }
}

export type NodeSpec = {
  readonly type: string;
  readonly inputs: readonly Value[];
  readonly attributes?: Attributes;
  readonly outputs: readonly { readonly shape: Shape; readonly dtype?: DType }[];
  readonly gradient?: GradientRule;
};

/** Builds nodes in execution order. Equal nodes on equal inputs are made once. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly constants = new Map<Value, Tensor>();
  readonly outputs = new Map<string, Value>();
  readonly #inputs = new Map<string, Value>();
  readonly #parameters = new Map<string, Value>();
  readonly #nodeByKey = new Map<string, Node>();
  readonly #constantByKey = new Map<string, Value>();
  #next = 0;

  /** A value fed at every run. */
  input(name: string, shape: Shape, dtype: DType = "float32"): Value {
    return this.#declare(this.#inputs, "input", name, shape, dtype);
  }

  /** Trainable float32 state. The same name gives the same value. */
  parameter(name: string, shape: Shape): Value {
    return this.#declare(this.#parameters, "parameter", name, shape, "float32");
  }

  #declare(
    table: Map<string, Value>,
    what: string,
    name: string,
    shape: Shape,
    dtype: DType,
  ): Value {
    const other = table === this.#inputs ? this.#parameters : this.#inputs;
    if (other.has(name))
      throw new Error(`${what} "${name}": the name is taken by another kind of value`);
    const known = table.get(name);
    if (known === undefined) {
      const value = new Value(this, name, [...shape], dtype);
      table.set(name, value);
      return value;
    }
    if (!sameShape(known.shape, shape) || known.dtype !== dtype) {
      throw new Error(
        `${what} "${name}": declared as ${known.dtype} [${known.shape}] and again as ${dtype} [${shape}]`,
      );
    }
    return known;
  }

  constant(value: Tensor): Value {
    const key =
      sizeOf(value.shape) <= 64 ? `${value.dtype}[${value.shape}]${value.data.join()}` : "";
    const known = key === "" ? undefined : this.#constantByKey.get(key);
    if (known !== undefined) return known;
    const made = new Value(this, `c${this.#next++}`, value.shape, value.dtype);
    this.constants.set(made, value);
    if (key !== "") this.#constantByKey.set(key, made);
    return made;
  }

  /** A float32 constant of shape []. */
  scalar(x: number): Value {
    return this.constant(tensor(new Float32Array([x]), []));
  }

  /** An int64 constant of shape [n], as shapes and axes are given in ONNX. */
  integers(values: readonly number[]): Value {
    return this.constant(tensor([...values], [values.length], "int64"));
  }

  /** Marks `value` as a result of the graph under `name`. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new Error(`output "${name}" is already taken`);
    this.outputs.set(name, value);
  }

  inputs(): Value[] {
    return [...this.#inputs.values()];
  }

  parameters(): Value[] {
    return [...this.#parameters.values()];
  }

  /** Adds a node and returns its outputs; a node equal to an earlier one is that one. */
  node({ type, inputs, attributes = {}, outputs, gradient }: NodeSpec): Value[] {
    for (const input of inputs) {
      if (input.graph !== this) throw new Error(`${type}: ${input} belongs to another graph`);
    }
    // Rules differ between uses of one node type (stopGradient is Identity without one).
    const key = `${type}(${inputs.map((v) => v.name)})${JSON.stringify(attributes)}${gradient === undefined}`;
    const known = this.#nodeByKey.get(key);
    if (known !== undefined) return [...known.outputs];
    const made = outputs.map(
      ({ shape, dtype = "float32" }) => new Value(this, `v${this.#next++}`, shape, dtype),
    );
    const node: Node = { type, inputs, outputs: made, attributes, gradient };
    for (const value of made) value.node = node;
    this.nodes.push(node);
    this.#nodeByKey.set(key, node);
    return made;
  }

  /** The nodes that `targets` depend on, in execution order; everything else is dead. */
  needed(targets: Iterable<Value>): Node[] {
    const live = new Set<Node>();
    const pending = [...targets];
    for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
      if (value.node === undefined || live.has(value.node)) continue;
      live.add(value.node);
      pending.push(...value.node.inputs);
    }
    return this.nodes.filter((node) => live.has(node));
  }
}

/** A node with one output. */
export function unary(spec: Omit<NodeSpec, "outputs"> & { shape: Shape; dtype?: DType }): Value {
  const { shape, dtype = "float32", ...rest } = spec;
  return spec.inputs[0]!.graph.node({ ...rest, outputs: [{ shape, dtype }] })[0]!;
}
