import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../../src/data/types.ts";
import { gridMembers } from "../../src/experiments/ablate.ts";
import { blockDelta, blockEstimate } from "../../src/experiments/blocks.ts";
import { FINAL_CELL, buildReport } from "../../src/experiments/report.ts";
import type { Workshop } from "../../src/experiments/run.ts";
import { madeWorkshop } from "./support/made.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-report-"));
const SEEDS = 4;
let shop: Workshop;
let tasks: readonly Task[];

beforeAll(async () => {
  shop = await madeWorkshop(home, SEEDS);
  tasks = await shop.tasks("test");
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

describe("runs scored on different data", () => {
  const options = { command: "test", wallSeconds: 1 };
  const withRows = async (change: (task: string) => { task?: string; digest?: string }) => {
    const { run } = gridMembers(shop.store, "made", "quick").find(
      (m) => m.cell === "+HW" && m.replicate === 1,
    )!;
    const task = tasks[0]!.name;
    const { perQuery: _, ...row } = shop.store
      .evaluations({ runIds: [run.id], split: "test" })
      .find((one) => one.task === task)!;
    shop.store.logEvaluation(run.id, [{ ...row, digest: row.digest!, ...change(task) }]);
  };

  test("are refused where the contents of a data set differ", async () => {
    await withRows(() => ({ digest: "other" }));
    await expect(buildReport(shop, "made", options)).rejects.toThrow(
      /grid quick: data set \S+ had other contents for .*seed.* than for .*so their scores can't be compared/,
    );
    await withRows((name) => ({ digest: tasks.find((task) => task.name === name)!.digest }));
    await buildReport(shop, "made", options);
  });

  test("are refused where one has a data set that others lack", async () => {
    await withRows(() => ({ task: "extra" }));
    await expect(buildReport(shop, "made", options)).rejects.toThrow(
      "runs were scored on different data sets, so their averages can't be compared: ",
    );
    await expect(buildReport(shop, "made", options)).rejects.toThrow(
      "baseline (seed 0) lacks extra",
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
