/** @file A graph as the bytes of an ONNX file. Field numbers are those of onnx.proto3. */
import type { Attribute, Graph, Node, Value } from "../graph.ts";
import { type DType, type Tensor, sameShape } from "../tensor.ts";
import type { State } from "../optimizer.ts";
import { ProtobufWriter } from "./protobuf.ts";

const IR_VERSION = 9;
const OPSET = 18;
const ELEMENT_TYPE: Record<DType, number> = { float32: 1, int64: 7, bool: 9 };

/**
 * The part of `graph` that its outputs need, as an ONNX model.
 *
 * @param state if given, parameters become initializers and the file is self-contained; else they are inputs
 * @param outputs names of the outputs to keep; all if absent
 * @throws if `state` lacks a parameter, or holds it in another shape
 */
export function writeOnnx(
  graph: Graph,
  state?: State,
  outputs: readonly string[] = [...graph.outputs.keys()],
): Uint8Array {
  const results = outputs.map((name) => {
    const value = graph.outputs.get(name);
    if (value === undefined) throw new Error(`writeOnnx: the graph has no output "${name}"`);
    return [name, value] as const;
  });
  const nodes = graph.needed(results.map(([, value]) => value));
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...results.map(([, v]) => v)]);
  const body = new ProtobufWriter();
  for (const node of nodes) body.bytes(1, nodeProto(node));
  for (const [name, value] of results) body.bytes(1, identity(value.name, name));
  body.bytes(2, "rzenlab");
  for (const [value, data] of graph.constants) {
    if (used.has(value)) body.bytes(5, tensorProto(value.name, data));
  }
  for (const parameter of graph.parameters()) {
    if (!used.has(parameter)) continue;
    if (state === undefined) body.bytes(11, valueInfo(parameter.name, parameter));
    else body.bytes(5, tensorProto(parameter.name, parameterOf(state, parameter)));
  }
  for (const input of graph.inputs()) {
    if (used.has(input)) body.bytes(11, valueInfo(input.name, input));
  }
  for (const [name, value] of results) body.bytes(12, valueInfo(name, value));
  return new ProtobufWriter()
    .int(1, IR_VERSION)
    .bytes(2, "rzenlab")
    .bytes(7, body.finish())
    .bytes(8, new ProtobufWriter().bytes(1, "").int(2, OPSET).finish())
    .finish();
}

/** Names of the inputs and parameters that the named outputs depend on. */
export function neededInputs(graph: Graph, outputs: readonly string[]): Set<string> {
  const results = outputs.map((name) => graph.outputs.get(name)!);
  const used = new Set([...graph.needed(results).flatMap((node) => node.inputs), ...results]);
  return new Set(
    [...graph.inputs(), ...graph.parameters()].filter((v) => used.has(v)).map((v) => v.name),
  );
}

function parameterOf(state: State, parameter: Value): Tensor {
  const found = state.get(parameter.name);
  if (found === undefined)
    throw new Error(`writeOnnx: parameter "${parameter.name}" is missing from the state`);
  if (!sameShape(found.shape, parameter.shape)) {
    throw new Error(
      `writeOnnx: parameter "${parameter.name}" is [${found.shape}] in the state and [${parameter.shape}] in the graph`,
    );
  }
  return found;
}

function nodeProto({ type, inputs, outputs, attributes }: Node): Uint8Array {
  const proto = new ProtobufWriter();
  // An Identity's second input only carries a gradient rule.
  for (const input of type === "Identity" ? inputs.slice(0, 1) : inputs) proto.bytes(1, input.name);
  for (const output of outputs) proto.bytes(2, output.name);
  proto.bytes(4, type);
  for (const [name, value] of Object.entries(attributes))
    proto.bytes(5, attributeProto(name, value));
  return proto.finish();
}

function identity(from: string, to: string): Uint8Array {
  return new ProtobufWriter().bytes(1, from).bytes(2, to).bytes(4, "Identity").finish();
}

function attributeProto(name: string, value: Attribute): Uint8Array {
  const proto = new ProtobufWriter().bytes(1, name);
  if (typeof value === "number") proto.int(3, value).int(20, 2);
  else if (typeof value === "string") proto.bytes(4, value).int(20, 3);
  else if ("float" in value) proto.float(2, value.float).int(20, 1);
  else {
    for (const n of value) proto.int(8, n);
    proto.int(20, 7);
  }
  return proto.finish();
}

function tensorProto(name: string, { dtype, shape, data }: Tensor): Uint8Array {
  const proto = new ProtobufWriter();
  for (const n of shape) proto.int(1, n);
  const exact = data instanceof Float64Array ? Float32Array.from(data) : data;
  const raw = new Uint8Array(exact.buffer, exact.byteOffset, exact.byteLength);
  return proto.int(2, ELEMENT_TYPE[dtype]).bytes(8, name).bytes(9, raw).finish();
}

function valueInfo(name: string, { shape, dtype }: Value): Uint8Array {
  const dims = new ProtobufWriter();
  for (const n of shape) dims.bytes(1, new ProtobufWriter().int(1, n).finish());
  const type = new ProtobufWriter().int(1, ELEMENT_TYPE[dtype]).bytes(2, dims.finish()).finish();
  return new ProtobufWriter()
    .bytes(1, name)
    .bytes(2, new ProtobufWriter().bytes(1, type).finish())
    .finish();
}
