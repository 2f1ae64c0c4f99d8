import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../../src/data/types.ts";
import { Random } from "../../src/engine/index.ts";
import { scoreTask } from "../../src/eval/index.ts";
import { gridMembers } from "../../src/experiments/ablate.ts";
import { blockDelta, blockEstimate } from "../../src/experiments/blocks.ts";
import { recordScores } from "../../src/experiments/evaluate.ts";
import type { Grid } from "../../src/experiments/grids.ts";
import { gridOf, planGrid } from "../../src/experiments/grids.ts";
import { memberTag, recordRun } from "../../src/experiments/record.ts";
import { FINAL_CELL, buildReport } from "../../src/experiments/report.ts";
import { Workshop } from "../../src/experiments/run.ts";
import { SOUP_CELLS } from "../../src/experiments/soups.ts";
import { tinyTasks } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-report-"));
const SEEDS = 4;
let shop: Workshop;
let tasks: readonly Task[];

/** Points by which weighting and mask lift a cell: they only help together, temperature hurts. */
function effect(cell: string): number {
  const both = cell.includes("+HW") && cell.includes("+FN") ? 0.4 : 0;
  return both - (cell.includes("tau learned") ? 0.2 : 0);
}

/** Stores a run whose share of right answers is 0.4 and the cell's effect: no training. */
async function fabricate(grid: string, cell: string, replicate: number): Promise<void> {
  const known = gridOf(grid).cells.some(({ name }) => name === cell);
  const plan = planGrid(gridOf(grid), SEEDS).filter((run) => run.replicate === replicate);
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

beforeAll(async () => {
  const places = { dataRoot: join(home, "data"), home, store: join(home, "store") };
  const loadTasks = await tinyTasks(places.dataRoot);
  // Eight queries say little; the report needs an effect to find.
  const many = async (split: Task["split"]): Promise<Task[]> =>
    (await loadTasks(split)).map((task) => ({
      ...task,
      queries: Array.from({ length: 40 }, (_, i) => ({ ...task.queries[i % 8]!, id: `q${i}` })),
    }));
  shop = await Workshop.open(places, { loadTasks: many });
  tasks = await shop.tasks("test");
  const all: readonly (readonly [Grid["name"], readonly string[]])[] = [
    ["quick", gridOf("quick").cells.map((cell) => cell.name)],
    ["ladder", gridOf("ladder").cells.map((cell) => cell.name)],
    ["duplicates", gridOf("duplicates").cells.map((cell) => cell.name)],
    ["soup", [...gridOf("soup").cells, ...SOUP_CELLS].map((cell) => cell.name)],
  ];
  for (const [grid, cells] of all)
    for (const cell of cells)
      for (let seed = 0; seed < SEEDS; seed++) await fabricate(grid, cell, seed);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

describe("buildReport", () => {
  const options = { command: "test", wallSeconds: 1, generatedAt: "2026-01-01T00:00:00Z" };

  test("finds the effects that were put in, with intervals, and no other", async () => {
    const { grid, effects } = await buildReport(shop, "made", options);
    const delta = (name: string) => grid.rows.find((row) => row.name === name)!.deltas!.overall;
    expect(delta("+HW+FN").low).toBeGreaterThan(0.2);
    expect(delta("+HW+FN").high).toBeLessThan(0.6);
    expect(delta("+HW+FN").pHolm).toBeLessThan(0.06);
    for (const name of ["+HW", "+FN"]) {
      expect(delta(name).low, name).toBeLessThan(0.05);
      expect(delta(name).pHolm, name).toBeGreaterThan(0.05);
    }
    expect(grid.rows.find((row) => row.name === "baseline")!.deltas).toBeNull();
    const of = (name: string) => effects!.find((one) => one.name === name)!.overall.mean;
    expect(of("learned temperature")).toBeCloseTo(-0.2, 0.5);
    expect(of("hardness weighting")).toBeGreaterThan(0.1);
    expect(of("hardness weighting x false-negative mask")).toBeGreaterThan(0.25);
  });

  test("holds every section, every seed counted, and survives JSON", async () => {
    const report = await buildReport(shop, "made", options);
    expect(report.grid.rows.every((row) => row.members === SEEDS && row.missing === 0)).toBe(true);
    expect(report.grid.rows.flatMap((row) => row.deltas?.overall.pHolm ?? [])).toHaveLength(7);
    expect(report.ladder!.map((row) => row.paper?.overall)).toEqual([
      0.657, 0.663, 0.664, 0.664, 0.667, 0.672,
    ]);
    expect(report.duplicates!.rows.map((row) => row.name)).toEqual([
      "baseline",
      "+HW",
      "+FN",
      "+HW+FN",
    ]);
    expect(report.soup!.filter((row) => row.kind !== "member").map((row) => row.kind)).toEqual([
      "uniform",
      "weighted",
      "greedy",
      "control",
    ]);
    expect(
      report.soup!.filter((row) => row.kind === "member").every((row) => row.delta === null),
    ).toBe(true);
    expect(report.mask!.map((point) => point.configuration)).toHaveLength(4);
    expect(report.taus![0]!.configuration).toBe(FINAL_CELL);
    expect(report.datasets.map((set) => set.chance)).toBeAllclose([1 / 6, 1 / 8]);
    expect(report.gallery!.every((item) => item.results.length > 0)).toBe(true);
    expect(report.remarks!.join()).toContain("has no ablation of hardness weighting");
    expect(report.remarks!.join()).toContain("+1.1 points overall");
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test("says the same twice", async () => {
    expect(await buildReport(shop, "made", options)).toEqual(
      await buildReport(shop, "made", options),
    );
  });

  test("leaves a seed that one cell lacks out of every cell, and counts it", async () => {
    const members = gridMembers(shop.store, "made", "quick");
    const lost = members.find((m) => m.cell === "+FN" && m.replicate === 3)!;
    shop.store.deleteRun(lost.run.id);
    const { grid } = await buildReport(shop, "made", options);
    shop.store.restoreRun(lost.run.id);
    expect(new Set(grid.rows.map((row) => row.members))).toEqual(new Set([SEEDS - 1]));
    expect(grid.rows.filter((row) => row.missing! > 0).map((row) => row.name)).toEqual(["+FN"]);
  });

  test("of an experiment without grids lists the grids", async () => {
    await expect(buildReport(shop, "nothing", options)).rejects.toThrow(
      "experiment nothing has no runs of a grid; there are quick, full, ladder",
    );
  });
});

describe("intervals over queries", () => {
  const two = (): [Task, Task] => [
    { ...tasks[0]!, name: "a", queries: tasks[0]!.queries.slice(0, 10) },
    { ...tasks[0]!, name: "b" },
  ];

  test("weigh every data set the same, whatever its size", () => {
    const [a, b] = two();
    const values = new Map([
      ["a", a.queries.map(() => 1)],
      ["b", b.queries.map(() => 0)],
    ]);
    const estimate = blockEstimate(values, [a, b]);
    expect(estimate.mean).toBe(0.5);
    expect(estimate.n).toBe(50);
    // Without any spread inside a data set nothing is uncertain.
    expect([estimate.low, estimate.high]).toEqual([0.5, 0.5]);
  });

  test("of a difference that is everywhere the same hold that difference", () => {
    const [a, b] = two();
    const of = (x: number) =>
      new Map([
        ["a", a.queries.map(() => x)],
        ["b", b.queries.map(() => x)],
      ]);
    expect(blockDelta(of(0.75), of(0.5), [a, b]).mean).toBeCloseTo(0.25, 12);
  });

  test("name a task whose values are missing", () => {
    expect(() => blockEstimate(new Map([["a", [1]]]), [two()[0]])).toThrow(
      "a: expected 10 query values, got 1",
    );
  });
});
