/** @file What a case sees: a running kernel, the folder of its notebook, and code in the kernel's own dialect. */
import { setTimeout as delay } from "node:timers/promises";
import { Client, type Pending } from "../../support/jupyter/client.ts";
import {
  type ExecuteOptions,
  type Execution,
  finish,
  plainText,
  start,
} from "../../support/jupyter/execution.ts";
import type { KernelName, Peer } from "../../support/jupyter/peers.ts";
import { makeProject, type Project } from "./project.ts";

/** Code for each dialect. A plain string is TypeScript for all TypeScript kernels. */
export type Code = string | Partial<Record<KernelName | "typescript" | "python", string>>;

/** The case asks for something that this kernel's language does not have. */
export class NotApplicable extends Error {
  override readonly name = "NotApplicable";
}

export type Case = {
  readonly name: string;
  /** Runs in a kernel of its own: it kills, restarts or counts from 1. */
  readonly fresh?: boolean;
  /** Environment of that kernel. */
  readonly env?: Readonly<Record<string, string>>;
  run(kernel: Session): Promise<void>;
};

export type Group = { readonly name: string; readonly cases: readonly Case[] };

export class Session {
  readonly peer: Peer;
  readonly client: Client;
  readonly project: Project;

  private constructor(peer: Peer, client: Client, project: Project) {
    this.peer = peer;
    this.client = client;
    this.project = project;
  }

  static async open(peer: Peer, env: Case["env"] = {}): Promise<Session> {
    const project = makeProject();
    const spec = { ...peer.spec, env: { ...peer.spec.env, ...env } };
    try {
      return new Session(peer, await Client.launch(spec, { cwd: project.notebooks }), project);
    } catch (error) {
      project.remove();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.close();
    this.project.remove();
  }

  /** The variant of this kernel. @throws NotApplicable */
  code(code: Code): string {
    const { name, language } = this.peer;
    const variant =
      typeof code === "string"
        ? { typescript: code }[language as "typescript"]
        : (code[name] ?? code[language]);
    if (variant === undefined) throw new NotApplicable(`nothing to ask ${name}`);
    return variant;
  }

  start(code: Code, options?: ExecuteOptions): Pending {
    return start(this.client, this.code(code), options);
  }

  execute(code: Code, options?: ExecuteOptions & { timeout?: number }): Promise<Execution> {
    const { timeout, ...rest } = options ?? {};
    return finish(this.client, this.start(code, rest), timeout);
  }

  /** Runs a cell that must not fail. */
  async ok(code: Code, options?: ExecuteOptions & { timeout?: number }): Promise<Execution> {
    const done = await this.execute(code, options);
    if (done.reply["status"] !== "ok") {
      const { status, ename = status, evalue = done.text("stderr") } = done.reply;
      throw new Error(`cell failed: ${String(ename)}: ${plainText(String(evalue))}`);
    }
    return done;
  }

  /** What a cell prints with `print`; kernels without results can answer, too. */
  async prints(code: Code, expected: string, timeout?: number): Promise<void> {
    const done = await this.ok(code, timeout === undefined ? {} : { timeout });
    equal(plainText(done.stdout).trim(), expected, "stdout");
  }

  /** Runs a cell that must fail with an IOPub error. */
  async fails(code: Code, options?: ExecuteOptions): Promise<NonNullable<Execution["error"]>> {
    const done = await this.execute(code, options);
    equal(done.reply["status"], "error", "status");
    if (done.error === undefined) throw new Error("no error message on iopub");
    return done.error;
  }

  wait(ms: number): Promise<void> {
    return delay(ms);
  }
}

/** @throws Error with both values when they differ in structure */
export function equal(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${shorten(b)}, got ${shorten(a)}`);
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export function includes(text: string | undefined, part: string | RegExp, what: string): void {
  const found =
    typeof part === "string" ? text?.includes(part) : text !== undefined && part.test(text);
  if (!found) throw new Error(`${what}: expected ${part}, got ${shorten(JSON.stringify(text))}`);
}

const shorten = (text: string | undefined): string =>
  text === undefined ? "nothing" : text.length > 300 ? `${text.slice(0, 300)}…` : text;
