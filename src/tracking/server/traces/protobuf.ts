/** @file Just enough protobuf to read OpenTelemetry's spans: fields by number, as they come. */
import { ApiError } from "../errors.ts";

export type WireField = {
  readonly number: number;
  /** Varints and fixed 64 bits. */
  readonly integer: bigint;
  readonly bytes: Buffer;
};

/** The fields of one message. */
export function* fieldsOf(message: Buffer): Generator<WireField> {
  let at = 0;
  const broken = (): ApiError =>
    new ApiError("BAD_REQUEST", "The request body is not a protobuf message: it ends too early");
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw broken();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken();
  };
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw broken();
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (type === 0) yield { number, integer: varint(), bytes: Buffer.alloc(0) };
    else if (type === 1) {
      const bytes = take(8);
      yield { number, integer: bytes.readBigUInt64LE(), bytes };
    } else if (type === 2) yield { number, integer: 0n, bytes: take(Number(varint())) };
    else if (type === 5) yield { number, integer: 0n, bytes: take(4) };
    else
      throw new ApiError(
        "BAD_REQUEST",
        `The request body is not a protobuf message: wire type ${type}`,
      );
  }
}
