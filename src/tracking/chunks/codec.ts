/**
 * @file Columns as bytes, little-endian. Whole numbers: first value, least difference, and each
 * difference above it in as few bytes as hold them all (none, when the stride is constant). Values:
 * 32-bit where that loses nothing, as with losses computed in f32, else 64-bit.
 */
import { StoreError } from "../error.ts";

/** Bytes before the differences: two f64 and the width. */
const HEADER = 17;

/** Any safe integers. */
export function encodeIntegers(column: Float64Array): Buffer {
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = 1; i < column.length; i++) {
    const difference = column[i]! - column[i - 1]!;
    if (difference < least) least = difference;
    if (difference > greatest) greatest = difference;
  }
  if (column.length < 2) least = greatest = 0;
  const exact = Number.isSafeInteger(least) && Number.isSafeInteger(greatest);
  const width = exact ? widthOf(greatest - least) : 8;
  const bytes = Buffer.alloc(HEADER + width * column.length);
  bytes.writeDoubleLE(column[0] ?? 0, 0);
  bytes.writeDoubleLE(least, 8);
  bytes.writeUInt8(width, 16);
  if (width === 0) return bytes;
  const rest = spread(width, column.length);
  for (let i = 0; i < column.length; i++) {
    rest[i] = width === 8 ? column[i]! : i === 0 ? 0 : column[i]! - column[i - 1]! - least;
  }
  bytes.set(new Uint8Array(rest.buffer), HEADER);
  return bytes;
}

export function decodeIntegers(bytes: Uint8Array, length: number): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = bytes[16]!;
  if (bytes.length !== HEADER + width * length) throw damaged("integers", bytes.length, length);
  const column = new Float64Array(length);
  const rest = spread(width, length, bytes, HEADER);
  if (width === 8) return rest as Float64Array;
  const least = view.getFloat64(8, true);
  let value = view.getFloat64(0, true);
  for (let i = 0; i < length; i++) {
    if (i > 0) value += least + (width === 0 ? 0 : rest[i]!);
    column[i] = value;
  }
  return column;
}

export function encodeValues(column: Float64Array): Buffer {
  const short = Float32Array.from(column);
  const exact = column.every((value, i) => Object.is(value, short[i]));
  const chosen = exact ? short : column;
  return Buffer.from(new Uint8Array(chosen.buffer, chosen.byteOffset, chosen.byteLength).slice());
}

export function decodeValues(bytes: Uint8Array, length: number): Float64Array {
  const copy = new Uint8Array(bytes).buffer; // slice() of a Buffer would share its pool
  if (bytes.length === 8 * length) return new Float64Array(copy);
  if (bytes.length === 4 * length) return Float64Array.from(new Float32Array(copy));
  throw damaged("values", bytes.length, length);
}

/** Bytes that hold every whole number up to `range`; 8 stands for plain f64 values. */
function widthOf(range: number): 0 | 1 | 2 | 4 | 8 {
  if (range === 0) return 0;
  if (range < 2 ** 8) return 1;
  if (range < 2 ** 16) return 2;
  return range < 2 ** 32 ? 4 : 8;
}

/** An array of that width, empty or of the bytes from `at` on (copied, since they may lie unaligned). */
function spread(
  width: number,
  length: number,
  bytes?: Uint8Array,
  at = 0,
): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  const buffer = bytes
    ? new Uint8Array(bytes.subarray(at)).buffer
    : new ArrayBuffer(width * length);
  if (width === 8) return new Float64Array(buffer);
  if (width === 4) return new Uint32Array(buffer);
  return width === 2 ? new Uint16Array(buffer) : new Uint8Array(buffer);
}

function damaged(what: string, bytes: number, length: number): StoreError {
  const text = `chunk: ${bytes} bytes are no ${length} ${what}; the store is damaged, restore a copy`;
  return new StoreError("CORRUPT", text);
}
