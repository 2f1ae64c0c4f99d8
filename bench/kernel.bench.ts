/**
 * @file What a person waits for, on our kernel and its peers, kernel by kernel in turn.
 *
 *     node bench/kernel.bench.ts [--kernels rzenlab,ipykernel,tslab,deno] [--rounds 20] [--starts 3] [--cells 150]
 *
 * Ends with one line of JSON on standard output: for each measurement all kernels, medians in milliseconds with the load
 * of the machine beside them, memory in megabytes. Each measurement is a line on standard error once it is known. The
 * cells of one measurement go to the kernels by turns, so that what disturbs one disturbs all. Peers come from PyPI and
 * npm into .cache/jupyter.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "../test/support/jupyter/client.ts";
import { type Execution, finish, start } from "../test/support/jupyter/execution.ts";
import { type KernelName, OURS, type Peer, peer } from "../test/support/jupyter/peers.ts";

const { values } = parseArgs({
  options: {
    kernels: { type: "string", default: "rzenlab,ipykernel,tslab,deno" },
    rounds: { type: "string", default: "20" },
    starts: { type: "string", default: "3" },
    cells: { type: "string", default: "150" },
  },
});
const rounds = Number(values.rounds);
const root = join(import.meta.dirname, "..");
const median = (x: readonly number[]): number => x.toSorted((a, b) => a - b)[x.length >> 1]!;

function found(name: KernelName): Peer[] {
  try {
    return [name === "rzenlab" ? OURS : peer(name)];
  } catch (error) {
    process.stderr.write(`${name}: not installed, left out: ${(error as Error).message}\n`);
    return [];
  }
}

const peers = values.kernels.split(",").flatMap((name) => found(name as KernelName));
const folder = mkdtempSync(join(tmpdir(), "rzenlab-bench-"));
symlinkSync(join(root, "src"), join(folder, "src"));

const measurements: object[] = [];

function report(measured: string, unit: "ms" | "MB", each: Record<string, number | string>): void {
  const rounded = Object.entries(each).map(([name, x]) => [
    name,
    typeof x === "number" ? Number(x.toFixed(1)) : x,
  ]);
  const load = Number(loadavg()[0]!.toFixed(1));
  const measurement = { measured, unit, ...Object.fromEntries(rounded), load };
  measurements.push(measurement);
  process.stderr.write(`${JSON.stringify(measurement)}\n`);
}

/** Resident memory of a process and all below it; pages that they share count in each. */
function residentMb(pid: number): number {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid=,rss="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number) as [number, number, number]);
  const tree = (id: number): number =>
    rows
      .filter(([, parent]) => parent === id)
      .reduce((sum, [child]) => sum + tree(child), rows.find(([own]) => own === id)?.[2] ?? 0);
  return tree(pid) / 1024;
}

const clients = new Map<KernelName, Client>();

const codeFor = ({ language }: Peer, typescript: string, python: string): string =>
  language === "python" ? python : typescript;

async function run(of: Peer, typescript: string, python: string): Promise<Execution> {
  const client = clients.get(of.name)!;
  const done = await finish(client, start(client, codeFor(of, typescript, python)), 60_000);
  if (done.reply["status"] !== "ok") {
    throw new Error(`${of.name}: ${done.error?.evalue ?? done.text("stderr")}`);
  }
  return done;
}

/** Medians over rounds, the kernels by turns. A kernel that can't is named with its reason. */
async function measure(
  measured: string,
  once: (of: Peer, round: number) => Promise<number>,
  times = rounds,
): Promise<void> {
  const all = new Map<KernelName, number[] | string>(peers.map(({ name }) => [name, []]));
  for (let i = 0; i < times; i++) {
    for (const of of peers) {
      const sofar = all.get(of.name)!;
      if (typeof sofar === "string") continue;
      try {
        sofar.push(await once(of, i));
      } catch (error) {
        all.set(of.name, `failed: ${(error as Error).message.split("\n")[0]!.slice(0, 120)}`);
      }
    }
  }
  const medians = [...all].map(([name, x]) => [name, typeof x === "string" ? x : median(x)]);
  report(measured, "ms", Object.fromEntries(medians) as Record<string, number | string>);
}

async function launch({ name, spec }: Peer): Promise<Client> {
  await clients.get(name)?.close();
  const client = await Client.launch(spec, { cwd: folder });
  clients.set(name, client);
  return client;
}

await measure("ready", async (of) => (await launch(of)).readyMs, Number(values.starts));
await measure(
  "first cell",
  async (of) => {
    await launch(of);
    return (await run(of, "let first = 1; first", "first = 1\nfirst")).ms;
  },
  Number(values.starts),
);

const cell =
  (typescript: (i: number) => string, python: (i: number) => string) =>
  async (of: Peer, i: number): Promise<number> =>
    (await run(of, typescript(i), python(i))).ms;

for (const of of peers) await run(of, "let n = 0", "n = 0\nimport asyncio");
await measure(
  "trivial cell",
  cell(
    () => "n + 1",
    () => "n + 1",
  ),
);
await measure(
  "new const",
  cell(
    (i) => `const c${i}: number = ${i}`,
    (i) => `c${i}: int = ${i}`,
  ),
);
await measure(
  "print",
  cell(
    (i) => `console.log("line ${i}")`,
    (i) => `print("line ${i}")`,
  ),
);
await measure(
  "await cell",
  cell(
    () => "await Promise.resolve(1)",
    () => "await asyncio.sleep(0, 1)",
  ),
);
await measure("completion", async (of) => {
  const code = codeFor(of, "Math.flo", "str.upp");
  const asked = performance.now();
  await clients
    .get(of.name)!
    .request("complete_request", { code, cursor_pos: code.length }, { timeout: 20_000 });
  return performance.now() - asked;
});
await measure(
  "import of the engine (numpy-free peer: json)",
  cell(
    () => `import * as engine from "./src/engine/index.ts"`,
    () => "import json",
  ),
  1,
);
await measure(
  "cell after importing the engine",
  cell(
    (i) => `const after${i} = ${i}; after${i}`,
    (i) => `after${i} = ${i}\nafter${i}`,
  ),
);
await measure(
  "import of the project's index (ipykernel: sqlite3)",
  cell(
    () => `import * as project from "./src/index.ts"`,
    () => "import sqlite3",
  ),
  1,
);
await measure(
  "session of cells, the last",
  async (of) => {
    let last = 0;
    for (let i = 0; i < Number(values.cells); i++) {
      last = (
        await run(of, `const s${i} = { i: ${i} }; s${i}.i`, `s${i} = {'i': ${i}}\ns${i}['i']`)
      ).ms;
    }
    return last;
  },
  1,
);
report(
  `memory after ${values.cells} cells`,
  "MB",
  Object.fromEntries(peers.map(({ name }) => [name, residentMb(clients.get(name)!.process.pid!)])),
);
await measure(
  "interrupt of a busy loop",
  async (of) => {
    const client = clients.get(of.name)!;
    const pending = start(client, codeFor(of, "while (true) {}", "while True: pass"));
    await delay(400);
    const sent = performance.now();
    client.interrupt();
    await finish(client, pending, 5_000);
    return performance.now() - sent;
  },
  3,
);
const LINES = 200_000;
await measure(
  `${LINES} lines in one tick, until idle`,
  async (of) => {
    await launch(of);
    const done = await run(
      of,
      `for (let i = 0; i < ${LINES}; i++) console.log(i)`,
      `for i in range(${LINES}): print(i)`,
    );
    const lines = done.stdout.split("\n").length - 1;
    if (lines !== LINES) throw new Error(`${lines} lines by idle`);
    return done.ms;
  },
  1,
);
process.stdout.write(`${JSON.stringify({ bench: "kernel", rounds, measurements })}\n`);
await Promise.all([...clients.values()].map((client) => client.kill()));
rmSync(folder, { recursive: true, force: true });
