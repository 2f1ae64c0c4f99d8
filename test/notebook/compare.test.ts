import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compare } from "../../src/notebook/index.ts";
import { placesOf } from "../../src/notebook/places.ts";
import { RunWriter } from "../../src/tracking/index.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-compare-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Two seeds of a configuration, scored on two text tasks. */
function scored(store: RunWriter, name: string, scores: readonly number[]): string[] {
  const experimentId = store.getOrCreateExperiment("texts");
  return scores.map((value, seed) => {
    const id = store.insertRun({ experimentId, name: `${name} #${seed}`, params: { seed } });
    const row = {
      split: "test",
      metric: "hit@1",
      n: 10,
      modality: "text",
      metaTask: "QA",
    } as const;
    store.logEvaluation(
      id,
      ["a", "b"].map((task) => ({ ...row, task, value, domain: null, kind: "real" })),
    );
    store.finishRun(id);
    return id;
  });
}

test("runs on text tasks alone have no overall score, and their own", () => {
  const store = RunWriter.open(placesOf(home).store);
  const groups = [
    { name: "plain", runIds: scored(store, "plain", [0.2, 0.4]) },
    { name: "weighted", runIds: scored(store, "weighted", [0.3, 0.6]) },
  ];
  store.close();
  const comparison = compare(groups, { home });
  const [plain, weighted] = comparison.table.rows;
  expect(plain!.overall).toEqual({ mean: NaN, low: null, high: null, n: 2 });
  expect(weighted!.modalities["text"]!.mean).toBeCloseTo(0.45, 12);
  expect(weighted!.deltas).toBe(null);
  const [line] = String(comparison)
    .split("\n")
    .filter((one) => one.includes("weighted"));
  expect(line).toMatch(/\| weighted \| 2 \| – \|.*45\.0/);
  expect(String(comparison)).not.toContain("NaN");
});
