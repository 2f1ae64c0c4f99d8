/** @file The graph: a growing list of ONNX nodes over statically shaped values, with a tape. */
import type { DType, Shape, Tensor } from "./tensor.ts";
import { sameShape, showShape, tensor } from "./tensor.ts";

/** An ONNX attribute: integer, float, list of integers or string. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One ONNX node (opset 18). A null input is one left out. */
export type Node = {
  readonly op: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
};

export type OutputType = { readonly shape: Shape; readonly dtype: DType };

/** Gradient with respect to one input, given those of the outputs. */
export type Rule = (...outputGradients: Value[]) => Value;

/** How gradients pass an operation. */
export type TapeEntry = {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** By input. Null: this one has no gradient. */
  readonly rules: readonly (Rule | null)[] | JointRule;
};

/** All gradients of an operation that makes them together: of those inputs that are wanted, in turn; null for one that has none. */
export type JointRule = (wanted: readonly Value[], gradient: Value) => readonly (Value | null)[];

/**
 * Where a value comes from. `input`: fed at every run; `state`: a parameter or optimiser tensor that
 * lives in the executor; `constant`: known when the graph is built; `node`: computed.
 */
export type Source =
  | { readonly kind: "input" | "state" }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "node"; readonly node: Node };

/** A tensor to be: what an operation returns and the next one takes. */
export class Value {
  readonly graph: Graph;
  /** Creation order, which is a topological order. */
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;

  constructor(graph: Graph, id: number, name: string, type: OutputType, source: Source) {
    this.graph = graph;
    this.id = id;
    this.name = name;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.source = source;
  }
}

/**
 * Operations append nodes. Equal nodes (same op, inputs and attributes) are made once, so common
 * subexpressions cost nothing; what no output needs is left out when the graph is written.
 */
export class Graph {
  readonly #inputs = new Map<string, Value>();
  readonly #states = new Map<string, Value>();
  readonly #parameters = new Map<string, Value>();
  readonly #outputs = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #nodes = new Map<string, readonly Value[]>();
  readonly #tape = new Map<Value, TapeEntry>();
  #nextId = 0;
  #dropouts = 0;

  /** A tensor fed at every run. */
  input(name: string, shape: Shape, dtype: DType = "float32"): Value {
    this.#checkNewName("input", name, shape);
    const value = this.#value(name, { shape: [...shape], dtype }, { kind: "input" });
    this.#inputs.set(name, value);
    return value;
  }

  /** A float32 tensor of the state. Asked for twice, the same value comes back. */
  parameter(name: string, shape: Shape): Value {
    const value = this.state(name, shape);
    this.#parameters.set(name, value);
    return value;
  }

  /** As `parameter`, for what is not a parameter: the optimiser's tensors, frozen weights of 16 bits. */
  state(name: string, shape: Shape, dtype: DType = "float32"): Value {
    const known = this.#states.get(name);
    if (known !== undefined) {
      if (sameShape(known.shape, shape) && known.dtype === dtype) return known;
      throw new RangeError(
        `parameter ${name} is ${typed(known)}, asked for again as ${typed({ shape, dtype })}`,
      );
    }
    this.#checkNewName("parameter", name, shape);
    const value = this.#value(name, { shape: [...shape], dtype }, { kind: "state" });
    this.#states.set(name, value);
    return value;
  }

  constant(data: Tensor): Value {
    const key = data.data.length <= 64 ? constantKey(data) : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.#value(null, data, { kind: "constant", tensor: data });
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  /** A constant of shape []. */
  scalar(x: number, dtype: DType = "float32"): Value {
    // Kept in f64, so that the reference executor is exact; the writer rounds.
    const data = dtype === "float32" ? Float64Array.of(x) : [x];
    return this.constant(tensor(data, [], dtype));
  }

  /** Names a value as a result of the graph. */
  output(name: string, value: Value): void {
    checkName("output", name);
    if (this.#outputs.has(name)) throw new Error(`output ${name} is already named`);
    if (value.graph !== this) throw new Error(`output ${name} is a value of another graph`);
    this.#outputs.set(name, value);
  }

  inputs(): Value[] {
    return [...this.#inputs.values()];
  }

  parameters(): Value[] {
    return [...this.#parameters.values()];
  }

  outputs(): ReadonlyMap<string, Value> {
    return this.#outputs;
  }

  /** The id of the next value. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Numbers the graph's dropouts in the order they are made, so that each draws its own mask. */
  nextDropout(): number {
    return this.#dropouts++;
  }

  /** Appends an ONNX node, or finds the equal one. For operations, not for their users. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly OutputType[],
    attributes: Attributes = {},
    domain = "",
  ): readonly Value[] {
    const ids = inputs.map((v) => v?.id ?? "").join(",");
    const key = `${domain}:${op}(${ids})${JSON.stringify(attributes)}${outputs.length}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const made: Value[] = [];
    const node: Node = { op, domain, inputs, outputs: made, attributes };
    for (const type of outputs) made.push(this.#value(null, type, { kind: "node", node }));
    this.#nodes.set(key, made);
    return made;
  }

  /** Tells how gradients pass from `outputs` to `inputs`. */
  record(
    inputs: readonly Value[],
    outputs: readonly Value[],
    rules: readonly (Rule | null)[],
  ): void {
    if (this.#tape.has(outputs[0]!)) return; // an equal node, whose entry says the same
    const entry: TapeEntry = { inputs, outputs, rules };
    for (const output of outputs) this.#tape.set(output, entry);
  }

  /** Gradients pass `output`, of which there was an entry, otherwise from now on. */
  rerecord(inputs: readonly Value[], output: Value, rule: JointRule): void {
    this.#tape.set(output, { inputs, outputs: [output], rules: rule });
  }

  tapeEntry(output: Value): TapeEntry | undefined {
    return this.#tape.get(output);
  }

  #value(name: string | null, { shape, dtype }: OutputType, source: Source): Value {
    const id = this.#nextId++;
    return new Value(this, id, name ?? `%${id}`, { shape, dtype }, source);
  }

  #checkNewName(kind: string, name: string, shape: Shape): void {
    checkName(kind, name);
    if (this.#inputs.has(name) || this.#states.has(name)) {
      throw new Error(`${kind} ${name} is already in the graph`);
    }
    if (shape.some((d) => !Number.isInteger(d) || d < 1)) {
      throw new RangeError(
        `${kind} ${name}: sizes must be whole and at least 1, got ${showShape(shape)}`,
      );
    }
  }
}

/** Names that start with % are those of unnamed values. */
function checkName(kind: string, name: string): void {
  if (name !== "" && !name.startsWith("%")) return;
  throw new Error(`${kind} name must not be empty or start with %, got "${name}"`);
}

function typed({ shape, dtype }: OutputType): string {
  return dtype === "float32" ? showShape(shape) : `${dtype} ${showShape(shape)}`;
}

function constantKey({ dtype, shape, data }: Tensor): string {
  const signed = Array.from(data as ArrayLike<number | bigint>, (x) =>
    Object.is(x, -0) ? "-0" : String(x),
  );
  return `${dtype}${showShape(shape)}${signed.join(",")}`;
}
