/**
 * @file Ranking 1,000 queries against 100,000 candidates of 512 dimensions, beside numpy.
 *
 *     node bench/scoring.bench.ts [python=/path/to/python] [rounds=5] [threads=2]
 *
 * Ours ranks: positives' exact ranks and the best five of each query. numpy is timed twice: for the
 * bare product of the two matrices ("numpy_ms", in one call and in chunks, whichever is faster) and
 * for the same job as ours ("numpy_ranked_ms"). Each side runs in processes of its own, by turns; a
 * process warms up once and takes the best of three. Prints one line of JSON; `ratio` is ours over
 * the bare product, from the best of all rounds; on a busy machine look at `ratio_cpu`, the same from processor times.
 *
 * Without `python` a virtual environment with numpy is made below the temporary folder.
 * OPENBLAS_CORETYPE is removed from numpy's environment: set, it would pin OpenBLAS to slower code.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createExecutor } from "../src/engine/index.ts";
import type { Matrix, Pool, ScoredQuery } from "../src/eval/index.ts";
import { createEngineScorer, unitRows } from "../src/eval/index.ts";

const QUERIES = 1_000;
const CANDIDATES = 100_000;
const DIM = 512;
const TOP = 5;
const run = promisify(execFile);

const PYTHON = `
import json, sys, time, resource
import numpy as np
folder = sys.argv[1]
q = np.fromfile(folder + "/queries.f32", np.float32).reshape(-1, ${DIM})
c = np.fromfile(folder + "/candidates.f32", np.float32).reshape(-1, ${DIM})
positive = np.fromfile(folder + "/positives.i32", np.int32)
chunk = 4096
out = np.empty((len(q), chunk), np.float32)

def whole():
    return q @ c.T

def chunks():
    for start in range(0, len(c), chunk):
        part = c[start:start + chunk]
        np.matmul(q, part.T, out=out[:, :len(part)])

def ranked():
    own = np.diagonal(q @ c[positive].T)[:, None]
    ahead = np.zeros(len(q), np.int64)
    best = np.full((len(q), ${TOP}), -np.inf, np.float32)
    for start in range(0, len(c), chunk):
        part = c[start:start + chunk]
        scores = out[:, :len(part)]
        np.matmul(q, part.T, out=scores)
        ahead += np.count_nonzero(scores > own, axis=1)
        top = np.partition(scores, len(part) - ${TOP}, axis=1)[:, -${TOP}:]
        best = np.partition(np.concatenate([best, top], axis=1), ${TOP}, axis=1)[:, -${TOP}:]
    return ahead + 1

def best_of_three(job):
    job()
    wall, cpu = [], []
    for _ in range(3):
        start, used = time.perf_counter(), time.process_time()
        job()
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.process_time() - used))
    return {"ms": min(wall), "cpu": min(cpu)}

result = {"numpy": np.__version__, "chunks": best_of_three(chunks)}
result["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
result["ranked"] = best_of_three(ranked)
result["whole"] = best_of_three(whole)
ranked().astype(np.int32).tofile(folder + "/ranks-numpy.i32")
print(json.dumps(result))
`;

/** Wall-clock and processor time in milliseconds. */
type Time = { readonly ms: number; readonly cpu: number };
type Ours = Time & { readonly firstMs: number; readonly rssMb: number };
type Numpy = {
  readonly chunks: Time;
  readonly whole: Time;
  readonly ranked: Time;
  readonly rss_mb: number;
  readonly numpy: string;
};

const options = Object.fromEntries(process.argv.slice(2).map((word) => word.split("=")));
const threads = Number(options["threads"] ?? Math.min(2, availableParallelism()));
if (options["side"] === "ours") await timeOurs(options["folder"] ?? "");
else await compare(Number(options["rounds"] ?? 5));

async function compare(rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rzenlab-scoring-"));
  try {
    await writeInputs(folder);
    const python = options["python"] ?? (await numpyVenv());
    const script = join(folder, "numpy_side.py");
    await writeFile(script, PYTHON);
    const env = { ...process.env, OPENBLAS_NUM_THREADS: String(threads) };
    delete (env as NodeJS.ProcessEnv)["OPENBLAS_CORETYPE"];
    const ours: Ours[] = [];
    const numpy: Numpy[] = [];
    for (let round = 0; round < rounds; round++) {
      const own = [import.meta.filename, "side=ours", `folder=${folder}`, `threads=${threads}`];
      ours.push(JSON.parse((await run(process.execPath, own)).stdout) as Ours);
      numpy.push(JSON.parse((await run(python, [script, folder], { env })).stdout) as Numpy);
    }
    const best = (values: readonly number[]): number => Math.min(...values);
    const products = numpy.map((n) => Math.min(n.whole.ms, n.chunks.ms));
    const oursMs = best(ours.map((o) => o.ms));
    const numpyMs = best(products);
    const rankedMs = best(numpy.map((n) => n.ranked.ms));
    const oursCpu = best(ours.map((o) => o.cpu));
    const numpyCpu = best(numpy.map((n) => Math.min(n.whole.cpu, n.chunks.cpu)));
    const line = {
      queries: QUERIES,
      candidates: CANDIDATES,
      dim: DIM,
      threads,
      rounds,
      ours_ms: round1(oursMs),
      numpy_ms: round1(numpyMs),
      ratio: Number((oursMs / numpyMs).toFixed(3)),
      ours_cpu_ms: round1(oursCpu),
      numpy_cpu_ms: round1(numpyCpu),
      ratio_cpu: Number((oursCpu / numpyCpu).toFixed(3)),
      numpy_ranked_ms: round1(rankedMs),
      ratio_same_job: Number((oursMs / rankedMs).toFixed(3)),
      ours_median_ms: round1(median(ours.map((o) => o.ms))),
      numpy_median_ms: round1(median(products)),
      ours_first_ms: round1(median(ours.map((o) => o.firstMs))),
      ours_rss_mb: round1(median(ours.map((o) => o.rssMb))),
      numpy_chunked_rss_mb: round1(median(numpy.map((n) => n.rss_mb))),
      rank_mismatches: await mismatches(folder),
      numpy: numpy[0]!.numpy,
      node: process.version,
    };
    console.log(JSON.stringify(line));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function timeOurs(folder: string): Promise<void> {
  const queries = unitRows(await readMatrix(join(folder, "queries.f32"), QUERIES));
  const candidates = unitRows(await readMatrix(join(folder, "candidates.f32"), CANDIDATES));
  const positives = new Int32Array((await readFile(join(folder, "positives.i32"))).buffer);
  const pools = Array.from(positives, (index): Pool => ({
    rows: null,
    positives: [{ index, grade: 1 }],
  }));
  const scorer = await createEngineScorer({
    executor: createExecutor("onnxruntime", { threads: 1 }),
    workers: threads,
  });
  const score = async (): Promise<ScoredQuery[]> =>
    scorer.score({ queries, candidates, pools, topK: TOP });
  const times: number[] = [];
  const cpu: number[] = [];
  let scored: ScoredQuery[] = [];
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    scored = await score();
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1_000);
  }
  await scorer.close();
  const ranks = Int32Array.from(scored, (q) => q.positives[0]!.rank);
  await writeFile(join(folder, "ranks-ours.i32"), ranks);
  const [firstMs, ...warm] = times;
  const rssMb = process.resourceUsage().maxRSS / 1024;
  console.log(
    JSON.stringify({ ms: Math.min(...warm), cpu: Math.min(...cpu.slice(1)), firstMs, rssMb }),
  );
}

/** Queries near their positives, so that ranks are spread from 1 to the middle of the corpus. */
async function writeInputs(folder: string): Promise<void> {
  const candidates = unitRows(noise(CANDIDATES, 1));
  const queries = noise(QUERIES, 2);
  const positives = Int32Array.from({ length: QUERIES }, (_, q) => (q * 97 + 13) % CANDIDATES);
  const own = unitRows(queries);
  for (const [q, row] of positives.entries()) {
    const share = 0.3 * (q / QUERIES);
    for (let d = 0; d < DIM; d++) own.data[q * DIM + d]! += share * candidates.data[row * DIM + d]!;
  }
  await writeFile(join(folder, "queries.f32"), unitRows(own).data);
  await writeFile(join(folder, "candidates.f32"), candidates.data);
  await writeFile(join(folder, "positives.i32"), positives);
}

/** [rows, DIM] of values in [-1, 1) from a fixed generator. */
function noise(rows: number, seed: number): Matrix {
  const data = new Float32Array(rows * DIM);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return { rows, dim: DIM, data };
}

async function readMatrix(path: string, rows: number): Promise<Matrix> {
  const bytes = await readFile(path);
  return { rows, dim: DIM, data: new Float32Array(bytes.buffer, bytes.byteOffset, rows * DIM) };
}

/** Ranks that differ: scores within one rounding of each other may swap. */
async function mismatches(folder: string): Promise<number> {
  const [a, b] = await Promise.all(
    ["ours", "numpy"].map(async (side) => readFile(join(folder, `ranks-${side}.i32`))),
  );
  let count = 0;
  for (let i = 0; i < a!.length; i += 4) if (a!.readInt32LE(i) !== b!.readInt32LE(i)) count++;
  return count;
}

async function numpyVenv(): Promise<string> {
  const venv = join(tmpdir(), "rzenlab-bench-numpy");
  const python = join(venv, "bin", "python");
  if (existsSync(python)) return python;
  await run("python3", ["-m", "venv", venv]);
  await run(python, ["-m", "pip", "install", "--quiet", "numpy==2.4.6"]);
  return python;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function round1(x: number): number {
  return Math.round(x * 10) / 10;
}
