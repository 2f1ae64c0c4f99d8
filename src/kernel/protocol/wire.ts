/** @file Jupyter's wire format: framed JSON signed with HMAC, checked over the raw bytes before any is parsed. */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** What this kernel speaks: 5.3 plus the 5.5 features it names in `kernel_info_reply`. */
export const PROTOCOL_VERSION = "5.3";

/** Signatures kept to tell a message that is sent again by someone who can't sign. */
const REMEMBERED = 65_536;

const DELIMITER = Buffer.from("<IDS|MSG>");

/** A JSON object whose shape is not known yet. */
export type Json = Record<string, unknown>;

export type Header = {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
  readonly subshell_id?: string | null;
};

export type Message = {
  /** Routing prefix: the peer on ROUTER sockets, the topic on iopub. */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** Empty on messages that answer nothing. */
  readonly parent: Header | Record<string, never>;
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Buffer[];
};

/** Of a request, what later messages to its sender need; its content may be large. */
export type Origin = Pick<Message, "identities" | "header">;

/** A message that is not answered: its signature, framing or JSON is wrong. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** Signs and checks messages with the connection file's key. An empty key turns signing off, as the protocol has it. */
export class Wire {
  readonly session: string = randomUUID();
  readonly #key: string;
  readonly #seen = new Set<string>();

  /** @throws RangeError for a scheme other than hmac-sha256, the only one that front ends use */
  constructor(key: string, scheme = "hmac-sha256") {
    if (scheme !== "hmac-sha256") {
      throw new RangeError(
        `connection file: signature_scheme must be "hmac-sha256", got "${scheme}"`,
      );
    }
    this.#key = key;
  }

  #signature(parts: readonly Buffer[]): Buffer {
    if (this.#key === "") return Buffer.alloc(0);
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return Buffer.from(hmac.digest("hex"));
  }

  /** Frames to send. */
  encode(message: Message): Buffer[] {
    const { header, parent, metadata, content } = message;
    const parts = [header, parent, metadata, content].map((part) =>
      Buffer.from(JSON.stringify(part)),
    );
    return [...message.identities, DELIMITER, this.#signature(parts), ...parts, ...message.buffers];
  }

  /** @throws WireError for anything but a correctly signed message */
  decode(frames: readonly Buffer[]): Message {
    const at = frames.findIndex((frame) => frame.equals(DELIMITER));
    if (at < 0) throw new WireError(`no <IDS|MSG> frame among ${frames.length}`);
    if (frames.length < at + 6) {
      throw new WireError(
        `expected a signature and 4 parts after <IDS|MSG>, got ${frames.length - at - 1} frames`,
      );
    }
    const signature = frames[at + 1]!;
    const parts = frames.slice(at + 2, at + 6);
    const expected = this.#signature(parts);
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new WireError("signature does not match");
    }
    this.#refuseReplay(signature.toString("latin1"));
    const [header, parent, metadata, content] = parts.map(parseObject) as [Json, Json, Json, Json];
    for (const field of ["msg_id", "msg_type", "session"] as const) {
      if (typeof header[field] !== "string") {
        throw new WireError(
          `header.${field} must be a string, got ${JSON.stringify(header[field])}`,
        );
      }
    }
    return {
      identities: frames.slice(0, at),
      header: header as unknown as Header,
      parent: parent as Header | Record<string, never>,
      metadata,
      content,
      buffers: frames.slice(at + 6),
    };
  }

  #refuseReplay(signature: string): void {
    if (signature === "") return;
    if (this.#seen.has(signature)) throw new WireError("signature was used before");
    this.#seen.add(signature);
    if (this.#seen.size <= REMEMBERED) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      break;
    }
  }

  /** A new message of `type`, answering `parent`. */
  message(
    type: string,
    parent: Header | Record<string, never>,
    content: Json,
    extra: Partial<Pick<Message, "identities" | "metadata" | "buffers">> = {},
  ): Message {
    return {
      identities: extra.identities ?? [],
      header: {
        msg_id: randomUUID(),
        msg_type: type,
        session: this.session,
        username: "kernel",
        date: new Date().toISOString(),
        version: PROTOCOL_VERSION,
      },
      parent,
      metadata: extra.metadata ?? {},
      content,
      buffers: extra.buffers ?? [],
    };
  }
}

function parseObject(part: Buffer, index: number): Json {
  const name = ["header", "parent_header", "metadata", "content"][index]!;
  let value: unknown;
  try {
    value = JSON.parse(part.toString("utf8"));
  } catch (error) {
    throw new WireError(`${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError(`${name} must be an object, got ${JSON.stringify(value)?.slice(0, 80)}`);
  }
  return value as Json;
}
