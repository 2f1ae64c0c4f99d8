/** @file The two servers of the bench, each in processes of its own, on an empty store. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mlflow3 } from "../../test/interop/mlflow/environment.ts";

export type Name = "ours" | "mlflow";

export type BenchServer = {
  readonly name: Name;
  readonly address: string;
  /** Folder of the store, or of MLflow's `mlflow.db`. */
  readonly folder: string;
  /** From the start of the process to the first answer. */
  readonly readyMs: number;
  /** Resident memory of all its processes. */
  readonly megabytes: () => number;
  /** Seconds of processor that all its processes have used. */
  readonly cpuSeconds: () => number;
  /** Ends it and keeps its files, so that it can be filled while it is down. */
  readonly stop: () => Promise<void>;
  readonly remove: () => void;
};

/** Starts a server; on the files of an earlier one if a folder is given. */
export async function startServer(name: Name, folder = newFolder()): Promise<BenchServer> {
  const port = await freePort();
  const [program, args] = name === "ours" ? ourCommand(folder, port) : mlflowCommand(folder, port);
  const start = performance.now();
  const log = join(folder, `${name}.log`);
  const out = openSync(log, "a");
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", out, out], detached: true });
  closeSync(out);
  const address = `http://127.0.0.1:${port}`;
  await answering(address, child, log);
  return {
    name,
    address,
    folder,
    readyMs: performance.now() - start,
    megabytes: () => {
      const ofStatus = (pid: string): number =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      return overGroup(child.pid!, ofStatus) / 1_024;
    },
    cpuSeconds: () => overGroup(child.pid!, (_, stat) => Number(stat[11]) + Number(stat[12])) / 100,
    stop: () => stop(child),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "rzenlab-bench-"));
}

function ourCommand(folder: string, port: number): [string, string[]] {
  const bin = join(import.meta.dirname, "../../bin/rzenlab.js");
  const store = join(folder, "store");
  mkdirSync(store, { recursive: true });
  return [process.execPath, [bin, "server", "--port", `${port}`, "--store", store]];
}

/** Its defaults: SQLite, fsync at every commit, four workers. */
function mlflowCommand(folder: string, port: number): [string, string[]] {
  const uri = `sqlite:///${join(folder, "mlflow.db")}`;
  const artifacts = join(folder, "artifacts");
  return [
    mlflow3(),
    `-m mlflow server --host 127.0.0.1 --port ${port} --backend-store-uri ${uri} --artifacts-destination ${artifacts}`.split(
      " ",
    ),
  ];
}

async function answering(address: string, child: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (child.exitCode !== null) {
      const said = readFileSync(log, "utf8").slice(-2_000);
      throw new Error(`the server ended with ${child.exitCode}: ${said}`);
    }
    const up = await fetch(`${address}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (up) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error("the server did not answer within two minutes");
}

/** The whole process group: MLflow's workers are children. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  process.kill(-child.pid!, "SIGTERM");
  const hard = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 15_000);
  await ended;
  clearTimeout(hard);
}

/** Sum over a process group; `stat` are the fields of /proc/<pid>/stat from the state on. */
function overGroup(group: number, of: (pid: string, stat: readonly string[]) => number): number {
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const stat = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (Number(stat[2]) === group) sum += of(pid, stat);
    } catch {
      // ended meanwhile
    }
  }
  return sum;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}
