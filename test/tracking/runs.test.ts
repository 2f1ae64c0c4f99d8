import { expect, test } from "vitest";
import { RunReader } from "../../src/tracking/index.ts";
import { freshRun, freshStore, NO_RUN } from "./support.ts";

test("an experiment is found by id and by name, with its tags and times", () => {
  const store = freshStore();
  const id = store.createExperiment("ablation", { "mlflow.note.content": "first" });
  expect(store.getOrCreateExperiment("ablation")).toBe(id);
  expect(store.experiment(id)).toEqual(store.experiment("ablation"));
  const { createdAt, updatedAt } = store.experiment(id);
  store.setExperimentTags(id, { "mlflow.note.content": "second", owner: "me" });
  expect(store.experiment(id)).toEqual({
    id,
    name: "ablation",
    lifecycle: "active",
    createdAt,
    updatedAt: updatedAt + 1,
    tags: { "mlflow.note.content": "second", owner: "me" },
  });
});

test("an experiment's name is taken, also by a deleted one", () => {
  const store = freshStore();
  const id = store.createExperiment("a");
  expect(() => store.createExperiment("a")).toThrow(`createExperiment: "a" exists with id ${id}`);
  store.deleteExperiment(id);
  expect(() => store.createExperiment("a")).toThrow("(deleted: restore it)");
  expect(() => store.getOrCreateExperiment("a")).toThrow(
    `getOrCreateExperiment: "a" (id ${id}) is deleted; restore it or choose another name`,
  );
});

test("blank names and unknown ids are refused by name", () => {
  const store = freshStore();
  expect(() => store.createExperiment("  ")).toThrow(
    'experiment name must be 1 to 500 characters, not all blank, got "  "',
  );
  expect(() => store.experiment("b")).toThrow("no experiment with name b");
  expect(() => store.setExperimentTags(7, {})).toThrow("no experiment with id 7");
  expect(() => store.createRun({ experimentId: 7 })).toThrow("createRun: no experiment 7");
  expect(() => store.run(NO_RUN)).toThrow(`no run with id ${NO_RUN}`);
});

test("a run gets 32 hexadecimal digits, a name, and its name as MLflow's tag", () => {
  const store = freshStore();
  const run = freshRun(store);
  expect(run.id).toMatch(/^[0-9a-f]{32}$/);
  expect(run.name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
  expect(run).toMatchObject({
    status: "RUNNING",
    endTime: null,
    lifecycle: "active",
    tags: { "mlflow.runName": run.name },
  });
});

test("everything given to createRun is there afterwards", () => {
  const store = freshStore();
  const id = "0123456789abcdef0123456789abcdef";
  const given = { id, name: "n", user: "u", startTime: 5, status: "SCHEDULED" } as const;
  freshRun(store, { ...given, params: { seed: 3 }, tags: { stage: "2" } });
  expect(store.run(id)).toMatchObject({
    ...given,
    params: { seed: "3" },
    tags: { stage: "2", "mlflow.runName": "n" },
  });
});

test("a bad run is refused with the rule, and leaves nothing behind", () => {
  const store = freshStore();
  const experimentId = store.createExperiment("e");
  const create = (options: object) => () => store.createRun({ experimentId, ...options });
  expect(create({ id: "XYZ" })).toThrow(
    'run id must be 32 lowercase hexadecimal digits, got "XYZ"',
  );
  expect(create({ status: "DONE" })).toThrow(
    'run status must be RUNNING, SCHEDULED, FINISHED, FAILED, KILLED, got "DONE"',
  );
  expect(create({ startTime: 1.5 })).toThrow(
    "run start time must be whole milliseconds since 1970, got 1.5",
  );
  expect(create({ name: "a", tags: { "mlflow.runName": "b" } })).toThrow(
    'tag mlflow.runName must be equal to the run\'s name a, got "b"',
  );
  expect(create({ params: { "a//b": 1 } })).toThrow("no empty, . or .. segment");
  expect(store.searchRuns({ lifecycle: "all" })).toEqual([]);
  const run = store.createRun({ experimentId });
  expect(create({ id: run.id })).toThrow(`createRun: run ${run.id} exists`);
});

test("finishing sets status and end; resuming takes the end away", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.finishRun(run.id, "FAILED");
  const failed = store.run(run.id);
  expect(failed.status).toBe("FAILED");
  expect(failed.endTime).toBeGreaterThan(failed.startTime);
  store.updateRun(run.id, { status: "RUNNING", endTime: null, name: "again" });
  expect(store.run(run.id)).toMatchObject({
    status: "RUNNING",
    endTime: null,
    name: "again",
    tags: { "mlflow.runName": "again" },
  });
});

test("a deleted run is hidden and closed to records until it is restored", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.deleteRun(run.id);
  expect(store.searchRuns()).toEqual([]);
  expect(store.searchRuns({ lifecycle: "deleted" }).map((r) => r.id)).toEqual([run.id]);
  const refused = `run ${run.id} is deleted and takes no records; restore it first`;
  expect(() => store.logMetrics(run.id, [{ key: "loss", value: 1 }])).toThrow(refused);
  expect(() => store.setTags(run.id, { a: "b" })).toThrow(refused);
  expect(() => store.logArtifact(run.id, "a.txt", "b")).toThrow(refused);
  store.restoreRun(run.id);
  store.logMetrics(run.id, [{ key: "loss", value: 1 }]);
  expect(store.run(run.id).metrics).toEqual({ loss: 1 });
});

test("restoring an experiment brings back its runs but not those deleted singly", () => {
  const store = freshStore();
  const [kept, gone] = [freshRun(store, { name: "kept" }), freshRun(store, { name: "gone" })];
  store.deleteRun(gone.id);
  store.deleteExperiment(kept.experimentId);
  expect(store.experiments()).toEqual([]);
  expect(store.searchRuns()).toEqual([]);
  expect(() => store.createRun({ experimentId: kept.experimentId })).toThrow(
    `createRun: experiment ${kept.experimentId} is deleted`,
  );
  store.restoreExperiment(kept.experimentId);
  expect(store.searchRuns().map((run) => run.name)).toEqual(["kept"]);
  expect(store.experiments({ lifecycle: "all" })).toHaveLength(1);
});

test("params: numbers, booleans and text; the same again is silent, another value an error", () => {
  const store = freshStore();
  const run = freshRun(store, { params: { tau: 0.05 } });
  store.logParams(run.id, { tau: 0.05, mask: true, recipe: "nano" });
  store.logParams(run.id, { tau: "0.05" });
  expect(() => store.logParams(run.id, { fresh: 1, tau: 0.07 })).toThrow(
    `param tau of run ${run.id} is "0.05" and cannot become "0.07"`,
  );
  expect(store.run(run.id).params).toEqual({ mask: "true", recipe: "nano", tau: "0.05" });
});

test("keys and values out of bounds are refused with the rule", () => {
  const store = freshStore();
  const run = freshRun(store);
  const param = (key: string, value: unknown) => () =>
    store.logParams(run.id, { [key]: value as string });
  expect(param("", 1)).toThrow('param key must be 1 to 250 characters, got ""');
  expect(param("hit@1", 1)).toThrow(
    'param key must be letters, digits, _ - . : / and blanks only (metricKey() makes a legal, reversible key), got "hit@1"',
  );
  for (const key of ["/a", "a/", "a/../b", "./a"]) {
    expect(param(key, 1), key).toThrow("no empty, . or .. segment between slashes");
  }
  expect(param("a", null)).toThrow("param a must be text, a number or a boolean, got null");
  expect(param("a", "x".repeat(65_536))).toThrow("belongs in an artifact), is 65536");
  expect(() => store.setTags(run.id, { a: 1 as unknown as string })).toThrow(
    "tag a must be text, got 1",
  );
  expect(store.run(run.id).params).toEqual({});
});

test("a tag can be replaced and removed", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.setTags(run.id, { stage: "1" });
  store.setTags(run.id, { stage: "2" });
  expect(store.run(run.id).tags["stage"]).toBe("2");
  store.deleteTag(run.id, "stage");
  expect(store.run(run.id).tags).not.toHaveProperty("stage");
  expect(() => store.deleteTag(run.id, "stage")).toThrow(`run ${run.id} has no tag stage`);
});

test("a batch with one fault stores nothing of it", () => {
  const store = freshStore();
  const run = freshRun(store, { params: { a: 1 } });
  const metrics = [{ key: "loss", value: 1 }];
  expect(() => store.logBatch(run.id, { metrics, tags: { t: "1" }, params: { a: 2 } })).toThrow(
    "cannot become",
  );
  expect(() =>
    store.logBatch(run.id, { tags: { t: "1" }, metrics: [...metrics, { key: "hit@1", value: 1 }] }),
  ).toThrow('got "hit@1"');
  expect(store.run(run.id)).toMatchObject({ metrics: {}, tags: { "mlflow.runName": run.name } });
  expect(store.series(run.id)).toEqual([]);
  // The series ids learnt in the failed call must not be used now.
  store.logBatch(run.id, { metrics });
  expect(store.run(run.id).metrics).toEqual({ loss: 1 });
});

test("inputs keep data sets once for each experiment, and their tags", () => {
  const store = freshStore();
  const [a, b] = [freshRun(store), freshRun(store)];
  const dataset = { name: "emoji", digest: "abc", source: "npm:twemoji" };
  for (const run of [a, b]) {
    store.logInputs(run.id, [{ dataset, tags: { "mlflow.data.context": "train" } }]);
  }
  store.logInputs(b.id, [{ dataset: { name: "emoji", digest: "abd" } }]);
  expect(store.inputs(a.id)).toEqual([{ dataset, tags: { "mlflow.data.context": "train" } }]);
  expect(store.inputs(b.id).map((input) => input.dataset.digest)).toEqual(["abc", "abd"]);
  expect(() => store.logInputs(a.id, [{ dataset: { name: "", digest: "x" } }])).toThrow(
    "data set name must be",
  );
});

test("a reader sees what a writer stored, and cannot write", () => {
  const store = freshStore();
  const run = freshRun(store);
  using reader = RunReader.open(store.folder);
  expect(reader.run(run.id)).toEqual(run);
  store.logMetrics(run.id, [{ key: "loss", value: 2 }]);
  expect(reader.run(run.id).metrics).toEqual({ loss: 2 });
  const { connection } = reader as unknown as { connection: { sql: { exec(text: string): void } } };
  expect(() => connection.sql.exec("DELETE FROM runs")).toThrow("readonly database");
});
