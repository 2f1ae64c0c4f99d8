/** @file Named tensors with text metadata as safetensors bytes. */
import type { DType, State, Tensor } from "../engine/index.ts";

const NAMES: Readonly<Record<DType, string>> = { float32: "F32", int64: "I64", bool: "BOOL" };
const BYTES: Readonly<Record<DType, number>> = { float32: 4, int64: 8, bool: 1 };

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

export function encodeSafetensors(
  state: State,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  // 8-byte types first, so that every tensor starts at a multiple of its element.
  const entries = [...state].sort(([, a], [, b]) => BYTES[b.dtype] - BYTES[a.dtype]);
  for (const [name, { dtype, shape, data }] of entries) {
    const end = offset + data.length * BYTES[dtype];
    header[name] = { dtype: NAMES[dtype], shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const out = Buffer.alloc(8 + padded + offset, 0x20);
  out.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(out, 8);
  let at = 8 + padded;
  for (const [, { data }] of entries) {
    const plain = data instanceof Float64Array ? Float32Array.from(data) : data;
    out.set(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength), at);
    at += plain.byteLength;
  }
  return out;
}

export function decodeSafetensors(bytes: Uint8Array): {
  readonly tensors: State;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const copy = new Uint8Array(bytes); // aligned at 0
  const size = Number(new DataView(copy.buffer).getBigUint64(0, true));
  if (!(size > 0 && 8 + size <= copy.length)) {
    throw new RangeError(`safetensors: header of ${size} bytes in a file of ${copy.length}`);
  }
  const header = JSON.parse(Buffer.from(copy.subarray(8, 8 + size)).toString()) as Header & {
    __metadata__?: Record<string, string>;
  };
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors: State = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const [start, end] = data_offsets;
    if (8 + size + end > copy.length) {
      throw new RangeError(
        `safetensors: ${name} ends at ${end}, the file has ${copy.length - 8 - size}`,
      );
    }
    tensors.set(name, { shape, ...values(copy.buffer, 8 + size + start, end - start, dtype) });
  }
  return { tensors, metadata };
}

function values(
  buffer: ArrayBuffer,
  start: number,
  bytes: number,
  dtype: string,
): Pick<Tensor, "dtype" | "data"> {
  const part = buffer.slice(start, start + bytes);
  if (dtype === "F32") return { dtype: "float32", data: new Float32Array(part) };
  if (dtype === "I64") return { dtype: "int64", data: new BigInt64Array(part) };
  if (dtype === "BOOL") return { dtype: "bool", data: new Uint8Array(part) };
  throw new RangeError(`safetensors: type ${dtype} is not supported`);
}
