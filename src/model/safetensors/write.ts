/** @file Safetensors files out. */
import type { State } from "../../engine/index.ts";
import { elementTypeOf, encodeTensor } from "./codec.ts";
import type { FloatType } from "./codec.ts";
import { replaceFile } from "../replace.ts";

export type SafetensorsOptions = {
  /** How float32 tensors are stored. Default F32. */
  readonly floatType?: FloatType;
  /** Strings kept in the header. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** The file's bytes in pieces: header, then one piece a tensor, in the order of names. */
export function encodeSafetensors(
  state: State,
  { floatType = "F32", metadata }: SafetensorsOptions = {},
): Uint8Array[] {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const name of [...state.keys()].sort()) {
    if (name === "__metadata__") {
      throw new RangeError("encodeSafetensors: a tensor cannot be named __metadata__");
    }
    const value = state.get(name)!;
    const dtype = elementTypeOf(value, floatType);
    const bytes = encodeTensor(value, dtype);
    header[name] = { dtype, shape: value.shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    pieces.push(bytes);
  }
  return [encodeHeader(header), ...pieces];
}

/** Padded with spaces so that the data starts at a multiple of 8. */
function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

/** Replaces the file at `path`; see `replaceFile`. */
export function writeSafetensors(
  path: string,
  state: State,
  options: SafetensorsOptions = {},
): void {
  replaceFile(path, () => encodeSafetensors(state, options));
}
