/** @file The thread beside the cells: hears interrupts and input while the main thread is busy. */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { Socket } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { parentPort, workerData } from "node:worker_threads";
import { Debuggee } from "./debuggee.ts";
import {
  type AgentMessage,
  FROM_AGENT_FD,
  type FromAgent,
  INPUT_LIMIT,
  SHARED,
  SHARED_WORDS,
  type ToAgent,
  TO_AGENT_FD,
} from "./messages.ts";

/** How long code may take to notice an interrupt before it is terminated, `finally` blocks and all. */
const TERMINATE_AFTER_MS = 200;

const { memory } = workerData as { memory: SharedArrayBuffer };
const words = new Int32Array(memory, 0, SHARED_WORDS);
const input = new Uint8Array(memory, SHARED_WORDS * 4, INPUT_LIMIT);

function tellMain(what: AgentMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(what);
}

function interrupt(cell: number): void {
  Atomics.store(words, SHARED.cell, cell);
  const asked = Atomics.add(words, SHARED.asked, 1) + 1;
  Atomics.store(words, SHARED.stop, 1);
  // Wakes a `prompt` that waits for an answer.
  Atomics.notify(words, SHARED.inputBytes);
  tellMain("interrupt");
  setTimeout(() => {
    if (Atomics.load(words, SHARED.taken) >= asked) return;
    signalChildren();
    terminate();
    tellMain("terminated");
  }, TERMINATE_AFTER_MS);
}

/** Connected only for this: a process with an open session waits for it when it exits. */
function terminate(): void {
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}

/** A main thread inside `spawnSync` waits for its child: stop that and its own, as Ctrl-C in a terminal would. */
function signalChildren(): void {
  if (process.platform !== "linux") return;
  const parents = [process.pid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    try {
      for (const task of readdirSync(`/proc/${parent}/task`)) {
        const children = readFileSync(`/proc/${parent}/task/${task}/children`, "utf8");
        parents.push(...children.split(" ").filter(Boolean).map(Number));
      }
      if (parent !== process.pid) process.kill(parent, "SIGINT");
    } catch (error) {
      // Gone meanwhile, or a system that keeps no such list.
      if (!["ESRCH", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

function answer(value: string | undefined): void {
  if (value === undefined) {
    Atomics.store(words, SHARED.inputBytes, -2);
    Atomics.notify(words, SHARED.inputBytes);
    return;
  }
  const bytes = Buffer.from(value).subarray(0, INPUT_LIMIT);
  input.set(bytes);
  Atomics.store(words, SHARED.inputBytes, bytes.length);
  Atomics.notify(words, SHARED.inputBytes);
}

const replies = new Socket({ fd: FROM_AGENT_FD, readable: false, writable: true });
const debuggee = new Debuggee(words, (message: FromAgent) =>
  replies.write(`${JSON.stringify(message)}\n`),
);

function obey(message: ToAgent): void {
  switch (message.type) {
    case "interrupt":
      return interrupt(message.cell);
    case "input":
      return answer(message.value);
    case "inspect":
      return debuggee.inspect(message);
    case "detach":
      return debuggee.close();
  }
}

const pipe = new Socket({ fd: TO_AGENT_FD, readable: true, writable: false });
createInterface({ input: pipe }).on("line", (line) => obey(JSON.parse(line) as ToAgent));
// The kernel is gone, so nobody can see or stop this process any more.
pipe.on("close", () => process.kill(process.pid, "SIGKILL"));
tellMain("listening");
