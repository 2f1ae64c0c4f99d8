/** @file iopub: what everybody sees, in order, a flood in few messages. */
import { GatheredPrints } from "./gathered-prints.ts";
import type { Header, Json, Wire } from "./protocol/wire.ts";
import type { Sockets } from "./protocol/sockets.ts";

const MAX_STREAM_CHARS = 1 << 18;

type Parent = Header | Record<string, never>;

export class Output {
  readonly #wire: Wire;
  readonly #sockets: Sockets;
  readonly #prints = new GatheredPrints<Parent, string>(MAX_STREAM_CHARS, (parent, name, text) =>
    this.#send("stream", { name, text }, parent),
  );

  constructor(wire: Wire, sockets: Sockets) {
    this.#wire = wire;
    this.#sockets = sockets;
  }

  /** Sends after everything that was sent or printed before. */
  publish(
    type: string,
    content: Json,
    parent: Parent,
    extra: {
      readonly metadata?: Json;
      readonly buffers?: readonly Buffer[];
      readonly topic?: Buffer;
    } = {},
  ): void {
    this.flush();
    this.#send(type, content, parent, extra);
  }

  #send(
    type: string,
    content: Json,
    parent: Parent,
    {
      topic = Buffer.from(`kernel.${this.#wire.session}.${type}`),
      ...extra
    }: {
      readonly metadata?: Json;
      readonly buffers?: readonly Buffer[];
      readonly topic?: Buffer;
    } = {},
  ): void {
    const message = this.#wire.message(type, parent, content, { ...extra, identities: [topic] });
    void this.#sockets.send("iopub", this.#wire.encode(message));
  }

  /** Prints; what comes in one turn of the event loop goes out together. */
  stream(name: string, text: string, parent: Parent): void {
    this.#prints.add(parent, name, text);
  }

  flush(): void {
    this.#prints.flush();
  }
}
