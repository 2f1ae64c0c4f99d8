/** @file The kernel process: requests in, replies and statuses out, one shell request at a time. */
import { EventEmitter } from "node:events";
import type { Cell, Handler, Handlers, KernelContext, KernelEvents, Request } from "./context.ts";
import { Executor } from "./execute.ts";
import { coreHandlers } from "./handlers.ts";
import { MODULES } from "./modules.ts";
import { Output } from "./output.ts";
import type { Connection } from "./protocol/connection.ts";
import { type Channel, Sockets } from "./protocol/sockets.ts";
import { type Json, type Message, type Origin, Wire, WireError } from "./protocol/wire.ts";
import type { FromUser } from "./user/messages.ts";
import { UserProcess } from "./user-process.ts";

export type KernelOptions = {
  readonly connection: Connection;
  /** Folder that cells resolve from: the notebook's. */
  readonly cwd: string;
};

/** Binds the sockets and serves until shut down. */
export class Kernel implements KernelContext {
  readonly cwd: string;
  readonly output: Output;
  readonly user: UserProcess;
  readonly events = new EventEmitter<KernelEvents>();
  beforeCell?: KernelContext["beforeCell"];
  beforeInterrupt?: KernelContext["beforeInterrupt"];
  readonly #wire: Wire;
  readonly #sockets: Sockets;
  readonly #handlers: Handlers;
  readonly #executor: Executor;
  readonly #extensions = new Map<
    string,
    (message: FromUser & Json, request: Origin | undefined) => void
  >();
  #queue: Request[] = [];
  #working: Request | undefined;
  readonly #closed = Promise.withResolvers<void>();

  private constructor(options: KernelOptions, sockets: Sockets, wire: Wire, user: UserProcess) {
    this.cwd = options.cwd;
    this.#sockets = sockets;
    this.#wire = wire;
    this.user = user;
    this.output = new Output(wire, sockets);
    this.#executor = new Executor(this, (name, message, request) =>
      this.#extensions.get(name)?.(message, request),
    );
    this.#handlers = Object.assign(
      {},
      coreHandlers(this.#executor),
      ...MODULES.map((module) => module(this)),
    ) as Handlers;
    user.on("started", (pid) => this.events.emit("started", pid));
  }

  /** Resolves when the kernel answers requests; the user process may still be starting. */
  static async start(options: KernelOptions): Promise<Kernel> {
    const wire = new Wire(options.connection.key, options.connection.signature_scheme);
    // First, since it takes longest.
    const user = new UserProcess(options.cwd);
    const sockets = await Sockets.bind(options.connection);
    const kernel = new Kernel(options, sockets, wire, user);
    kernel.output.publish("status", { execution_state: "starting" }, {});
    sockets.listen({
      receive: (channel, frames) => kernel.#receive(channel, frames),
      subscribed: (topic) => kernel.#welcome(topic),
    });
    return kernel;
  }

  get executionCount(): number {
    return this.#executor.count;
  }

  get running(): Cell | undefined {
    return this.#executor.running;
  }

  /** Settles when the kernel has shut down. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  sendInput(type: string, content: Json, request: Origin): void {
    const message = this.#wire.message(type, request.header, content, {
      identities: request.identities,
    });
    void this.#sockets.send("stdin", this.#wire.encode(message));
  }

  onExtension(
    name: string,
    listener: (message: FromUser & Json, request: Origin | undefined) => void,
  ): void {
    this.#extensions.set(name, listener);
  }

  interrupt(): void {
    const cell = this.running?.id ?? 0;
    const interrupt = (): void => this.user.interrupt(cell);
    void (this.beforeInterrupt?.() ?? Promise.resolve()).then(interrupt, interrupt);
  }

  /** Tells a new subscriber that its subscription works (Jupyter's JEP 65). */
  #welcome(topic: Buffer): void {
    this.output.publish("iopub_welcome", { subscription: topic.toString("utf8") }, {}, { topic });
  }

  #receive(channel: Channel, frames: Buffer[]): void {
    let message: Message;
    try {
      message = this.#wire.decode(frames);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      process.stderr.write(`kernel: dropped a message on ${channel}: ${error.message}\n`);
      return;
    }
    const request = { channel, message, content: message.content };
    const type = message.header.msg_type;
    const handler = Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
    if (handler === undefined || !(handler.channels ?? ["shell", "control"]).includes(channel)) {
      process.stderr.write(`kernel: no handler for ${type} on ${channel}\n`);
      return;
    }
    if (channel === "shell" && !(handler.whileBusy && this.#working !== undefined)) {
      this.#queue.push(request);
      if (this.#working === undefined) void this.#work();
    } else {
      void this.#answer(request, handler);
    }
  }

  async #work(): Promise<void> {
    for (let request = this.#queue.shift(); request !== undefined; request = this.#queue.shift()) {
      this.#working = request;
      await this.#answer(request, this.#handlers[request.message.header.msg_type]!);
    }
    this.#working = undefined;
  }

  /** Cells that the front end had sent by now, taken out of the queue. */
  async #takeQueuedCells(): Promise<Request[]> {
    // A turn of the event loop for messages that have arrived but were not read yet.
    await new Promise((resolve) => setImmediate(resolve));
    const isCell = ({ message }: Request): boolean => message.header.msg_type === "execute_request";
    const cells = this.#queue.filter(isCell);
    this.#queue = this.#queue.filter((request) => !isCell(request));
    return cells;
  }

  async #answer(request: Request, handler: Handler): Promise<void> {
    const { message, channel } = request;
    const { header } = message;
    // The input_reply on stdin answers a request of ours; it has no status of its own.
    const hasStatus = channel !== "stdin";
    if (hasStatus) this.output.publish("status", { execution_state: "busy" }, header);
    let content: Json | undefined;
    try {
      content = await handler.handle(this, request);
    } catch (error) {
      const { name, message: text } = error as Error;
      content = { status: "error", ename: name, evalue: text, traceback: [`${name}: ${text}`] };
    }
    // Before the front end hears of the error: what it sends after that is meant to run.
    const failed = request === this.#working && this.#executor.takeAbort();
    const aborted = failed ? await this.#takeQueuedCells() : [];
    if (content !== undefined) {
      const type = header.msg_type.replace(/_request$/, "_reply");
      const reply = this.#wire.message(
        type,
        header,
        { status: "ok", ...content },
        {
          identities: message.identities,
        },
      );
      void this.#sockets.send(channel, this.#wire.encode(reply));
    }
    if (!hasStatus) return;
    this.output.publish("status", { execution_state: "idle" }, header);
    // Front ends show the latest status: a request answered beside a running cell must not make it look finished.
    if (this.#working !== undefined && this.#working !== request) {
      this.output.publish("status", { execution_state: "busy" }, this.#working.message.header);
    }
    for (const cell of aborted) {
      this.#working = cell;
      await this.#answer(cell, { handle: () => ({ status: "aborted" }) });
    }
  }

  shutdown(): void {
    void (async () => {
      this.events.emit("shutdown");
      await this.user.close();
      this.output.flush();
      await this.#sockets.close();
      this.#closed.resolve();
    })();
  }
}
