/** @file The reference executor: runs a graph in f64 on the calling thread. For checks, not for speed. */
import type { Graph, Value } from "../graph.ts";
import { type Tensor, sameShape, tensor } from "../tensor.ts";
import type { Feeds, Host, ProgramSource, Results } from "./executor.ts";
import { KERNELS } from "./kernels.ts";

/** A host that interprets the nodes one by one. */
export function openReference(): Host {
  const programs: ProgramSource[] = [];
  let state = new Map<string, Tensor>();
  let closed = false;
  const open = () => {
    if (closed) throw new Error("reference executor: closed");
  };
  const runOnce = (
    { graph, outputs, parameters, updates }: ProgramSource,
    feeds: Feeds,
  ): Results => {
    const given: Record<string, Tensor> = { ...feeds };
    for (const name of parameters) {
      const value = state.get(name);
      if (value === undefined) throw new Error(`parameter "${name}" is missing from the state`);
      given[name] = value;
    }
    const all = interpret(graph, given, [...outputs, ...updates.map(([, output]) => output)]);
    for (const [name, output] of updates) state.set(name, all[output]!);
    return Object.fromEntries(outputs.map((name) => [name, all[name]!]));
  };
  return {
    async prepare(program) {
      open();
      return programs.push(program) - 1;
    },
    async run(program, feeds) {
      open();
      return feeds.map((feed) => runOnce(programs[program]!, feed));
    },
    async setState(next) {
      open();
      state = new Map([...next].map(([name, value]) => [name, inF64(value)]));
    },
    async addState(more) {
      open();
      for (const [name, value] of more) state.set(name, inF64(value));
    },
    async state() {
      open();
      return new Map([...state].map(([name, value]) => [name, inF32(value)]));
    },
    async close() {
      closed = true;
    },
  };
}

/**
 * The named outputs of `graph` in f64.
 *
 * @param feeds every input and parameter that the outputs need
 * @throws naming the missing or ill-shaped feed, or the node type that has no kernel
 */
export function interpret(
  graph: Graph,
  feeds: Feeds,
  outputs: readonly string[] = [...graph.outputs.keys()],
): Results {
  const values = new Map<Value, Tensor>();
  for (const [value, constant] of graph.constants) values.set(value, inF64(constant));
  for (const value of [...graph.inputs(), ...graph.parameters()]) {
    const fed = feeds[value.name];
    if (fed === undefined) continue;
    if (!sameShape(fed.shape, value.shape) || fed.dtype !== value.dtype) {
      throw new Error(
        `"${value.name}": expected ${value.dtype} [${value.shape}], got ${fed.dtype} [${fed.shape}]`,
      );
    }
    values.set(value, inF64(fed));
  }
  const wanted = outputs.map((name) => [name, graph.outputs.get(name)!] as const);
  for (const node of graph.needed(wanted.map(([, value]) => value))) {
    const kernel = KERNELS[node.type];
    if (kernel === undefined) throw new Error(`reference executor: no kernel for ${node.type}`);
    const inputs = node.inputs.map((input) => read(values, input));
    const results = kernel(inputs, node.attributes, node.outputs[0]!.shape);
    for (const [i, output] of node.outputs.entries()) {
      if (results[i] !== undefined) {
        values.set(output, { dtype: output.dtype, shape: output.shape, data: results[i] });
      }
    }
  }
  return Object.fromEntries(wanted.map(([name, value]) => [name, read(values, value)]));
}

function read(values: ReadonlyMap<Value, Tensor>, value: Value): Tensor {
  const found = values.get(value);
  if (found === undefined) throw new Error(`inputs were not fed: ${value.name}`);
  return found;
}

function inF64(value: Tensor): Tensor {
  if (value.dtype !== "float32") return value;
  return { ...value, data: Float64Array.from(value.data as Float32Array) };
}

function inF32(value: Tensor): Tensor {
  if (!(value.data instanceof Float64Array)) return value;
  return tensor(Float32Array.from(value.data), value.shape);
}
