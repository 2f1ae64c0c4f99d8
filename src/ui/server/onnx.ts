/** @file What is in an ONNX file of a run: inputs, outputs, operations, weights; without a runtime. */
import { statSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import type { RunReader } from "../../tracking/index.ts";
import { StoreError } from "../../tracking/index.ts";
import { field, fields } from "../../tracking/importers/protobuf.ts";
import type { OnnxSummary, OnnxValue } from "./types.ts";

/** It is read whole; what is larger is for the tools of the user. */
const MAX_BYTES = 128 << 20;

export function onnxRoutes(app: FastifyInstance, store: RunReader): void {
  app.get<{ Params: { id: string; "*": string } }>(
    "/api/ui/runs/:id/onnx/*",
    ({ params: { id, "*": path } }): OnnxSummary => {
      const bytes = statSync(store.artifactPath(id, path), { throwIfNoEntry: false })?.size ?? 0;
      if (bytes > MAX_BYTES) {
        throw new StoreError("INVALID", `${path}: ${bytes} bytes; up to ${MAX_BYTES} are read`);
      }
      return onnxSummary(path, store.readArtifact(id, path));
    },
  );
}

/** Numbers of the fields in onnx.proto. */
const MODEL = { producer: 2, version: 3, graph: 7, opsets: 8 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const TYPES: Readonly<Record<number, string>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  16: "bfloat16",
};

/** @throws StoreError if the file holds no graph. */
export function onnxSummary(path: string, file: Buffer): OnnxSummary {
  const graph = field(file, MODEL.graph)?.bytes;
  if (graph === undefined) throw new StoreError("INVALID", `${path}: no ONNX model`);
  const operations = new Map<string, number>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const weights = new Set<string>();
  let parameters = 0;
  for (const { number, bytes } of fields(graph)) {
    if (number === GRAPH.node) {
      const type = textOf(bytes, 4);
      operations.set(type, (operations.get(type) ?? 0) + 1);
    } else if (number === GRAPH.initializer) {
      weights.add(textOf(bytes, 8));
      parameters += tensorDims(bytes).reduce((product, dim) => product * dim, 1);
    } else if (number === GRAPH.input) inputs.push(valueOf(bytes));
    else if (number === GRAPH.output) outputs.push(valueOf(bytes));
  }
  const opset = [...fields(file)]
    .filter(({ number }) => number === MODEL.opsets)
    .map(({ bytes }) => ({ domain: textOf(bytes, 1), version: field(bytes, 2)?.integer ?? 0 }))
    .find(({ domain }) => domain === "" || domain === "ai.onnx")?.version;
  return {
    producer: `${textOf(file, MODEL.producer)} ${textOf(file, MODEL.version)}`.trim(),
    opset: opset ?? null,
    // Before IR version 4 weights were listed among the inputs.
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    operations: [...operations].sort((a, b) => b[1] - a[1]),
    parameters,
  };
}

function textOf(message: Buffer, number: number): string {
  return field(message, number)?.bytes.toString() ?? "";
}

/** TensorProto.dims: one varint a field, or packed. */
function tensorDims(tensor: Buffer): number[] {
  const dims: number[] = [];
  for (const { number, wire, integer, bytes } of fields(tensor)) {
    if (number !== 1) continue;
    if (wire === 0) dims.push(integer);
    else dims.push(...packed(bytes));
  }
  return dims;
}

function packed(bytes: Buffer): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    numbers.push(value);
    [value, scale] = [0, 1];
  }
  return numbers;
}

/** ValueInfoProto -> "pixel_values: float32 [batch, 3, 224]". */
function valueOf(info: Buffer): OnnxValue {
  const tensor = field(field(info, 2)?.bytes ?? Buffer.alloc(0), 1)?.bytes ?? Buffer.alloc(0);
  const shape = field(tensor, 2)?.bytes ?? Buffer.alloc(0);
  const type = field(tensor, 1)?.integer ?? 0;
  return {
    name: textOf(info, 1),
    type: TYPES[type] ?? `type ${type}`,
    shape: [...fields(shape)].map(({ bytes }) => {
      const named = textOf(bytes, 2);
      return named === "" ? String(field(bytes, 1)?.integer ?? "?") : named;
    }),
  };
}
