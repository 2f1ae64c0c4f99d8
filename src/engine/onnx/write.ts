/** @file Graph -> ONNX model file (opset 18, IR version 9). */
import type { Attribute, Attributes, Graph, Node, Value } from "../graph.ts";
import type { DType, State, Tensor } from "../tensor.ts";
import { sameShape, showShape } from "../tensor.ts";
import { ONNX_TYPE } from "./element.ts";
import type { Plan } from "./plan.ts";
import { planOf } from "./plan.ts";
import { Message } from "./protobuf.ts";

/**
 * The model that computes the graph's outputs. With `state`, parameters become initializers and the
 * file stands alone; without, they are inputs beside the fed ones.
 */
export function writeOnnx(graph: Graph, state?: State): Uint8Array {
  return writePlan(planOf(graph), state);
}

/** As `writeOnnx`, of the part of a graph that `plan` names. */
export function writePlan(plan: Plan, state?: State): Uint8Array {
  if (plan.outputs.size === 0) throw new Error("writeOnnx: the graph has no outputs");
  return modelBytes(graphMessage(plan, state), plan.nodes);
}

/** A model file of a finished graph that uses the operators of `nodes`. */
export function modelBytes(graph: Message, nodes: readonly Node[]): Uint8Array {
  const model = new Message()
    .int(1, 9) // ir_version
    .string(2, "rzenlab") // producer_name
    .message(7, graph);
  model.message(8, new Message().string(1, "").int(2, 18)); // opset_import
  if (nodes.some((node) => node.domain !== "")) {
    model.message(8, new Message().string(1, "com.microsoft").int(2, 1));
  }
  return model.finish();
}

function graphMessage(plan: Plan, state: State | undefined): Message {
  const graph = new Message();
  const names = new Map<Value, string>();
  const aliases: Message[] = [];
  for (const [name, value] of plan.outputs) {
    // A value may be wanted under two names, or be an input: then its copy has the name.
    if (value.source.kind === "node" && !names.has(value)) names.set(value, name);
    else aliases.push(nodeMessage("Identity", [names.get(value) ?? value.name], [name]));
  }
  const nameOf = (value: Value | null): string =>
    value === null ? "" : (names.get(value) ?? value.name);
  for (const node of plan.nodes) graph.message(1, onnxNode(node, nameOf));
  for (const alias of aliases) graph.message(1, alias);
  graph.string(2, "rzenlab");
  for (const value of plan.constants) {
    if (value.source.kind !== "constant") continue;
    graph.message(5, tensorMessage(value.name, value.source.tensor));
  }
  for (const value of plan.states) {
    if (state !== undefined) graph.message(5, tensorMessage(value.name, fromState(state, value)));
  }
  for (const value of [...plan.inputs, ...(state === undefined ? plan.states : [])]) {
    graph.message(11, valueInfo(value.name, value));
  }
  for (const [name, value] of plan.outputs) graph.message(12, valueInfo(name, value));
  return graph;
}

/** y = x, float32 of any sizes. */
export function copyModel(rank: number): Uint8Array {
  const shape = Array.from({ length: rank }, (_, i) => `size${i}`);
  const graph = new Message().message(1, nodeMessage("Identity", ["x"], ["y"])).string(2, "copy");
  graph.message(11, valueInfo("x", { shape, dtype: "float32" }));
  return modelBytes(graph.message(12, valueInfo("y", { shape, dtype: "float32" })), []);
}

/** The tensor of a parameter, checked against the graph's shape. */
export function fromState(state: State, value: Value): Tensor {
  const found = state.get(value.name);
  if (found === undefined)
    throw new Error(`state has no parameter ${value.name} ${showShape(value.shape)}`);
  if (sameShape(found.shape, value.shape) && found.dtype === value.dtype) return found;
  throw new RangeError(
    `parameter ${value.name} is ${value.dtype} ${showShape(value.shape)} in the graph, but ${found.dtype} ${showShape(found.shape)} in the state`,
  );
}

/** A node, its values by the names that `nameOf` gives. */
export function onnxNode(node: Node, nameOf: (value: Value | null) => string): Message {
  const inputs = node.inputs.map(nameOf);
  const message = nodeMessage(node.op, inputs, node.outputs.map(nameOf), node.attributes);
  if (node.domain !== "") message.string(7, node.domain);
  return message;
}

export function nodeMessage(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
): Message {
  const message = new Message();
  for (const name of inputs) message.string(1, name);
  for (const name of outputs) message.string(2, name);
  message.string(3, `${op}${outputs[0]!}`).string(4, op);
  for (const [name, attribute] of Object.entries(attributes)) {
    message.message(5, attributeMessage(name, attribute));
  }
  return message;
}

function attributeMessage(name: string, attribute: Attribute): Message {
  const message = new Message().string(1, name);
  if ("int" in attribute) return message.int(3, attribute.int).int(20, 2);
  if ("float" in attribute) return message.float(2, attribute.float).int(20, 1);
  if ("string" in attribute) return message.string(4, attribute.string).int(20, 3);
  for (const int of attribute.ints) message.int(8, int);
  return message.int(20, 7);
}

export function tensorMessage(name: string, { shape, dtype, data }: Tensor): Message {
  const message = new Message();
  for (const d of shape) message.int(1, d);
  const stored = data instanceof Float64Array ? Float32Array.from(data) : data;
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return message.int(2, ONNX_TYPE[dtype]).string(8, name).bytes(9, bytes);
}

/** As `tensorMessage`, of data that lies in a file beside the model's. */
export function externalTensorMessage(
  name: string,
  { shape, dtype }: Tensor,
  place: { readonly location: string; readonly offset: number; readonly length: number },
): Message {
  const message = new Message();
  for (const d of shape) message.int(1, d);
  message.int(2, ONNX_TYPE[dtype]).string(8, name);
  for (const [key, value] of Object.entries(place)) {
    message.message(13, new Message().string(1, key).string(2, String(value)));
  }
  return message.int(14, 1); // data_location EXTERNAL
}

/** A size may be a name: known at run time only. */
export function valueInfo(
  name: string,
  { shape, dtype }: { readonly shape: readonly (number | string)[]; readonly dtype: DType },
): Message {
  const sizes = new Message();
  for (const d of shape) {
    const size = new Message();
    sizes.message(1, typeof d === "number" ? size.int(1, d) : size.string(2, d));
  }
  const type = new Message().int(1, ONNX_TYPE[dtype]).message(2, sizes);
  return new Message().string(1, name).message(2, new Message().message(1, type));
}
