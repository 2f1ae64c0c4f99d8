import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunWriter, runsDigest } from "../../src/tracking/index.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-digest-"));
let store: RunWriter;
let experimentId: number;
beforeAll(() => {
  store = RunWriter.open(home);
  experimentId = store.getOrCreateExperiment("e");
});
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const SCORE = {
  task: "t",
  split: "test",
  metric: "hit@1",
  value: 0.5,
  n: 4,
  modality: "text",
  metaTask: "QA",
  domain: null,
  kind: "real",
} as const;

test("any record of a run with such a tag changes it, and nothing else does", () => {
  const id = store.insertRun({ experimentId, tags: { "of/a": "1" }, params: { alpha: 1 } });
  const other = store.insertRun({ experimentId, tags: { "of/b": "1" } });
  const seen = [runsDigest(store, ["of/a"])];
  const changes: readonly (() => void)[] = [
    () => store.setTags(id, { note: "x" }),
    () => store.setTags(id, { note: "y" }),
    () => store.logParams(id, { beta: 2 }),
    () => store.logEvaluation(id, [SCORE]),
    () => store.logEvaluation(id, [{ ...SCORE, value: Infinity }]),
    () => store.logEvaluation(id, [{ ...SCORE, value: NaN }]),
    () => store.logArtifact(id, "a.txt", "first"),
    () => store.logArtifact(id, "a.txt", "second"),
    () => store.finishRun(id),
    () => store.logMetrics(id, [{ key: "loss", value: 1, step: 0 }]),
    () => store.deleteRun(id),
    () => store.restoreRun(id),
  ];
  for (const [i, change] of changes.entries()) {
    store.logMetrics(other, [{ key: "loss", value: 1, step: i }]);
    store.setTags(other, { note: `${i}` });
    expect(runsDigest(store, ["of/a"]), `before change ${i}`).toBe(seen.at(-1));
    change();
    seen.push(runsDigest(store, ["of/a"]));
  }
  // The run is as it was before it was deleted.
  expect(seen.at(-1)).toBe(seen.at(-3));
  expect(new Set(seen).size).toBe(seen.length - 1);
});

test("a curve of a run that goes on does not", () => {
  const id = store.insertRun({ experimentId, status: "RUNNING", tags: { "going/on": "" } });
  const before = runsDigest(store, ["going"]);
  store.logMetrics(id, [{ key: "loss", value: 1, step: 0 }]);
  expect(runsDigest(store, ["going"])).toBe(before);
  store.finishRun(id);
  expect(runsDigest(store, ["going"])).not.toBe(before);
});

test("a prefix is text, not a pattern, and runs may be of any experiment", () => {
  const none = runsDigest(store, ["a_"]);
  const elsewhere = store.getOrCreateExperiment("elsewhere");
  store.insertRun({ experimentId: elsewhere, tags: { "ab sure": "" } });
  expect(runsDigest(store, ["a_"])).toBe(none);
  store.insertRun({ experimentId: elsewhere, tags: { a_sure: "" } });
  expect(runsDigest(store, ["a_"])).not.toBe(none);
});
