/** @file A Jupyter client on zeromq: starts any kernelspec's command and speaks to it. No Python, no server. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Dealer, Request as HeartbeatRequest, Subscriber } from "zeromq";
import { commandOf } from "../../../src/kernel/kernelspec.ts";
import { type Content, decode, frames, newHeader, type Received } from "./wire.ts";

/** What a kernelspec says, as far as starting the kernel goes. */
export type KernelSpec = {
  /** `{connection_file}` stands for the file's path. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly interrupt_mode?: "signal" | "message";
};

export type LaunchOptions = { readonly cwd: string; readonly timeout?: number };

export type RequestChannel = "shell" | "control" | "stdin";

/** One request: what answered it and what was published for it. */
export type Exchange = {
  readonly id: string;
  readonly reply: Received;
  readonly iopub: readonly Received[];
};

/** A request on its way. */
export type Pending = {
  readonly id: string;
  readonly iopub: readonly Received[];
  readonly sentAt: number;
  /** Settles at the reply and `idle`, whichever is later. */
  readonly done: Promise<Exchange>;
};

type Waiting = {
  iopub: Received[];
  reply?: Received;
  idle: boolean;
  settle: () => void;
  fail: (error: Error) => void;
};

const PORTS = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] as const;

async function freePorts(count: number): Promise<number[]> {
  // All at once, so that no port comes twice.
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export class Client {
  readonly session = randomUUID();
  readonly key = randomUUID();
  readonly process: ChildProcess;
  /** Everything published, in order of arrival. */
  readonly published: Received[] = [];
  /** Milliseconds from spawning to the first reply whose `idle` was seen. */
  readyMs = Number.NaN;
  /** Answers `input_request`; without it they stay open. */
  onInput: ((request: Received) => string | undefined) | undefined;
  /** What the kernel process itself printed. */
  log = "";
  exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  readonly #spec: KernelSpec;
  readonly #folder: string;
  readonly #sockets: Record<RequestChannel, Dealer>;
  readonly #iopub: Subscriber;
  readonly #heartbeatAddress: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sends = new Map<Dealer, Promise<void>>();
  readonly #listeners = new Set<(message: Received) => void>();
  #closed = false;

  private constructor(spec: KernelSpec, options: LaunchOptions, ports: readonly number[]) {
    this.#spec = spec;
    this.#folder = mkdtempSync(join(tmpdir(), "rzenlab-kernel-"));
    const file = join(this.#folder, "connection.json");
    const named = Object.fromEntries(PORTS.map((name, i) => [name, ports[i]!]));
    const connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      key: this.key,
      signature_scheme: "hmac-sha256",
      kernel_name: "",
      ...named,
    };
    writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
    const [command, ...args] = commandOf(spec, file);
    this.process = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...spec.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on("data", (text) => (this.log = `${this.log}${text}`.slice(-65_536)));
    }
    this.process.on("error", (error) => (this.log += error.message));
    this.process.on("exit", (code, signal) => {
      this.exit = { code, signal };
      const gone = new Error(`the kernel is gone (${signal ?? code}): ${this.log.slice(-500)}`);
      // What is still in its sockets may come.
      setTimeout(() => this.#failAll(gone), 200).unref();
    });
    const address = (name: (typeof PORTS)[number]): string => `tcp://127.0.0.1:${named[name]}`;
    const open = (name: (typeof PORTS)[number]): Dealer => {
      const socket = new Dealer({
        routingId: this.session,
        linger: 0,
        sendHighWaterMark: 0,
        receiveHighWaterMark: 0,
        reconnectInterval: 20,
      });
      socket.connect(address(name));
      return socket;
    };
    this.#sockets = {
      shell: open("shell_port"),
      control: open("control_port"),
      stdin: open("stdin_port"),
    };
    // A flood must be held here, not dropped.
    this.#iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0, reconnectInterval: 20 });
    this.#iopub.subscribe("");
    this.#iopub.connect(address("iopub_port"));
    this.#heartbeatAddress = address("hb_port");
    for (const name of ["shell", "control", "stdin"] as const) {
      void this.#pump(this.#sockets[name], (message) => this.#answered(name, message));
    }
    void this.#pump(this.#iopub, (message) => this.#publishedOne(message));
  }

  /** Starts a kernel and waits until it answers and its iopub is heard. */
  static async launch(spec: KernelSpec, options: LaunchOptions): Promise<Client> {
    const ports = await freePorts(PORTS.length);
    const started = performance.now();
    const client = new Client(spec, options, ports);
    const deadline = started + (options.timeout ?? 60_000);
    const asked: Pending[] = [];
    const first = Promise.withResolvers<void>();
    while (performance.now() < deadline && client.exit === undefined) {
      const pending = client.send("kernel_info_request", {});
      asked.push(pending);
      pending.done.then(() => first.resolve(), first.reject);
      const ready = await Promise.race([first.promise.then(() => true), delay(50)]);
      if (ready !== true) continue;
      client.readyMs = performance.now() - started;
      // The other answers would arrive in the middle of what is asked next.
      await Promise.race([
        Promise.allSettled(asked.slice(-1).map((each) => each.done)),
        delay(5_000),
      ]);
      return client;
    }
    await client.kill();
    throw new Error(`no kernel from ${spec.argv.join(" ")}:\n${client.log}`);
  }

  async #pump(socket: Dealer | Subscriber, handle: (message: Received) => void): Promise<void> {
    try {
      for await (const received of socket) handle(decode(this.key, received));
    } catch (error) {
      if (!this.#closed) this.#failAll(error as Error);
    }
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.fail(error);
  }

  #answered(channel: RequestChannel, message: Received): void {
    if (channel === "stdin") {
      const value = this.onInput?.(message);
      if (value !== undefined) void this.answerInput(message, value);
      return;
    }
    const waiting = this.#waiting.get(message.parent.msg_id ?? "");
    if (waiting === undefined) return;
    waiting.reply = message;
    waiting.settle();
  }

  #publishedOne(message: Received): void {
    this.published.push(message);
    for (const listener of this.#listeners) listener(message);
    const waiting = this.#waiting.get(message.parent.msg_id ?? "");
    if (waiting === undefined) return;
    waiting.iopub.push(message);
    if (message.header.msg_type === "status" && message.content["execution_state"] === "idle") {
      waiting.idle = true;
      waiting.settle();
    }
  }

  /** Sends frames as they are. */
  sendRaw(channel: RequestChannel, raw: readonly Buffer[]): Promise<void> {
    const socket = this.#sockets[channel];
    const sent = (this.#sends.get(socket) ?? Promise.resolve()).then(() => socket.send([...raw]));
    this.#sends.set(
      socket,
      sent.catch(() => undefined),
    );
    return sent;
  }

  answerInput(request: Received, value: string): Promise<void> {
    const header = newHeader("input_reply", this.session);
    return this.sendRaw("stdin", frames(this.key, [header, request.header, {}, { value }]));
  }

  /** Sends a request and goes on. */
  send(
    type: string,
    content: Content,
    {
      channel = "shell",
      buffers = [],
      metadata = {},
    }: { channel?: RequestChannel; buffers?: Buffer[]; metadata?: Content } = {},
  ): Pending {
    const header = newHeader(type, this.session);
    const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
    const waiting: Waiting = {
      iopub: [],
      idle: false,
      settle: () => {
        const { reply, idle, iopub } = waiting;
        if (reply && idle) resolve({ id: header.msg_id, reply, iopub });
      },
      fail: reject,
    };
    // Whoever does not wait for the answer does not want its error either.
    promise.catch(() => undefined);
    this.#waiting.set(header.msg_id, waiting);
    const sentAt = performance.now();
    void this.sendRaw(channel, frames(this.key, [header, {}, metadata, content], buffers));
    return { id: header.msg_id, iopub: waiting.iopub, sentAt, done: promise };
  }

  /** Sends a request and waits for its reply and `idle`. */
  async request(
    type: string,
    content: Content = {},
    options: { channel?: RequestChannel; timeout?: number; metadata?: Content } = {},
  ): Promise<Exchange> {
    const pending = this.send(type, content, options);
    return this.within(pending, options.timeout ?? 15_000, type);
  }

  /** Waits for a pending request; says what was missing when it takes too long. */
  async within(pending: Pending, timeout: number, what = "request"): Promise<Exchange> {
    const timer = new AbortController();
    try {
      return await Promise.race([
        pending.done,
        delay(timeout, undefined, { signal: timer.signal }).then(() => {
          const { reply, idle } = this.#waiting.get(pending.id)!;
          const missing = [reply ? [] : "reply", idle ? [] : "idle"].flat().join(" and ");
          throw new Error(`${what}: no ${missing} within ${timeout} ms`);
        }),
      ]);
    } finally {
      timer.abort();
    }
  }

  /** Waits for something published, from now on or from `since` in `published`. */
  async heard(
    what: string,
    matches: (message: Received) => boolean,
    { timeout = 10_000, since = this.published.length } = {},
  ): Promise<Received> {
    const early = this.published.slice(since).find(matches);
    if (early) return early;
    const { promise, resolve } = Promise.withResolvers<Received>();
    const listener = (message: Received): void => {
      if (matches(message)) resolve(message);
    };
    this.#listeners.add(listener);
    const timer = new AbortController();
    try {
      return await Promise.race([
        promise,
        delay(timeout, undefined, { signal: timer.signal }).then(() => {
          throw new Error(`nothing published like ${what} within ${timeout} ms`);
        }),
      ]);
    } finally {
      this.#listeners.delete(listener);
      timer.abort();
    }
  }

  /** Interrupts as the kernelspec says: by message or by signal. */
  interrupt(): void {
    if (this.#spec.interrupt_mode === "message") {
      this.send("interrupt_request", {}, { channel: "control" });
    } else {
      this.process.kill("SIGINT");
    }
  }

  /** Milliseconds a heartbeat takes to come back. */
  async heartbeat(timeout = 5_000): Promise<number> {
    const socket = new HeartbeatRequest({ linger: 0, receiveTimeout: timeout });
    try {
      socket.connect(this.#heartbeatAddress);
      const sent = performance.now();
      await socket.send("ping");
      const [back] = await socket.receive();
      if (String(back) !== "ping") throw new Error(`heartbeat came back as ${String(back)}`);
      return performance.now() - sent;
    } finally {
      socket.close();
    }
  }

  /** Asks the kernel to end, then makes sure. */
  async close(): Promise<void> {
    if (this.exit === undefined) {
      this.send("shutdown_request", { restart: false }, { channel: "control" });
      await this.exited(3_000);
    }
    await this.kill();
  }

  /** Waits for the process to end; says whether it did. */
  async exited(timeout: number): Promise<boolean> {
    const deadline = performance.now() + timeout;
    while (this.exit === undefined && performance.now() < deadline) await delay(10);
    return this.exit !== undefined;
  }

  async kill(): Promise<void> {
    if (this.exit === undefined) this.process.kill("SIGKILL");
    if (!this.#closed) {
      this.#closed = true;
      for (const socket of [...Object.values(this.#sockets), this.#iopub]) socket.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
