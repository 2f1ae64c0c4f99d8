/** @file Tensor data <-> bytes, little-endian. */
import { decodeFloat16, encodeBfloat16, encodeFloat16, tensor } from "../../engine/index.ts";
import type { DType, Tensor } from "../../engine/index.ts";
import type { ElementType, TensorEntry } from "./header.ts";

/** How float32 tensors are stored. */
export type FloatType = "F32" | "F16" | "BF16";

type Decoder = (buffer: ArrayBuffer, shape: readonly number[]) => Tensor;

/** Floats of any width become float32, integers int64, BOOL bool. */
const DECODERS: Readonly<Record<ElementType, Decoder>> = {
  F64: (buffer, shape) => tensor(Float32Array.from(new Float64Array(buffer)), shape),
  F32: (buffer, shape) => tensor(new Float32Array(buffer), shape),
  F16: (buffer, shape) => {
    const halves = new Uint16Array(buffer);
    return tensor(Float32Array.from(halves, decodeFloat16), shape);
  },
  BF16: (buffer, shape) => {
    const halves = new Uint16Array(buffer);
    const words = new Uint32Array(halves.length); // a bfloat16 is the upper half of a float32
    for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
    return tensor(new Float32Array(words.buffer), shape);
  },
  I64: (buffer, shape) => tensor(new BigInt64Array(buffer), shape, "int64"),
  I32: (buffer, shape) => integers(new Int32Array(buffer), shape),
  I16: (buffer, shape) => integers(new Int16Array(buffer), shape),
  I8: (buffer, shape) => integers(new Int8Array(buffer), shape),
  U8: (buffer, shape) => integers(new Uint8Array(buffer), shape),
  BOOL: (buffer, shape) => tensor(new Uint8Array(buffer), shape, "bool"),
};

function integers(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  return tensor(BigInt64Array.from(Array.from(values, BigInt)), shape, "int64");
}

export function decodeTensor({ dtype, shape }: TensorEntry, bytes: Uint8Array): Tensor {
  const aligned = new Uint8Array(bytes); // a copy at offset 0, whatever the alignment in the file
  return DECODERS[dtype](aligned.buffer, shape);
}

const OTHERS = {
  float16: "F16",
  int64: "I64",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
} as const satisfies Record<Exclude<DType, "float32">, ElementType>;

export function elementTypeOf({ dtype }: Tensor, floatType: FloatType): ElementType {
  return dtype === "float32" ? floatType : OTHERS[dtype];
}

export function encodeTensor({ data }: Tensor, type: ElementType): Uint8Array {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (type === "F32") {
    const single = data instanceof Float32Array ? data : Float32Array.from(data);
    return new Uint8Array(single.buffer, single.byteOffset, single.byteLength);
  }
  const encode = type === "F16" ? encodeFloat16 : encodeBfloat16;
  const halves = Uint16Array.from(data, encode);
  return new Uint8Array(halves.buffer);
}
