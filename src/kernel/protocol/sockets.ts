/** @file The five zeromq sockets of a kernel. Nothing else in the kernel knows zeromq. */
import { Reply, Router, XPublisher } from "zeromq";
import { addressOf, type Connection } from "./connection.ts";

/** The sockets on which requests arrive. */
export type Channel = "shell" | "control" | "stdin";

export type SocketsListener = {
  /** Frames of a request, as they came. */
  receive(channel: Channel, frames: Buffer[]): void;
  /** A front end subscribed to `topic` on iopub. */
  subscribed(topic: Buffer): void;
};

/**
 * Binds all five sockets and pumps them until `close`.
 *
 * zeromq.js allows one pending `send` a socket and throws on a second, so every socket has a chain of sends.
 */
export class Sockets {
  readonly #routers: Record<Channel, Router>;
  readonly #iopub: XPublisher;
  readonly #heartbeat: Reply;
  readonly #tails = new Map<Router | XPublisher, Promise<void>>();
  #closed = false;

  private constructor() {
    // High-water marks of 0: a slow front end delays messages, it never loses them. The kernel bounds memory itself
    // by not reading from the user process while `drained` is pending.
    const options = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 500 };
    this.#routers = {
      shell: new Router({ ...options, handover: true }),
      control: new Router({ ...options, handover: true }),
      stdin: new Router({ ...options, handover: true }),
    };
    this.#iopub = new XPublisher(options);
    this.#iopub.verbosity = "allSubs";
    this.#heartbeat = new Reply({ linger: 0 });
  }

  static async bind(connection: Connection): Promise<Sockets> {
    const sockets = new Sockets();
    await Promise.all([
      sockets.#routers.shell.bind(addressOf(connection, "shell_port")),
      sockets.#routers.control.bind(addressOf(connection, "control_port")),
      sockets.#routers.stdin.bind(addressOf(connection, "stdin_port")),
      sockets.#iopub.bind(addressOf(connection, "iopub_port")),
      sockets.#heartbeat.bind(addressOf(connection, "hb_port")),
    ]);
    return sockets;
  }

  /** Starts receiving. */
  listen(listener: SocketsListener): void {
    for (const channel of ["shell", "control", "stdin"] as const) {
      void this.#pump(this.#routers[channel], (frames) => listener.receive(channel, frames));
    }
    void this.#pump(this.#iopub, ([frame]) => {
      if (frame !== undefined && frame[0] === 1) listener.subscribed(frame.subarray(1));
    });
    void this.#pump(this.#heartbeat, (frames) => this.#heartbeat.send(frames));
  }

  async #pump(
    socket: Router | XPublisher | Reply,
    handle: (frames: Buffer[]) => unknown,
  ): Promise<void> {
    while (!this.#closed) {
      try {
        await handle(await socket.receive());
      } catch (error) {
        if (this.#closed || socket.closed) return;
        process.stderr.write(`kernel: ${(error as Error).message}\n`);
      }
    }
  }

  /** Sends in order of calls; resolves when zeromq has taken the message. */
  send(channel: Channel | "iopub", frames: Buffer[]): Promise<void> {
    const socket = channel === "iopub" ? this.#iopub : this.#routers[channel];
    const sent = (this.#tails.get(socket) ?? Promise.resolve()).then(async () => {
      if (this.#closed) return;
      try {
        await socket.send(frames);
      } catch (error) {
        // A front end that has gone away: the protocol has no answer to that.
        if (!this.#closed)
          process.stderr.write(`kernel: send on ${channel}: ${(error as Error).message}\n`);
      }
    });
    this.#tails.set(socket, sent);
    return sent;
  }

  /** Sends what is queued, then closes. */
  async close(): Promise<void> {
    await Promise.all(this.#tails.values());
    this.#closed = true;
    for (const socket of [...Object.values(this.#routers), this.#iopub, this.#heartbeat]) {
      socket.close();
    }
  }
}
