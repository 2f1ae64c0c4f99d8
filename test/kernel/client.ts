/** @file A small front end: starts a kernel from its entry file and talks to it over zeromq. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { commandOf, kernelSpec } from "../../src/kernel/kernelspec.ts";

export type Json = Record<string, any>;
export type Received = { type: string; parent: string | undefined; content: Json; metadata: Json };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Everything one request brought about. */
export type Outcome = {
  reply: Json;
  messages: Received[];
  /** What was printed, both streams. */
  text: string;
  result: Json | undefined;
  error: Json | undefined;
};

export class Client implements AsyncDisposable {
  readonly key: string;
  readonly process: ChildProcess;
  readonly messages: Received[] = [];
  stderr = "";
  readonly #session = randomUUID();
  readonly #dealers: Record<"shell" | "control" | "stdin", Dealer>;
  readonly #iopub: Subscriber;
  readonly #folder: string;
  readonly #replies = new Map<string, Json>();
  readonly #waiters = new Set<() => void>();
  /** Answers to `prompt`; undefined leaves it waiting. */
  onInput: (content: Json) => string | undefined = () => "";

  private constructor(process: ChildProcess, folder: string, key: string) {
    this.process = process;
    this.key = key;
    this.#folder = folder;
    const routingId = randomUUID();
    this.#dealers = {
      shell: new Dealer({ routingId, linger: 0 }),
      control: new Dealer({ routingId, linger: 0 }),
      stdin: new Dealer({ routingId, linger: 0 }),
    };
    this.#iopub = new Subscriber({ receiveHighWaterMark: 0, linger: 0 });
  }

  static async start(cwd: string, { diagnostics = "off" } = {}): Promise<Client> {
    const folder = mkdtempSync(join(tmpdir(), "rzenlab-kernel-"));
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = ports;
    const key = randomUUID();
    const file = join(folder, "connection.json");
    const connection = { transport: "tcp", ip: "127.0.0.1", key, signature_scheme: "hmac-sha256" };
    writeFileSync(
      file,
      JSON.stringify({ ...connection, shell_port, iopub_port, stdin_port, control_port, hb_port }),
    );
    const [command, ...args] = commandOf(kernelSpec(), file);
    const child = spawn(command, args, {
      cwd,
      // Type warnings have tests of their own; here they would come between the outputs.
      env: {
        RZENLAB_HISTORY: join(folder, "history.db"),
        RZENLAB_DIAGNOSTICS: diagnostics,
        ...process.env,
      },
      stdio: ["ignore", "inherit", "pipe"],
    });
    const client = new Client(child, folder, key);
    child.stderr.on("data", (chunk: Buffer) => (client.stderr += chunk.toString()));
    client.#iopub.subscribe();
    client.#iopub.connect(`tcp://127.0.0.1:${iopub_port}`);
    for (const [name, port] of [
      ["shell", shell_port],
      ["control", control_port],
      ["stdin", stdin_port],
    ] as const) {
      client.#dealers[name].connect(`tcp://127.0.0.1:${port}`);
    }
    void client.#pump();
    await client.until(() => client.messages.some(({ type }) => type === "iopub_welcome"));
    await client.request("kernel_info_request", {});
    return client;
  }

  async #pump(): Promise<void> {
    const loop = async (
      socket: Dealer | Subscriber,
      handle: (m: Received, header: Json) => void,
    ): Promise<void> => {
      try {
        for await (const frames of socket as AsyncIterable<Buffer[]>) {
          const at = frames.findIndex((f) => f.toString() === "<IDS|MSG>");
          const parts = frames.slice(at + 2, at + 6);
          const hmac = createHmac("sha256", this.key);
          for (const part of parts) hmac.update(part);
          if (hmac.digest("hex") !== frames[at + 1]!.toString())
            throw new Error("bad signature from the kernel");
          const [header, parent, metadata, content] = parts.map(
            (f) => JSON.parse(f.toString()) as Json,
          );
          handle(
            {
              type: header!["msg_type"],
              parent: parent!["msg_id"],
              content: content!,
              metadata: metadata!,
            },
            header!,
          );
        }
      } catch (error) {
        if (!socket.closed) throw error;
      }
    };
    const reply = (m: Received): void => {
      this.#replies.set(m.parent ?? "", m.content);
      for (const wake of this.#waiters) wake();
    };
    await Promise.all([
      loop(this.#dealers.shell, reply),
      loop(this.#dealers.control, reply),
      loop(this.#dealers.stdin, (m, header) => {
        const value = this.onInput(m.content);
        if (value !== undefined) void this.send("stdin", "input_reply", { value }, header);
      }),
      loop(this.#iopub, (m) => {
        this.messages.push(m);
        for (const wake of this.#waiters) wake();
      }),
    ]);
  }

  /** Resolves when `condition` holds; checked at each iopub message. */
  async until(condition: () => boolean, ms = 30_000): Promise<void> {
    const deadline = Date.now() + ms;
    while (!condition()) {
      if (Date.now() > deadline)
        throw new Error(`waited ${ms} ms for ${condition.toString()}; kernel: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#waiters.add(() => (clearTimeout(timer), resolve()));
      });
      this.#waiters.clear();
    }
  }

  async send(
    channel: "shell" | "control" | "stdin",
    type: string,
    content: Json,
    parent: Json = {},
  ): Promise<string> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.#session,
      username: "test",
      date: new Date().toISOString(),
      version: "5.3",
    };
    await this.sendRaw(
      channel,
      [header, parent, {}, content].map((p) => Buffer.from(JSON.stringify(p))),
    );
    return id;
  }

  /** Signs and sends parts as they are. */
  async sendRaw(
    channel: "shell" | "control" | "stdin",
    parts: Buffer[],
    signature?: string,
  ): Promise<void> {
    const hmac = createHmac("sha256", this.key);
    for (const part of parts) hmac.update(part);
    await this.#dealers[channel].send([
      Buffer.from("<IDS|MSG>"),
      Buffer.from(signature ?? hmac.digest("hex")),
      ...parts,
    ]);
  }

  /** Sends a request and waits for its reply and its idle. */
  async request(
    type: string,
    content: Json,
    channel: "shell" | "control" = "shell",
    ms = 30_000,
  ): Promise<Outcome> {
    const id = await this.send(channel, type, content);
    return this.outcome(id, ms);
  }

  async outcome(id: string, ms = 30_000): Promise<Outcome> {
    const mine = (): Received[] => this.messages.filter(({ parent }) => parent === id);
    const idle = (): boolean =>
      mine().some((m) => m.type === "status" && m.content["execution_state"] === "idle");
    await this.until(() => this.#replies.has(id) && idle(), ms);
    const messages = mine();
    const of = (each: string): Json | undefined => messages.find((m) => m.type === each)?.content;
    const text = messages
      .filter((m) => m.type === "stream")
      .map((m) => m.content["text"])
      .join("");
    return {
      reply: this.#replies.get(id)!,
      messages,
      text,
      result: of("execute_result"),
      error: of("error"),
    };
  }

  run(code: string, options: Json = {}, ms?: number): Promise<Outcome> {
    return this.request(
      "execute_request",
      {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: true,
        stop_on_error: true,
        ...options,
      },
      "shell",
      ms,
    );
  }

  /** `text/plain` of the last value. */
  async value(code: string): Promise<string> {
    const { result, error } = await this.run(code);
    if (error) throw new Error(`${error["ename"]}: ${error["evalue"]}`);
    return result?.["data"]["text/plain"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, "exit");
      const timer = setTimeout(() => this.process.kill("SIGKILL"), 3_000);
      await this.send("control", "shutdown_request", { restart: false });
      await exited;
      clearTimeout(timer);
    }
    for (const socket of [...Object.values(this.#dealers), this.#iopub]) socket.close();
    rmSync(this.#folder, { recursive: true });
  }
}
