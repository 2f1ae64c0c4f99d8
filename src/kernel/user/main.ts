/** @file The user process: cells on its main thread, commands from the kernel process, an agent thread beside it. */
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import type { Json } from "../protocol/wire.ts";
import { CellRunner } from "./cell-runner.ts";
import { Cells } from "./cells.ts";
import { Channel } from "./channel.ts";
import { leaveDebugger } from "./debuggee.ts";
import { errorContent } from "./errors.ts";
import { EXTENSIONS } from "./extensions.ts";
import { installHost } from "./host.ts";
import { inputOf } from "./input.ts";
import { Interrupts } from "./interrupt.ts";
import {
  type AgentMessage,
  type ExecuteCommand,
  SHARED_BYTES,
  SHARED_WORDS,
  TO_USER_FD,
  type ToUser,
} from "./messages.ts";
import { installHooks } from "./modules/hooks.ts";
import { Importer } from "./modules/importer.ts";
import { LocalFiles } from "./modules/local-files.ts";
import { SourceMaps } from "./source-maps.ts";
import { installStackTraces } from "./stack.ts";
import { replaceStreams } from "./streams.ts";

const { version } = createRequire(import.meta.url)("../../../package.json") as { version: string };

const memory = new SharedArrayBuffer(SHARED_BYTES);
const words = new Int32Array(memory, 0, SHARED_WORDS);
const channel = new Channel();
const cells = new Cells();
const interrupts = new Interrupts(cells, words);
const maps = new SourceMaps();
const files = new LocalFiles();
const notebook = join(process.cwd(), "notebook.ts");
const importer = new Importer(files, notebook);
const listeners = new Map<string, (message: Json) => void>();
const runner = new CellRunner({ channel, cells, interrupts, importer, files, maps });

const agentFile = import.meta.url.endsWith(".ts") ? "./agent.ts" : "./agent.js";
const agent = new Worker(new URL(agentFile, import.meta.url), {
  workerData: { memory },
  stdout: false,
  stderr: false,
});
agent.unref();
const listening = Promise.withResolvers<void>();
agent.on("message", (message: AgentMessage) => {
  if (message === "listening") return listening.resolve();
  interrupts.take();
  channel.send({ type: "interrupted" });
  if (message === "terminated") setImmediate(() => runner.abandon());
});

replaceStreams(channel, cells);
installStackTraces(maps);
installHooks({ files, maps, notebook });
const host = installHost(
  channel,
  cells,
  inputOf(channel, cells, interrupts, memory),
  listeners,
  version,
);
runner.installGlobals();
for (const extend of EXTENSIONS) extend(host);

/** Nothing waits for these, so they are printed where the cell's output goes. */
function report(title: string, error: unknown): void {
  const { traceback } = errorContent(error);
  channel.stream(cells.current.id, "stderr", `${title}\n${traceback.join("\n")}\n`);
}
process.on("uncaughtException", (error) => report("Uncaught error in the background:", error));
process.on("unhandledRejection", (reason) => report("Unhandled rejection:", reason));
process.on("SIGINT", () => undefined);
process.on("exit", () => {
  leaveDebugger(words);
  channel.flush();
  runner.close();
});

function obey(command: ToUser): void {
  if (command.type === "execute") void runner.run(command as ExecuteCommand);
  else if (command.type === "exit") process.exit(0);
  else listeners.get(command.type)?.(command);
}

const pipe = new Socket({ fd: TO_USER_FD, readable: true, writable: false });
createInterface({ input: pipe }).on("line", (line) => obey(JSON.parse(line) as ToUser));
pipe.on("close", () => process.exit(0));

// A first evaluation compiles what every cell needs, before anyone waits for it.
await runner.warmUp();
// A cell that began earlier could not be interrupted.
await listening.promise;
channel.send({ type: "ready", pid: process.pid });
