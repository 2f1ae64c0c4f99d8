/** @file A kernel of our own, started and asked to execute cells: what `rzenlab notebook run` needs of Jupyter. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { type Message, Wire } from "../kernel/index.ts";
import { commandOf, kernelSpec } from "../kernel/kernelspec.ts";

export type ExecuteOptions = {
  readonly cellId: string | undefined;
  /** Every message that the cell publishes, in order. */
  readonly onPublished: (message: Message) => void;
};

const PORTS = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] as const;

/** Client of one kernel process over the Jupyter protocol. */
export class KernelClient {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #wire: Wire;
  readonly #shell: Dealer;
  readonly #iopub: Subscriber;
  readonly #gone: Promise<never>;
  #heard: (message: Message) => void = () => undefined;
  #replied: (message: Message) => void = () => undefined;

  private constructor(cwd: string, env: NodeJS.ProcessEnv, ports: readonly number[]) {
    this.#folder = mkdtempSync(join(tmpdir(), "rzenlab-notebook-"));
    const key = randomBytes(32).toString("hex");
    const connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      key,
      signature_scheme: "hmac-sha256",
      ...Object.fromEntries(PORTS.map((name, i) => [name, ports[i]])),
    };
    const file = join(this.#folder, "connection.json");
    writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
    this.#wire = new Wire(key);
    const [command, ...args] = commandOf(kernelSpec(), file);
    this.#process = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#gone = new Promise((_, reject) => {
      this.#process.once("error", reject);
      this.#process.once("exit", (code, signal) =>
        reject(new Error(`the kernel is gone (${signal ?? `exit code ${code}`})`)),
      );
    });
    this.#gone.catch(() => undefined); // told to whoever waits
    this.#shell = new Dealer({ linger: 0, reconnectInterval: 20 });
    this.#iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0, reconnectInterval: 20 });
    this.#iopub.subscribe("");
    this.#shell.connect(`tcp://127.0.0.1:${ports[0]}`);
    this.#iopub.connect(`tcp://127.0.0.1:${ports[1]}`);
    void this.#pump(this.#shell, (message) => this.#replied(message));
    void this.#pump(this.#iopub, (message) => this.#heard(message));
  }

  /** Starts a kernel in `cwd` and waits until its output is heard. */
  static async start(cwd: string, env: NodeJS.ProcessEnv = {}): Promise<KernelClient> {
    const client = new KernelClient(cwd, env, await freePorts(PORTS.length));
    try {
      // Asked until one answer's `idle` is heard: a subscription takes a moment to arrive.
      const first = Promise.withResolvers<void>();
      client.#heard = () => first.resolve();
      const asking = setInterval(() => void client.#send("kernel_info_request", {}), 100);
      await Promise.race([first.promise, client.#gone]).finally(() => clearInterval(asking));
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Executes a cell. Resolves at its reply and `idle`; the reply's content says how it went. */
  async execute(code: string, options: ExecuteOptions): Promise<Readonly<Record<string, unknown>>> {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    };
    const metadata = options.cellId === undefined ? {} : { cellId: options.cellId };
    const idle = Promise.withResolvers<void>();
    const reply = Promise.withResolvers<Message>();
    let id = "";
    this.#heard = (message) => {
      if (message.parent.msg_id !== id) return;
      if (message.header.msg_type !== "status") options.onPublished(message);
      else if (message.content["execution_state"] === "idle") idle.resolve();
    };
    this.#replied = (message) => {
      if (message.parent.msg_id === id) reply.resolve(message);
    };
    id = await this.#send("execute_request", content, metadata);
    await Promise.race([Promise.all([idle.promise, reply.promise]), this.#gone]);
    return (await reply.promise).content;
  }

  /** Ends the kernel. */
  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exit = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGTERM");
      const late = setTimeout(() => this.#process.kill("SIGKILL"), 3_000);
      await exit;
      clearTimeout(late);
    }
    this.#shell.close();
    this.#iopub.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #send(type: string, content: object, metadata: object = {}): Promise<string> {
    const message = this.#wire.message(type, {}, { ...content }, { metadata: { ...metadata } });
    await this.#shell.send(this.#wire.encode(message));
    return message.header.msg_id;
  }

  async #pump(socket: Dealer | Subscriber, handle: (message: Message) => void): Promise<void> {
    for await (const frames of socket) handle(this.#wire.decode(frames));
  }
}

/** Ports that were free a moment ago, asked for together so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((s) => new Promise<void>((resolve) => void s.listen(0, "127.0.0.1", resolve))),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
