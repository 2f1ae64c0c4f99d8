/** @file A writer for the wire format of Protocol Buffers: as much of it as ONNX needs. */

/** Collects fields of one message; nested messages are kept as parts, big data is not copied twice. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** An integer field (int32, int64, enum). */
  int(field: number, value: number | bigint): this {
    return this.#push(varint(BigInt(field) << 3n), varint(BigInt(value)));
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#push(varint((BigInt(field) << 3n) | 5n), bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
  }

  message(field: number, value: Message): this {
    const head = [varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.#size))];
    return this.#push(...head, ...value.#parts);
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #push(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#size += part.length;
    }
    return this;
  }
}

/** Seven bits a byte, lowest first; negative numbers as 64-bit two's complement. */
function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
