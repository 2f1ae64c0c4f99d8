/** @file Starting a server process on a port that stays its own, and ending it gently or not. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "server.process.ts");

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}

export class ServerProcess {
  readonly #folder: string;
  readonly #port: number;
  readonly #shell: string | undefined;
  #child: ChildProcess | undefined;
  /** What it wrote to stderr since it was first started. */
  errors = "";

  /** `shell` is run before the server, in its process: `ulimit -f 1000`. */
  constructor(folder: string, port: number, shell?: string) {
    this.#folder = folder;
    this.#port = port;
    this.#shell = shell;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it answers. */
  async start(shell = this.#shell): Promise<void> {
    const command = [process.execPath, SCRIPT, this.#folder, `${this.#port}`];
    const child = shell
      ? spawn("sh", ["-c", `${shell}; exec "$@"`, "sh", ...command])
      : spawn(command[0]!, command.slice(1));
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    await new Promise<void>((ready, failed) => {
      child.stdout.once("data", () => ready());
      child.once("exit", (code) => {
        failed(new Error(`the server ended with ${code}: ${this.errors}`));
      });
    });
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
