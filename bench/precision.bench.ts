/**
 * @file What a frozen trunk of fewer bits costs and gains: test tasks embedded with each precision.
 *
 * `node bench/precision.bench.ts [data folder] [task ..]`: a JSON line a precision: mean and least cosine with
 * fp32's embeddings, mean task scores, processor seconds (all threads together: what other processes disturb
 * least) of each of three rounds, bytes of the linear layers.
 */
import { loadTasks } from "../src/data/index.ts";
import { averageScores } from "../src/eval/index.ts";
import { executorOf } from "../src/experiments/executor.ts";
import {
  distinct,
  queryRequests,
  targetRequests,
  type EmbeddingRows,
} from "../src/experiments/embedder.ts";
import { Workshop, resolveConfig, scoreTasks } from "../src/experiments/index.ts";
import { TrunkEmbedder } from "../src/experiments/trunk.ts";
import { startState } from "../src/experiments/weights.ts";
import { PRECISIONS, encoderParameters, linearModules } from "../src/model/index.ts";

const BYTES = { fp32: 4, fp16: 2, int8: 1 } as const;
const ROUNDS = 3;

const [dataRoot = ".rzenlab/data/mini-mmeb", ...names] = process.argv.slice(2);
const config = resolveConfig([{ model: { init: "data/nano/stage1.safetensors" } }]);
const shop = await Workshop.open({
  dataRoot,
  home: "/tmp/precision",
  store: "/tmp/precision/store",
});
const tasks = (await loadTasks(dataRoot, { split: "test" })).filter(
  ({ name }) => names.length === 0 || names.includes(name),
);
const kit = shop.kit(config);
await kit.pixels.ensure(tasks);
const state = startState(config, kit.encoder);
const { unique } = distinct(
  tasks.flatMap((task) => [...queryRequests(task), ...targetRequests(task)]),
);
const linears = [...linearModules(encoderParameters(kit.encoder)).values()];
const weights = linears.reduce((sum, [out, input]) => sum + out * input, 0);

const embedders = new Map<string, TrunkEmbedder>();
for (const precision of PRECISIONS) {
  const embedder = await TrunkEmbedder.create({ config, kit, state, precision });
  await embedder.embed(unique.slice(0, 512)); // compiles most graphs
  embedders.set(precision, embedder);
}
const seconds = new Map<string, number[]>(PRECISIONS.map((precision) => [precision, []]));
const rows = new Map<string, EmbeddingRows>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [precision, embedder] of embedders) {
    const before = process.cpuUsage();
    rows.set(precision, await embedder.embed(unique));
    const { user, system } = process.cpuUsage(before);
    seconds.get(precision)!.push((user + system) / 1e6);
  }
}
for (const [precision, embedder] of embedders) {
  const scores = await scoreTasks(tasks, embedder);
  const cosines = cosinesOf(rows.get("fp32")!, rows.get(precision)!);
  const line = {
    precision,
    device: executorOf(config).name,
    items: unique.length,
    tasks: tasks.length,
    meanCosine: cosines.reduce((a, b) => a + b, 0) / cosines.length,
    leastCosine: Math.min(...cosines),
    scores: Object.fromEntries(
      averageScores(scores).all.flatMap(({ level, name, value }) =>
        level === "overall" || level === "modality" ? [[name, value]] : [],
      ),
    ),
    cpuSeconds: seconds.get(precision)!.map((s) => Number(s.toFixed(2))),
    linearBytes: weights * BYTES[precision as keyof typeof BYTES],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await embedder.close();
}
await shop.close();

function cosinesOf(a: EmbeddingRows, b: EmbeddingRows): number[] {
  const [count, dim] = a.shape;
  return Array.from({ length: count }, (_, row) => {
    let dot = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) dot += a.data[i]! * b.data[i]!;
    return dot;
  });
}
