/**
 * @file A training step in our engine and in PyTorch, eager and compiled: processes in turn, same weights.
 *
 *     node bench/engine.bench.ts [--python PATH] [--rounds 2] [--threads 2,1] [--only b,c,d] [--compile b,c]
 *         [--device cpu|openvino]
 *
 * B: two MLP towers 768 -> 1024 -> 512, batch 1024. C: a 4-layer transformer, d 256, 64 tokens, batch
 * 32, embedding 8192 x 256. D: stage-2 LoRA on the nano encoder, 48 pairs: a text, an image, a video and a
 * page step make one; torch.compile of its four takes minutes, so is asked for by `--compile b,c,d`.
 * All: forward, backward, clipping (D), AdamW, loss read back. The table goes to stderr, a JSON line of
 * everything to stdout. Fails if a loss of the first 20 steps differs from PyTorch's by more than 1e-4.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

type Result = {
  readonly ms: readonly number[];
  /** Processor time, all threads together: what other processes disturb least. */
  readonly cpuMs: readonly number[];
  readonly rssMb: number;
  readonly losses: readonly number[];
  /** Speed of plain matrix products. */
  readonly gflops: number;
  /** Ours alone: what a round's matrix products take. */
  readonly gflop?: number;
  readonly version?: string;
};

type Workload = { readonly name: string; readonly repeats: number; readonly warmUp: number };

/** Twenty steps each; a round of D is four. */
const WORKLOADS: readonly Workload[] = [
  { name: "b", repeats: 20, warmUp: 3 },
  { name: "c", repeats: 20, warmUp: 3 },
  { name: "d", repeats: 5, warmUp: 1 },
];
const LARGEST_GAP = 1e-4;
const HELP = `no PyTorch for the comparison. Make an environment for it and name its Python:
    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install torch safetensors numpy
    node bench/engine.bench.ts --python /tmp/torch/bin/python
(pip fetches some GB of CUDA parts that PyPI's build needs even to start; torch.compile needs g++)`;

const { values } = parseArgs({
  options: {
    python: { type: "string", default: process.env["BENCH_PYTHON"] ?? "python3" },
    rounds: { type: "string", default: "2" },
    threads: { type: "string", default: "2,1" },
    only: { type: "string", default: "b,c,d" },
    compile: { type: "string", default: "b,c" },
    device: { type: "string", default: "cpu" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "engine-bench-"));

function run(command: string, script: string, args: readonly string[], threads = "1"): string {
  const file = fileURLToPath(new URL(`engine/${script}`, import.meta.url));
  const done = spawnSync(command, [file, ...args], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: threads },
  });
  if (done.status === 0) return done.stdout.trim().split("\n").at(-1)!;
  const python = script.endsWith(".py");
  if (python && /ModuleNotFoundError|ENOENT/.test(`${done.stderr}${done.error}`)) {
    throw new Error(HELP);
  }
  throw new Error(`${command} ${script} ${args.join(" ")} failed:\n${done.stderr}`);
}

function ours({ name, repeats }: Workload, threads: string): Result {
  const printed = run(
    process.execPath,
    "workloads.ts",
    [name, threads, `${repeats}`, values.device],
    threads,
  );
  return JSON.parse(printed) as Result;
}

function theirs({ name, repeats }: Workload, threads: string, mode: string): Result {
  const args = [name, threads, `${repeats}`, mode, weightsOf(name)];
  return JSON.parse(run(values.python, "torch_workloads.py", args, threads)) as Result;
}

function weightsOf(name: string): string {
  return join(folder, `${name}.safetensors`);
}

const round = (x: number, digits = 1): number => Number(x.toFixed(digits));

type Summary = {
  readonly ms: number;
  readonly cpu_ms: number;
  readonly rss_mb: number;
  readonly gflops: number;
};

/** Minima over all rounds, warm-up dropped. */
function summary(results: readonly Result[], warmUp: number): Summary {
  return {
    ms: round(Math.min(...results.flatMap(({ ms }) => ms.slice(warmUp)))),
    cpu_ms: round(Math.min(...results.flatMap(({ cpuMs }) => cpuMs.slice(warmUp)))),
    rss_mb: round(Math.max(...results.map(({ rssMb }) => rssMb)), 0),
    gflops: round(Math.max(...results.map(({ gflops }) => gflops)), 0),
  };
}

function measured(workload: Workload, threads: string, rounds: number) {
  const own: Result[] = [];
  const compiles = values.compile.split(",").includes(workload.name);
  const modes = compiles ? ["eager", "compile"] : ["eager"];
  const torch = new Map(modes.map((mode) => [mode, [] as Result[]]));
  for (let i = 0; i < rounds; i++) {
    own.push(ours(workload, threads));
    for (const [mode, results] of torch) results.push(theirs(workload, threads, mode));
  }
  const eager = torch.get("eager")!;
  const gap = Math.max(...own[0]!.losses.map((loss, i) => Math.abs(loss - eager[0]!.losses[i]!)));
  const [a, ...b] = [own, ...torch.values()].map((one) => summary(one, workload.warmUp));
  const fastest = Math.min(...b.map(({ ms }) => ms));
  return {
    workload: workload.name.toUpperCase(),
    threads: Number(threads),
    ours: a!,
    eager: b[0]!,
    compiled: b[1] ?? null,
    ratio: round(a!.ms / fastest, 3),
    cpu_ratio: round(a!.cpu_ms / Math.min(...b.map((one) => one.cpu_ms)), 3),
    largest_loss_gap: gap,
    /** Of the speed that our plain matrix products reach, what the whole step reaches. */
    roofline: round((own[0]!.gflop! * 1000) / a!.ms / a!.gflops, 2),
    torch: eager[0]!.version,
  };
}

const HEAD =
  "| workload | threads | ours ms | eager ms | compiled ms | ratio | ours MB | eager MB | compiled MB | of matmul speed |";
console.error(`${HEAD}\n|${" --- |".repeat(10)}`);
const lines = [];
try {
  for (const workload of WORKLOADS.filter(({ name }) => values.only.split(",").includes(name))) {
    run(process.execPath, "workloads.ts", [workload.name, "export", weightsOf(workload.name)]);
    for (const [i, threads] of values.threads.split(",").entries()) {
      const line = measured(workload, threads, i === 0 ? Number(values.rounds) : 1);
      const { ours: own, eager, compiled } = line;
      const cells = [line.workload, threads, own.ms, eager.ms, compiled?.ms ?? "-", line.ratio];
      const memory = [own.rss_mb, eager.rss_mb, compiled?.rss_mb ?? "-", line.roofline];
      console.error(`| ${[...cells, ...memory].join(" | ")} |`);
      lines.push(line);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
const machine = {
  cores: availableParallelism(),
  load: round(loadavg()[0]!),
  node: process.version,
  device: values.device,
};
console.log(JSON.stringify({ ...machine, results: lines }));
const wrong = lines.filter((line) => !(line.largest_loss_gap <= LARGEST_GAP));
for (const { workload, threads, largest_loss_gap: gap } of wrong) {
  console.error(`${workload} on ${threads} threads: losses differ by ${gap} from PyTorch's`);
}
if (wrong.length > 0) process.exitCode = 1;
