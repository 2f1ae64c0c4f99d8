/** @file As much of protobuf's wire format as reading TensorBoard's events takes. */

export type Field = {
  readonly number: number;
  /** Wire types 0 (varint, as a signed 64-bit number), 1 and 5 (fixed), 2 (bytes). */
  readonly wire: 0 | 1 | 2 | 5;
  readonly bytes: Buffer;
  readonly integer: number;
};

const EMPTY = Buffer.alloc(0);

/** The fields of a message in their order; what is left of a malformed message is dropped. */
export function* fields(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    at = tag.end;
    const wire = Number(tag.value & 7n);
    const number = Number(tag.value >> 3n);
    if (wire === 0) {
      const { value, end } = varint(message, at);
      yield { number, wire, bytes: EMPTY, integer: Number(BigInt.asIntN(64, value)) };
      at = end;
    } else if (wire === 1 || wire === 5) {
      const end = at + (wire === 1 ? 8 : 4);
      if (end > message.length) return;
      yield { number, wire, bytes: message.subarray(at, end), integer: 0 };
      at = end;
    } else if (wire === 2) {
      const { value, end } = varint(message, at);
      at = end + Number(value);
      if (at > message.length) return;
      yield { number, wire, bytes: message.subarray(end, at), integer: 0 };
    } else {
      return;
    }
  }
}

/** The first field of that number. */
export function field(message: Buffer, number: number): Field | undefined {
  for (const one of fields(message)) if (one.number === number) return one;
  return undefined;
}

function varint(bytes: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  let at = start;
  for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
    const byte = bytes[at++]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { value, end: at };
}
