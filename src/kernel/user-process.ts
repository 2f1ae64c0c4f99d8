/** @file The process that runs cells, as the kernel process sees it: started, spoken to, buried and replaced. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { getHeapStatistics } from "node:v8";
import {
  type DoneMessage,
  type ExecuteCommand,
  FROM_AGENT_FD,
  FROM_USER_FD,
  type FromAgent,
  type FromUser,
  TO_AGENT_FD,
  TO_USER_FD,
  type ToAgent,
  type ToUser,
} from "./user/messages.ts";
import { MarkedStream } from "./marked-stream.ts";

/** Marks that do not come are not waited for longer: the cell may have closed its own standard output. */
const MARK_TIMEOUT_MS = 500;
/** An interrupt that was not noticed for so long makes the next one kill. */
const UNNOTICED_MS = 2_000;
const EXIT_GRACE_MS = 400;
/** Enough for what a dying process still had in its pipes. */
const BURIAL_MS = 1_000;
const STDERR_TAIL = 8_192;

type Events = {
  /** Anything but `done` and `ready`. */
  message: [FromUser];
  /** Output of children and native code. */
  raw: [name: "stdout" | "stderr", text: string];
  /** What the debugged process answers and tells. */
  inspector: [FromAgent];
  started: [pid: number];
  died: [reason: string];
};

/** Runs one cell at a time; when the process dies, another takes its place without its bindings. */
export class UserProcess extends EventEmitter<Events> {
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  #child!: ChildProcess;
  #ready!: Promise<void>;
  #marks!: readonly MarkedStream[];
  #done: ((message: DoneMessage) => void) | undefined;
  /** The cell that the latest interrupt was meant for; it may still wait for its turn. */
  #interrupted = 0;
  #interruptedAt: number | undefined;
  /** Was it killed because interrupts did not reach it? */
  #gaveUp = false;
  #stderrTail = "";
  #closing = false;

  constructor(cwd: string, env: NodeJS.ProcessEnv = process.env) {
    super();
    this.#cwd = cwd;
    this.#env = env;
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  #start(): void {
    const self = import.meta.url;
    const entry = new URL(self.endsWith(".ts") ? "./user/start.ts" : "./user/start.js", self);
    const child = spawn(
      process.execPath,
      [
        // Termination inside a timer callback would trip Node's check of its async bookkeeping.
        "--no-force-async-hooks-checks",
        "--disable-warning=ExperimentalWarning",
        fileURLToPath(entry),
      ],
      { cwd: this.#cwd, env: this.#env, stdio: ["ignore", ...Array<"pipe">(6).fill("pipe")] },
    );
    this.#child = child;
    this.#interruptedAt = undefined;
    this.#gaveUp = false;
    this.#stderrTail = "";
    for (const fd of [TO_USER_FD, TO_AGENT_FD]) {
      // Writing to a process that has just died: its exit says so already.
      (child.stdio as unknown as Writable[])[fd]!.on("error", () => undefined);
    }
    this.#marks = [
      new MarkedStream(child.stdout!, (text) => this.emit("raw", "stdout", text)),
      new MarkedStream(child.stderr!, (text) => {
        this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL);
        this.emit("raw", "stderr", text);
      }),
    ];
    const ready = Promise.withResolvers<void>();
    this.#ready = ready.promise;
    createInterface({ input: child.stdio[FROM_USER_FD] as Readable }).on("line", (line) => {
      const message = JSON.parse(line) as FromUser;
      if (message.type === "ready") {
        this.emit("started", message.pid);
        ready.resolve();
      } else if (message.type === "done") {
        void this.#finish(message);
      } else {
        if (message.type === "interrupted") this.#interruptedAt = undefined;
        this.emit("message", message);
      }
    });
    const replies = (child.stdio as unknown as Readable[])[FROM_AGENT_FD]!;
    createInterface({ input: replies }).on("line", (line) => {
      if (child === this.#child) this.emit("inspector", JSON.parse(line) as FromAgent);
    });
    child.on("error", (error) => process.stderr.write(`kernel: ${error.message}\n`));
    void this.#bury(child, ready);
  }

  /** Waits until everything printed by then has been read. */
  async #finish(message: DoneMessage): Promise<void> {
    const marks = Promise.all(this.#marks.map((stream) => stream.reached(message.cell)));
    await Promise.race([marks, delay(MARK_TIMEOUT_MS)]);
    this.#done?.(message);
  }

  async #bury(child: ChildProcess, ready: PromiseWithResolvers<void>): Promise<void> {
    const closed = once(child, "close");
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    await Promise.race([closed, delay(BURIAL_MS)]);
    if (this.#closing) return;
    const reason = this.#causeOfDeath(code, signal);
    const done = this.#done;
    this.#done = undefined;
    this.#start();
    // Whoever waits for the old one to be ready waits for the new one.
    void this.#ready.then(ready.resolve);
    this.emit("died", reason);
    done?.({ type: "done", cell: -1, userExpressions: {}, error: crashed(reason) });
  }

  #causeOfDeath(code: number | null, signal: NodeJS.Signals | null): string {
    if (/heap out of memory/.test(this.#stderrTail)) {
      const limit = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);
      return `it ran out of memory (more than ${limit} MB of JavaScript objects; NODE_OPTIONS=--max-old-space-size=<MB> in the kernelspec's env allows more)`;
    }
    if (this.#gaveUp) return `it did not react to an interrupt within ${UNNOTICED_MS} ms`;
    if (signal === "SIGKILL") {
      return "it was ended by SIGKILL, as the system does when its memory runs out";
    }
    return signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
  }

  /** Runs one cell. Settles also when the process dies under it. */
  async execute(command: ExecuteCommand): Promise<DoneMessage> {
    await this.#ready;
    if (this.#interrupted === command.cell) {
      const error = {
        ename: "KeyboardInterrupt",
        evalue: "interrupted",
        traceback: ["KeyboardInterrupt: interrupted before the cell began"],
      };
      return { type: "done", cell: command.cell, userExpressions: {}, error };
    }
    return new Promise((resolve) => {
      this.#done = (message) => {
        if (message.cell !== command.cell && message.cell !== -1) return;
        this.#done = undefined;
        resolve(message);
      };
      this.send(command);
    });
  }

  /** A command to the main thread, obeyed when it gets to its event loop. */
  send(command: ToUser): void {
    (this.#child.stdio as unknown as Writable[])[TO_USER_FD]!.write(`${JSON.stringify(command)}\n`);
  }

  #toAgent(message: ToAgent): void {
    (this.#child.stdio as unknown as Writable[])[TO_AGENT_FD]!.write(
      `${JSON.stringify(message)}\n`,
    );
  }

  answerInput(value: string | undefined): void {
    this.#toAgent({ type: "input", ...(value === undefined ? {} : { value }) });
  }

  /** A command to V8's inspector; answers come as `inspector`. */
  inspect(id: number, method: string, params: object): void {
    this.#toAgent({ type: "inspect", id, method, params });
  }

  /** Ends the debugging; a paused cell goes on. */
  detach(): void {
    this.#toAgent({ type: "detach" });
  }

  /** Interrupts `cell`, or what cells left behind where it is 0. Code that noticed nothing of an earlier interrupt is killed. */
  interrupt(cell: number): void {
    this.#interrupted = cell;
    const now = performance.now();
    if (this.#interruptedAt !== undefined && now - this.#interruptedAt > UNNOTICED_MS) {
      this.#gaveUp = true;
      this.#child.kill("SIGKILL");
      return;
    }
    this.#interruptedAt ??= now;
    this.#toAgent({ type: "interrupt", cell });
  }

  /** Lets exit handlers run if the main thread is free, then makes sure. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    this.send({ type: "exit" });
    await Promise.race([exited, delay(EXIT_GRACE_MS)]);
    child.kill("SIGKILL");
    await exited;
  }
}

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

function crashed(reason: string): { ename: string; evalue: string; traceback: string[] } {
  const evalue = `the process that ran this cell is gone: ${reason}. A new one runs the next cell; all variables are lost.`;
  return {
    ename: "RuntimeCrashed",
    evalue,
    traceback: [`\u001b[31mRuntimeCrashed\u001b[39m: ${evalue}`],
  };
}
