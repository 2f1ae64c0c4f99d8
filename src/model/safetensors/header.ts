/** @file The safetensors header: 8 bytes of length, JSON, then the data it points into. */

/** Bytes an element takes, by the format's names. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

export type TensorEntry = {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
};

export type Header = {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data starts in the file. */
  readonly dataStart: number;
};

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

export class SafetensorsError extends Error {
  readonly code = "BAD_SAFETENSORS";
}

/** @returns bytes of the JSON header. */
export function headerLength(start: Uint8Array, fileBytes: number, where: string): number {
  if (start.length < 8)
    throw new SafetensorsError(`${where}: ${fileBytes} bytes are no safetensors file`);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length + 8 > fileBytes) {
    throw new SafetensorsError(
      `${where}: header of ${length} bytes does not fit a file of ${fileBytes} (limit ${MAX_HEADER_BYTES})`,
    );
  }
  return length;
}

/**
 * Everything a reader relies on is checked: known types, whole sizes, extents that fill the data
 * without a hole or an overlap.
 *
 * @param json the header's bytes. @param dataBytes what follows it in the file.
 */
export function parseHeader(json: Uint8Array, dataBytes: number, where: string): Header {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new SafetensorsError(`${where}: header is no JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SafetensorsError(`${where}: header is no JSON object`);
  }
  const { __metadata__: metadata = {}, ...tensors } = parsed as Record<string, unknown>;
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of Object.entries(tensors)) {
    entries.set(name, parseEntry(entry, `${where}: tensor ${name}`));
  }
  checkExtents(entries, dataBytes, where);
  return { entries, metadata: parseMetadata(metadata, where), dataStart: 8 + json.length };
}

function parseEntry(entry: unknown, where: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    const known = Object.keys(ELEMENT_BYTES).join(", ");
    throw new SafetensorsError(`${where}: dtype ${JSON.stringify(dtype)} is none of ${known}`);
  }
  if (!isSizes(shape)) {
    throw new SafetensorsError(`${where}: shape ${JSON.stringify(shape)} is no list of sizes`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new SafetensorsError(
      `${where}: data_offsets ${JSON.stringify(offsets)} are no [begin,end]`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const type = dtype as ElementType;
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
  if (end - begin !== bytes) {
    throw new SafetensorsError(
      `${where}: ${type} [${shape.join(",")}] takes ${bytes} bytes, data_offsets [${begin},${end}] give ${end - begin}`,
    );
  }
  return { dtype: type, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function checkExtents(
  entries: ReadonlyMap<string, TensorEntry>,
  dataBytes: number,
  where: string,
): void {
  let at = 0;
  for (const [name, { begin, end }] of [...entries].sort(
    ([, a], [, b]) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin !== at) {
      throw new SafetensorsError(
        `${where}: tensor ${name} begins at ${begin}, the one before ends at ${at}`,
      );
    }
    at = end;
  }
  if (at !== dataBytes) {
    throw new SafetensorsError(
      `${where}: tensors end at ${at}, the file holds ${dataBytes} bytes of data`,
    );
  }
}

function parseMetadata(metadata: unknown, where: string): Record<string, string> {
  const isRecord = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (!isRecord || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new SafetensorsError(`${where}: __metadata__ must map names to strings`);
  }
  return metadata as Record<string, string>;
}
