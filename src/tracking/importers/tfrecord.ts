/** @file TensorFlow's record files: framed bytes, each with a masked CRC-32C. */
import { StoreError } from "../error.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/**
 * The records of a file, up to the first that is cut off or damaged, which `onDamage` is told of: a
 * writer that was killed leaves such a tail.
 */
export function* records(bytes: Buffer, onDamage: (what: string) => void): Generator<Buffer, void> {
  for (let at = 0; at < bytes.length;) {
    if (at + 12 > bytes.length) return onDamage(`cut off at byte ${at}`);
    const length = Number(bytes.readBigUInt64LE(at));
    const end = at + 12 + length;
    if (masked(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) {
      if (at === 0) throw new StoreError("INVALID", "not a TensorBoard event file (bad checksum)");
      return onDamage(`damaged at byte ${at}`);
    }
    if (end + 4 > bytes.length) return onDamage(`cut off at byte ${at}`);
    const data = bytes.subarray(at + 12, end);
    if (masked(data) !== bytes.readUInt32LE(end)) return onDamage(`damaged at byte ${at}`);
    yield data;
    at = end + 4;
  }
}

function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
