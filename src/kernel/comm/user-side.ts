/** @file `jupyter.comms` in cells: open comms, and targets that front ends may open. */
import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { Json } from "../protocol/wire.ts";
import type { KernelHost } from "../user/host.ts";
import type { CommKind, CommMessage } from "./messages.ts";

export type CommContent = {
  readonly data: Json;
  readonly metadata: Json;
  readonly buffers: readonly Uint8Array[];
};

export type SendOptions = {
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
};

type Listener = (content: CommContent) => unknown;

/** One conversation with a front end. What its listeners print goes below the cell that added them. */
export class Comm {
  readonly id: string;
  readonly target: string;
  readonly #comms: Comms;
  readonly #listeners: Record<"comm_msg" | "comm_close", Listener[]> = {
    comm_msg: [],
    comm_close: [],
  };
  #open = true;

  constructor(comms: Comms, target: string, id: string) {
    this.#comms = comms;
    this.target = target;
    this.id = id;
  }

  get open(): boolean {
    return this.#open;
  }

  send(data: Json, options: SendOptions = {}): void {
    if (!this.#open) throw new Error(`comm: ${this.target} ${this.id} is closed`);
    this.#comms.post("comm_msg", this, data, options);
  }

  close(data: Json = {}, options: SendOptions = {}): void {
    if (!this.#open) return;
    this.#comms.post("comm_close", this, data, options);
    this.#open = false;
    this.#comms.forget(this);
  }

  onMessage(listener: Listener): this {
    this.#listeners.comm_msg.push(AsyncResource.bind(listener));
    return this;
  }

  /** Heard when the front end closes it. */
  onClose(listener: Listener): this {
    this.#listeners.comm_close.push(AsyncResource.bind(listener));
    return this;
  }

  /** A message from the front end. */
  receive(kind: "comm_msg" | "comm_close", content: CommContent): void {
    if (kind === "comm_close") this.#open = false;
    for (const listener of this.#listeners[kind]) {
      // Each on its own: what one throws is reported, and the others still hear.
      queueMicrotask(() => void listener(content));
    }
  }
}

export class Comms {
  readonly #host: Pick<KernelHost, "send">;
  readonly #open = new Map<string, Comm>();
  readonly #targets = new Map<string, (comm: Comm, content: CommContent) => unknown>();

  constructor(host: Pick<KernelHost, "send">) {
    this.#host = host;
  }

  /** Opens a comm to the front end's handler for `target`. */
  open(
    target: string,
    data: Json = {},
    options: SendOptions & { readonly id?: string } = {},
  ): Comm {
    const comm = new Comm(this, target, options.id ?? randomUUID());
    this.#open.set(comm.id, comm);
    this.post("comm_open", comm, data, options);
    return comm;
  }

  /** Takes comms that front ends open to `target`; a later registration replaces this one. */
  register(target: string, listener: (comm: Comm, content: CommContent) => unknown): void {
    this.#targets.set(target, AsyncResource.bind(listener));
  }

  unregister(target: string): void {
    this.#targets.delete(target);
  }

  forget({ id }: Comm): void {
    this.#open.delete(id);
  }

  post(kind: CommKind, comm: Comm, data: Json, { metadata = {}, buffers = [] }: SendOptions): void {
    const message: CommMessage = {
      kind,
      id: comm.id,
      ...(kind === "comm_open" ? { target: comm.target } : {}),
      data,
      metadata,
      buffers: buffers.map((each) => Buffer.from(each).toString("base64")),
    };
    this.#host.send("comm", { comm: message });
  }

  receive({ kind, id, target, data, metadata, buffers }: CommMessage): void {
    const content = { data, metadata, buffers: buffers.map((each) => Buffer.from(each, "base64")) };
    if (kind === "comm_open") {
      const comm = new Comm(this, target!, id);
      const listener = this.#targets.get(comm.target);
      // The protocol's answer to a target that nobody knows.
      if (listener === undefined) return comm.close();
      this.#open.set(id, comm);
      listener(comm, content);
      return;
    }
    const comm = this.#open.get(id);
    if (kind === "comm_close") this.#open.delete(id);
    comm?.receive(kind, content);
  }
}

export function commsInCells(host: KernelHost): void {
  const comms = new Comms(host);
  Object.defineProperty(host, "comms", { value: comms, enumerable: true });
  host.onMessage("comm", (message) => comms.receive(message["comm"] as CommMessage));
}
