/** @file Jupyter's wire format from the client's side, written apart from the kernel's so that one checks the other. */
import { createHmac, randomUUID } from "node:crypto";

export type Content = Record<string, unknown>;

export type Header = {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
};

export type Received = {
  readonly topic: string;
  readonly header: Header;
  readonly parent: Partial<Header>;
  readonly metadata: Content;
  readonly content: Content;
  readonly buffers: readonly Buffer[];
  /** Milliseconds of `performance.now()` when it came. */
  readonly at: number;
};

const DELIMITER = "<IDS|MSG>";

export function signature(key: string, parts: readonly (string | Buffer)[]): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

export function newHeader(type: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username: "test",
    date: new Date().toISOString(),
    version: "5.3",
  };
}

/** Frames of a signed message; the parts may be anything, so that wrong ones can be sent with a right signature. */
export function frames(
  key: string,
  parts: readonly [unknown, unknown, unknown, unknown],
  buffers: readonly Buffer[] = [],
): Buffer[] {
  const texts = parts.map((part) => Buffer.from(JSON.stringify(part)));
  return [Buffer.from(DELIMITER), Buffer.from(signature(key, texts)), ...texts, ...buffers];
}

/** Reads what a kernel sent. A wrong signature or framing is an error of the kernel. */
export function decode(key: string, received: readonly Buffer[]): Received {
  const at = received.findIndex((frame) => frame.toString("latin1") === DELIMITER);
  if (at < 0) throw new Error(`the kernel sent ${received.length} frames without ${DELIMITER}`);
  const parts = received.slice(at + 2, at + 6);
  const given = received[at + 1]?.toString("latin1");
  const expected = signature(key, parts);
  if (given !== expected) throw new Error(`the kernel signed with ${given}, expected ${expected}`);
  const [header, parent, metadata, content] = parts.map((part) => JSON.parse(String(part))) as [
    Header,
    Partial<Header>,
    Content,
    Content,
  ];
  return {
    topic: at > 0 ? received[0]!.toString("latin1") : "",
    header,
    parent,
    metadata,
    content,
    buffers: received.slice(at + 6),
    at: performance.now(),
  };
}
