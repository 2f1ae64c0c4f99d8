/** @file Comm messages between the kernel process and the user process; buffers travel as base64. */
import type { Json } from "../protocol/wire.ts";

export type CommKind = "comm_open" | "comm_msg" | "comm_close";

export type CommMessage = {
  readonly kind: CommKind;
  readonly id: string;
  /** Of `comm_open` only. */
  readonly target?: string;
  readonly data: Json;
  readonly metadata: Json;
  readonly buffers: readonly string[];
};

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads the content of a front end's comm message. Throws a TypeError that names the field. */
export function commMessage(
  kind: CommKind,
  content: Json,
  metadata: Json,
  buffers: readonly Buffer[],
): CommMessage {
  const { comm_id: id, target_name: target, data = {} } = content;
  if (typeof id !== "string" || id === "") throw wrong(kind, "comm_id", "a string", id);
  if (kind === "comm_open" && typeof target !== "string") {
    throw wrong(kind, "target_name", "a string", target);
  }
  if (!isObject(data)) throw wrong(kind, "data", "an object", data);
  return {
    kind,
    id,
    ...(kind === "comm_open" ? { target: target as string } : {}),
    data,
    metadata,
    buffers: buffers.map((buffer) => buffer.toString("base64")),
  };
}

function wrong(kind: CommKind, name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`${kind}: ${name} must be ${expected}, got ${JSON.stringify(got)}`);
}
