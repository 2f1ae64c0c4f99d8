/** @file Safetensors files in: whole, tensor by tensor, or spread over shards. */
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { State, Tensor } from "../../engine/index.ts";
import { decodeTensor } from "./codec.ts";
import { headerLength, parseHeader, SafetensorsError } from "./header.ts";
import type { Header } from "./header.ts";

/** Bytes of a whole file -> its tensors. `where` names it in errors. */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): State {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, where);
  const { entries, dataStart } = parseHeader(
    bytes.subarray(8, 8 + length),
    bytes.length - 8 - length,
    where,
  );
  const state: State = new Map();
  for (const [name, entry] of entries) {
    state.set(
      name,
      decodeTensor(entry, bytes.subarray(dataStart + entry.begin, dataStart + entry.end)),
    );
  }
  return state;
}

/** A checkpoint whose tensors are read when asked for. */
export type TensorSource = {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws RangeError for a name that isn't there. */
  read(name: string): Tensor;
  close(): void;
};

/** One open file; of a model of many gigabytes only the header is in memory. */
export function openSafetensors(path: string): TensorSource {
  const file = openSync(path, "r");
  let header: Header;
  try {
    header = readHeader(file, path);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return {
    names: [...header.entries.keys()],
    metadata: header.metadata,
    read(name) {
      const entry = header.entries.get(name);
      if (entry === undefined) throw new RangeError(`${path} has no tensor ${name}`);
      const bytes = readAt(file, header.dataStart + entry.begin, entry.end - entry.begin, path);
      return decodeTensor(entry, bytes);
    },
    close: () => closeSync(file),
  };
}

function readHeader(file: number, path: string): Header {
  const { size } = fstatSync(file);
  const start = readAt(file, 0, Math.min(8, size), path);
  const length = headerLength(start, size, path);
  return parseHeader(readAt(file, 8, length, path), size - 8 - length, path);
}

function readAt(file: number, position: number, length: number, path: string): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const got = readSync(file, bytes, at, length - at, position + at);
    if (got === 0)
      throw new SafetensorsError(
        `${path}: ends at byte ${position + at}, wanted ${position + length}`,
      );
    at += got;
  }
  return bytes;
}

/**
 * A file, an index (`*.safetensors.index.json`), or a folder as Hugging Face lays out a model:
 * `model.safetensors` or `model.safetensors.index.json`.
 */
export function openCheckpoint(path: string): TensorSource {
  if (statSync(path).isDirectory()) {
    const found = ["model.safetensors", "model.safetensors.index.json"].find((name) =>
      existsSync(join(path, name)),
    );
    if (found === undefined) {
      throw new SafetensorsError(
        `${path}: neither model.safetensors nor model.safetensors.index.json is there`,
      );
    }
    return openCheckpoint(join(path, found));
  }
  return path.endsWith(".index.json") ? openShards(path) : openSafetensors(path);
}

function openShards(path: string): TensorSource {
  const { weight_map: map } = JSON.parse(readFileSync(path, "utf8")) as { weight_map?: unknown };
  if (
    typeof map !== "object" ||
    map === null ||
    Object.values(map).some((file) => typeof file !== "string")
  ) {
    throw new SafetensorsError(`${path}: weight_map must map tensor names to file names`);
  }
  const files = new Map(Object.entries(map as Record<string, string>));
  for (const [name, file] of files) {
    if (basename(file) !== file)
      throw new SafetensorsError(`${path}: ${name} lies outside the folder: ${file}`);
  }
  const open = new Map<string, TensorSource>();
  const shard = (file: string): TensorSource => {
    const known = open.get(file) ?? openSafetensors(join(dirname(path), file));
    open.set(file, known);
    return known;
  };
  return {
    names: [...files.keys()],
    metadata: {},
    read(name) {
      const file = files.get(name);
      if (file === undefined) throw new RangeError(`${path} has no tensor ${name}`);
      return shard(file).read(name);
    },
    close() {
      for (const source of open.values()) source.close();
      open.clear();
    },
  };
}

/** All tensors of a file, folder or index; see `openCheckpoint`. */
export function readSafetensors(path: string): State {
  const source = openCheckpoint(path);
  try {
    return new Map(source.names.map((name) => [name, source.read(name)]));
  } finally {
    source.close();
  }
}
