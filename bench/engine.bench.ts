/**
 * @file A training step in our engine and in PyTorch, on this machine, process by process in turn.
 *
 *     node bench/engine.bench.ts [--python PATH] [--rounds 3] [--steps 15] [--threads 2] [--only b|c]
 *
 * B: two MLP towers 768 -> 1024 -> 512, batch 1024. C: a 4-layer transformer, d 256, 64 tokens, batch
 * 32, embedding 8192 x 256. Both: forward, backward, AdamW, loss read back. Prints a JSON line for each.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

type Result = {
  readonly ms: readonly number[];
  /** Processor time, all threads together: what other processes disturb least. */
  readonly cpuMs: readonly number[];
  readonly rssMb: number;
  readonly losses: readonly number[];
  readonly version?: string;
};

const WARM_UP = 3;
const HELP = `no PyTorch for the comparison. Make an environment for it and name its Python:
    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch
    node bench/engine.bench.ts --python /tmp/torch/bin/python
(pip fetches some GB of CUDA parts that PyPI's build needs even to start; or: apt-get install python3-torch)`;

const { values } = parseArgs({
  options: {
    python: { type: "string", default: process.env["BENCH_PYTHON"] ?? "python3" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "15" },
    threads: { type: "string", default: "2" },
    only: { type: "string" },
  },
});

function run(command: string, script: string, workload: string): Result {
  const file = fileURLToPath(new URL(`engine/${script}`, import.meta.url));
  const done = spawnSync(command, [file, workload, values.threads, values.steps], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: values.threads },
  });
  if (done.status !== 0) {
    if (
      script.endsWith(".py") &&
      /ModuleNotFoundError|ENOENT/.test(`${done.stderr}${done.error}`)
    ) {
      throw new Error(HELP);
    }
    throw new Error(`${command} ${script} ${workload} failed:\n${done.stderr}`);
  }
  return JSON.parse(done.stdout.trim().split("\n").at(-1)!) as Result;
}

const sorted = (x: readonly number[]): number[] => x.toSorted((a, b) => a - b);
const median = (x: readonly number[]): number => sorted(x)[Math.floor(x.length / 2)]!;
const round = (x: number, digits: number): number => Number(x.toFixed(digits));

type Summary = {
  readonly min: number;
  readonly median: number;
  readonly cpu: number;
  readonly rss: number;
};

/** Minimum and median over all rounds, warm-up dropped. */
function summary(results: readonly Result[]): Summary {
  const ms = results.flatMap((result) => result.ms.slice(WARM_UP));
  return {
    min: Math.min(...ms),
    median: median(ms),
    cpu: Math.min(...results.flatMap((result) => result.cpuMs.slice(WARM_UP))),
    rss: Math.max(...results.map((r) => r.rssMb)),
  };
}

for (const workload of values.only === undefined ? ["b", "c"] : [values.only]) {
  const ours: Result[] = [];
  const theirs: Result[] = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    ours.push(run(process.execPath, "workloads.ts", workload));
    theirs.push(run(values.python, "torch_workloads.py", workload));
  }
  const [a, b] = [summary(ours), summary(theirs)];
  const learns = (results: readonly Result[]): boolean =>
    results.every((r) => r.losses.at(-1)! < r.losses[0]!);
  if (!learns(ours) || !learns(theirs)) throw new Error(`workload ${workload} does not learn`);
  const line = {
    workload: workload.toUpperCase(),
    ours_ms: round(a.min, 1),
    torch_ms: round(b.min, 1),
    ratio: round(a.min / b.min, 3),
    ours_median_ms: round(a.median, 1),
    torch_median_ms: round(b.median, 1),
    median_ratio: round(a.median / b.median, 3),
    ours_cpu_ms: round(a.cpu, 1),
    torch_cpu_ms: round(b.cpu, 1),
    ours_rss_mb: round(a.rss, 0),
    torch_rss_mb: round(b.rss, 0),
    torch: theirs[0]!.version,
    threads: Number(values.threads),
    steps: Number(values.rounds) * (Number(values.steps) - WARM_UP),
    cores: availableParallelism(),
    load: round(loadavg()[0]!, 1),
    node: process.version,
  };
  console.log(JSON.stringify(line));
}
