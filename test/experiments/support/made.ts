/** @file Stored grids with known effects and honest statistics, without training: scored by the real scorer. */
import { join } from "node:path";
import type { Task } from "../../../src/data/types.ts";
import { Random } from "../../../src/engine/index.ts";
import { scoreTask } from "../../../src/eval/index.ts";
import { recordScores } from "../../../src/experiments/evaluate.ts";
import { gridOf, planGrid } from "../../../src/experiments/grids.ts";
import { memberTag, recordRun } from "../../../src/experiments/record.ts";
import { Workshop } from "../../../src/experiments/run.ts";
import { SOUP_CELLS } from "../../../src/experiments/soups.ts";
import { tinyTasks } from "./tiny.ts";

/**
 * A workshop whose experiment "made" holds every grid whole: the factorial, the ladder, the control, soups.
 *
 * @param seeds replicates of each cell
 */
export async function madeWorkshop(home: string, seeds: number): Promise<Workshop> {
  const places = { dataRoot: join(home, "data"), home, store: join(home, "store") };
  const loadTasks = await tinyTasks(places.dataRoot);
  // Eight queries say little; the report needs an effect to find.
  const many = async (split: Task["split"]): Promise<Task[]> =>
    (await loadTasks(split)).map((task) => ({
      ...task,
      queries: Array.from({ length: 40 }, (_, i) => ({ ...task.queries[i % 8]!, id: `q${i}` })),
    }));
  const shop = await Workshop.open(places, { loadTasks: many });
  for (const grid of ["quick", "ladder", "duplicates", "soup"]) {
    const cells = [...gridOf(grid).cells, ...(grid === "soup" ? SOUP_CELLS : [])];
    for (const { name } of cells)
      for (let seed = 0; seed < seeds; seed++) await fabricate(shop, grid, name, seed);
  }
  return shop;
}

/** Points by which weighting and mask lift a cell: they only help together, temperature hurts. */
function effect(cell: string): number {
  const both = cell.includes("+HW") && cell.includes("+FN") ? 0.4 : 0;
  return both - (cell.includes("tau learned") ? 0.2 : 0);
}

/** Stores a run whose share of right answers is 0.4 and the cell's effect: no training. */
async function fabricate(
  shop: Workshop,
  grid: string,
  cell: string,
  replicate: number,
): Promise<void> {
  const tasks = await shop.tasks("test");
  const known = gridOf(grid).cells.some(({ name }) => name === cell);
  const plan = planGrid(gridOf(grid), replicate + 1).filter((run) => run.replicate === replicate);
  const { config } = plan.find((run) => run.cell === cell) ?? plan[0]!;
  const runId = recordRun(shop.store, {
    experiment: "made",
    name: `${grid} ${cell} ${replicate}`,
    config,
    tasks,
    dataDigest: "d",
    startDigest: "s",
    environment: { commit: "c", dirtyDiff: "", versions: {}, machine: "m" },
    tags: { [memberTag("made", grid)]: JSON.stringify({ cell, replicate }) },
  });
  const random = Random.from(replicate, known ? cell : "soup");
  const scores = [];
  for (const task of tasks) scores.push(await scored(task, 0.4 + effect(cell), random));
  recordScores(shop.store, runId, scores, 1);
  shop.store.logMetrics(runId, [
    { key: "loss", value: 1, step: 1 },
    { key: "tau/image-retrieval", value: 0.04, step: 1 },
    ...(cell.includes("+FN")
      ? ["maskPrecision", "maskRecall", "maskRate"].map((key) => ({ key, value: 0.5, step: 1 }))
      : []),
  ]);
  shop.store.finishRun(runId);
}

/** Embeddings that answer a share of the queries: one axis a candidate, the wrong one otherwise. */
function scored(task: Task, share: number, random: Random): ReturnType<typeof scoreTask> {
  const ids = [...task.corpus.keys()];
  const dim = ids.length;
  const candidates = new Float32Array(dim * dim);
  for (let i = 0; i < dim; i++) candidates[i * dim + i] = 1;
  const queries = new Float32Array(task.queries.length * dim);
  for (const [row, { positives }] of task.queries.entries()) {
    const right = ids.findIndex((id) => positives.has(id));
    queries[row * dim + (random.uniform() < share ? right : (right + 1) % dim)] = 1;
  }
  return scoreTask({
    task,
    queryEmbeddings: { shape: [task.queries.length, dim], data: queries },
    candidateEmbeddings: { shape: [dim, dim], data: candidates },
    onError: "report",
  });
}
