import { expect, test } from "vitest";
import type { NewEvaluation } from "../../src/tracking/index.ts";
import { freshRun, freshStore } from "./support.ts";

const ROW: NewEvaluation = {
  task: "emoji-classify",
  split: "test",
  metric: "hit@1",
  value: 0.75,
  n: 4,
  modality: "image",
  metaTask: "I-CLS",
  domain: "OOD",
  kind: "real",
};

test("a row comes back with its run, and again with a new value replaces itself", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logEvaluation(run.id, [ROW, { ...ROW, task: "b", domain: null, digest: "d", value: NaN }]);
  expect(store.evaluations()).toEqual([
    {
      ...ROW,
      runId: run.id,
      benchmark: "mini-MMEB",
      task: "b",
      domain: null,
      digest: "d",
      value: NaN,
      perQuery: null,
    },
    { ...ROW, runId: run.id, benchmark: "mini-MMEB", digest: null, perQuery: null },
  ]);
  store.logEvaluation(run.id, [{ ...ROW, value: 0.5 }]);
  expect(store.evaluations().map((row) => row.value)).toEqual([NaN, 0.5]);
});

test("rows are chosen by experiment, run, benchmark, split and metric; a deleted run's by name only", () => {
  const store = freshStore();
  const [a, b] = [freshRun(store), freshRun(store)];
  const other = store.createRun({ experimentId: store.createExperiment("other") });
  for (const run of [a, b, other]) store.logEvaluation(run.id, [ROW, { ...ROW, split: "dev" }]);
  store.logEvaluation(b.id, [{ ...ROW, benchmark: "MMEB-V2", metric: "ndcg_linear@5" }]);
  store.deleteRun(a.id);
  const runs = (query: object) => store.evaluations(query).map((row) => row.runId);
  expect(runs({ split: "dev" })).toEqual([b.id, other.id]);
  expect(runs({ experimentIds: [other.experimentId], split: "test" })).toEqual([other.id]);
  expect(runs({ benchmark: "MMEB-V2" })).toEqual([b.id]);
  expect(runs({ metric: "ndcg_linear@5" })).toEqual([b.id]);
  expect(runs({ runIds: [a.id] })).toEqual([a.id, a.id]);
  expect(runs({ runIds: [] })).toEqual([]);
});

test("results of each query are kept, whatever the task is called", () => {
  const store = freshStore();
  const run = freshRun(store);
  const perQuery = [
    { query: "q1", value: 1, rank: 1, top: ["a", "b"] },
    { query: 'q"2\n', value: 0, rank: 7 },
  ];
  for (const task of ["MTEB(eng, v2)", "../../up", "..", "a/b", "*"]) {
    store.logEvaluation(run.id, [{ ...ROW, task, n: 2, perQuery }]);
  }
  const rows = store.evaluations();
  expect(new Set(rows.map((row) => row.perQuery)).size).toBe(5);
  for (const row of rows) expect(store.perQuery(row), row.task).toEqual(perQuery);
  store.logEvaluation(run.id, [ROW]);
  const bare = store.evaluations().find((row) => row.task === ROW.task)!;
  expect(store.perQuery(bare)).toEqual([]);
});

test("a wrong row names what is wrong, and none of the call is stored", () => {
  const store = freshStore();
  const run = freshRun(store);
  const log = (row: object) => () => store.logEvaluation(run.id, [ROW, { ...ROW, ...row }]);
  expect(log({ task: "" })).toThrow("evaluation: task must be 1 to 500 characters");
  expect(log({ metaTask: " " })).toThrow("evaluation: meta-task must be");
  expect(log({ value: "1" })).toThrow(
    'evaluation of emoji-classify: value must be a number, got "1"',
  );
  expect(log({ n: -1 })).toThrow(
    "evaluation of emoji-classify: n must be a whole number >= 0, got -1",
  );
  expect(log({ perQuery: [] })).toThrow(
    "evaluation of emoji-classify: perQuery must be n = 4 long, got 0",
  );
  expect(store.evaluations()).toEqual([]);
});
