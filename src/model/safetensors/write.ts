/** @file Safetensors files out. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { State } from "../../engine/index.ts";
import { elementTypeOf, encodeTensor } from "./codec.ts";
import type { FloatType } from "./codec.ts";

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

/** Writes beside `path`, syncs, then renames: a reader sees the old file or the new one, never a part. */
export function writeSafetensors(
  path: string,
  state: State,
  options: SafetensorsOptions = {},
): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (const piece of encodeSafetensors(state, options)) writeAll(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Makes the rename itself durable; Windows cannot open a folder and needs no such step. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
