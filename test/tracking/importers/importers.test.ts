import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import {
  exportMlruns,
  importRuns,
  mlflowSqlite,
  mlruns,
  type RunReader,
  RunWriter,
  tensorboard,
  wandbCsv,
} from "../../../src/tracking/index.ts";
import { freshFolder, freshRun, freshStore } from "../support.ts";

/** Everything of a run but what an import adds. */
function contentOf(store: RunReader, runId: string): unknown {
  const { tags, experimentId: _, ...run } = store.run(runId);
  const series = store.series(runId);
  return {
    ...run,
    tags: Object.fromEntries(Object.entries(tags).filter(([key]) => key !== "rzenlab.import")),
    series: series.map(({ key, dataset }) => ({
      key,
      dataset,
      points: store.history(runId, key, dataset ? { dataset } : {}),
    })),
    inputs: store.inputs(runId),
    artifacts: store.artifacts(runId).map(({ path, sha256 }) => ({ path, sha256 })),
  };
}

test("what goes to mlruns comes back the same, and a second import adds nothing", () => {
  const store = freshStore();
  const run = freshRun(store, {
    name: "tau 0.05",
    user: "ada",
    params: { "loss/tau": 0.05, note: "two\nlines" },
    tags: { "a/b": "c" },
  });
  const dataset = { name: "cifar", digest: "d1" };
  store.logMetrics(run.id, [
    ...[NaN, Infinity, -Infinity, 1e-300, 0.1].map((value, step) => ({
      key: "loss/x",
      value,
      step,
    })),
    { key: "hit", value: 0.5, step: -3, dataset },
  ]);
  store.logInputs(run.id, [
    {
      dataset: { ...dataset, sourceType: "local", source: "{}" },
      tags: { "mlflow.data.context": "test" },
    },
  ]);
  store.logArtifact(run.id, "notes/a b.txt", "hello");
  store.finishRun(run.id, "FAILED");
  const gone = freshRun(store);
  store.deleteRun(gone.id);
  const folder = join(freshFolder(), "mlruns");
  expect(exportMlruns(store, folder, store.experiments())).toEqual({
    runs: 2,
    points: 6,
    artifacts: 1,
  });
  const other = freshStore();
  const result = importRuns(other, mlruns(folder));
  expect(result).toMatchObject({
    runs: 2,
    skipped: 0,
    points: 6,
    params: 2,
    artifacts: 1,
    warnings: [],
  });
  for (const { id } of [run, gone]) expect(contentOf(other, id)).toEqual(contentOf(store, id));
  expect(other.experiments().map(({ name }) => name)).toEqual(["test"]);
  expect(importRuns(other, mlruns(folder))).toMatchObject({ runs: 0, skipped: 2, points: 0 });
  expect(() => exportMlruns(store, folder, store.experiments())).toThrow("exists already");
});

test("an import that was interrupted is completed by the next", () => {
  const store = freshStore();
  const source = {
    warnings: [],
    *runs() {
      const points = Array.from({ length: 7_000 }, (_, step) => ({
        key: "x",
        value: step,
        step,
        timestamp: 1,
      }));
      yield {
        sourceId: "one",
        experiment: "e",
        name: "n",
        status: "FINISHED" as const,
        startTime: 1,
        endTime: 2,
        params: { "a?": "1" },
        tags: {},
        points: () => points,
      };
    },
  };
  const broken = {
    ...source,
    *runs() {
      for (const run of source.runs()) {
        yield {
          ...run,
          *points() {
            yield* run.points().slice(0, 6_000);
            throw new Error("power cut");
          },
        };
      }
    },
  };
  expect(() => importRuns(store, broken)).toThrow("power cut");
  expect(store.searchRuns()[0]!.tags).toMatchObject({ "rzenlab.import": "partial" });
  expect(importRuns(store, source)).toMatchObject({ runs: 1, points: 7_000 });
  const [run] = store.searchRuns();
  expect(run).toMatchObject({ status: "FINISHED", params: { "a:3f:": "1" } });
  expect(store.history(run!.id, "x")).toHaveLength(7_000);
});

test("a run of ours under the same id is left alone", () => {
  const store = freshStore();
  const run = freshRun(store);
  const folder = join(freshFolder(), "mlruns");
  exportMlruns(store, folder, store.experiments());
  expect(() => importRuns(store, mlruns(folder))).toThrow(
    `import: run ${run.id} (${run.name}) is in the store and was not imported`,
  );
});

/** The columns of MLflow 3.18's tables that hold runs. */
const MLFLOW = `
  CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT,
    start_time INTEGER, end_time INTEGER, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
  CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
  CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
  CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
  INSERT INTO experiments VALUES (1, 'abl');
  INSERT INTO runs VALUES ('${"a".repeat(32)}', 'r', 'u', 'KILLED', 5, 9, 'active', 'mlflow-artifacts:/1/x', 1),
    ('${"b".repeat(32)}', '', 'u', 'FINISHED', 6, 9, 'deleted', 's3://bucket/x', 1);
  INSERT INTO params VALUES ('lr', '0.1', '${"a".repeat(32)}');
  INSERT INTO tags VALUES ('mlflow.runName', 'r', '${"a".repeat(32)}');
  INSERT INTO metrics VALUES ('loss', 0, 7, '${"a".repeat(32)}', 1, 1), ('loss', ${Number.MAX_VALUE}, 8, '${"a".repeat(32)}', 2, 0),
    ('loss', 0.5, 9, '${"a".repeat(32)}', 3, 0);`;

test("an MLflow database gives NaN, infinities, proxied artifacts and deleted runs", () => {
  const file = join(freshFolder(), "mlflow.db");
  const sql = new Sqlite(file);
  sql.exec(MLFLOW);
  sql.close();
  mkdirSync(join(dirname(file), "mlartifacts/1/x/deep"), { recursive: true });
  writeFileSync(join(dirname(file), "mlartifacts/1/x/deep/a.txt"), "A");
  const store = freshStore();
  const result = importRuns(store, mlflowSqlite(file));
  expect(result).toMatchObject({ runs: 2, points: 3, params: 1, artifacts: 1 });
  expect(result.warnings).toEqual([
    `run ${"b".repeat(32)}: artifacts at s3://bucket/x are not on this machine`,
  ]);
  expect(store.run("a".repeat(32))).toMatchObject({
    name: "r",
    user: "u",
    status: "KILLED",
    startTime: 5,
    endTime: 9,
  });
  expect(store.run("b".repeat(32))).toMatchObject({ name: "b".repeat(32), lifecycle: "deleted" });
  expect(store.history("a".repeat(32), "loss").map(({ value }) => value)).toEqual([
    NaN,
    Infinity,
    0.5,
  ]);
  expect(String(store.readArtifact("a".repeat(32), "deep/a.txt"))).toBe("A");
});

function goldenEvents(name: string): string {
  const golden = join(import.meta.dirname, "../../support/golden/tensorboard/events.tfevents.b64");
  const file = join(freshFolder(), "logs", name, "events.out.tfevents.1700000000.host");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, Buffer.from(readFileSync(golden, "utf8"), "base64"));
  return file;
}

test("a TensorBoard event file gives scalars, hyperparameters, pictures and texts", () => {
  const file = goldenEvents("runs/one");
  const store = freshStore();
  const folder = join(dirname(file), "../..");
  const result = importRuns(store, tensorboard(folder, { experiment: "tb" }));
  expect(result).toMatchObject({ runs: 1, points: 5, artifacts: 2, params: 3 });
  expect(result.warnings).toEqual(["run runs/one: 1 histograms left out"]);
  const [run] = store.searchRuns();
  expect(run).toMatchObject({
    name: "runs/one",
    params: { seed: "3", name: "nano", frozen: "true" },
  });
  expect(store.history(run!.id, "train/loss")).toEqual(
    [4, 2.5, NaN, Infinity].map((value, step) => ({
      step,
      timestamp: 1_700_000_000_000 + step * 1_000,
      value,
    })),
  );
  expect(store.history(run!.id, "lr__x_")).toEqual([
    { step: 7, timestamp: 1_700_000_004_500, value: Math.fround(0.1) },
  ]);
  const image = store.readArtifact(run!.id, "images/sample/image/1.png");
  expect(image.subarray(1, 4).toString()).toBe("PNG");
  expect(String(store.readArtifact(run!.id, "texts/note/text_summary/2.md"))).toBe("a *text*");
  expect(importRuns(store, tensorboard(folder, { experiment: "tb" })).skipped).toBe(1);
});

test("an event file that was cut off is read up to there; another file is refused by name", () => {
  const file = goldenEvents("a");
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, 200));
  const cut = importRuns(freshStore(), tensorboard(dirname(file)));
  expect(cut.points).toBeGreaterThan(0);
  expect(cut.warnings[0]).toMatch(/: cut off at byte \d+; read up to there$/);
  const flipped = Buffer.from(whole);
  flipped[150]! ^= 1;
  writeFileSync(file, flipped);
  const damaged = importRuns(freshStore(), tensorboard(dirname(file)));
  expect(damaged.warnings[0]).toMatch(/: damaged at byte \d+; read up to there$/);
  writeFileSync(file, "x".repeat(100));
  expect(() => importRuns(freshStore(), tensorboard(dirname(file)))).toThrow(
    `import: ${file}: not a TensorBoard event file (bad checksum)`,
  );
});

function csv(text: string): string {
  const file = join(freshFolder(), "project.csv");
  writeFileSync(file, text);
  return file;
}

test("W&B's runs table gives params, metrics, notes and states", () => {
  const store = freshStore();
  const file = csv(
    'Name,State,Notes,User,Tags,Created,Runtime,lr,loss,opt\n"a, b",crashed,why,ada,x,2024-05-01T10:00:00.000Z,60,0.1,NaN,adam\nc,finished,,,,2024-05-01T11:00:00.000Z,,,2,\n',
  );
  expect(importRuns(store, wandbCsv(file))).toMatchObject({ runs: 2, points: 3, params: 4 });
  const [c, a] = store.searchRuns();
  expect(c).toMatchObject({
    name: "c",
    status: "FINISHED",
    params: { loss: "2" },
    metrics: { loss: 2 },
  });
  expect(a).toMatchObject({
    name: "a, b",
    status: "FAILED",
    user: "ada",
    endTime: Date.parse("2024-05-01T10:01:00Z"),
    params: { lr: "0.1", opt: "adam", loss: "NaN" },
    metrics: { lr: 0.1, loss: NaN },
    tags: { "mlflow.note.content": "why", "wandb.tags": "x" },
  });
  expect(store.experiments()[0]!.name).toBe("project");
});

test("W&B's history gives every point, its chart export every line", () => {
  const store = freshStore();
  const history = csv(
    "_step,_timestamp,_runtime,loss,media\n0,1700000000.5,1,3,\n1,1700000001.5,2,,{}\n2,1700000002,3,inf,\n",
  );
  const result = importRuns(store, wandbCsv(history, { experiment: "h" }));
  expect(result).toMatchObject({
    runs: 1,
    points: 2,
    warnings: ['row 2, media: left out, no number: "{}"'],
  });
  expect(store.history(store.searchRuns()[0]!.id, "loss")).toEqual([
    { step: 0, timestamp: 1_700_000_000_500, value: 3 },
    { step: 2, timestamp: 1_700_000_002_000, value: Infinity },
  ]);
  const chart = csv("Step,one - x - loss,one - x - loss__MIN,two - loss\n0,3,3,4\n5,2,2,\n");
  expect(importRuns(store, wandbCsv(chart, { experiment: "c" }))).toMatchObject({
    runs: 2,
    points: 3,
  });
  const [found] = store.searchRuns({ where: { attribute: "name", is: "=", value: "one - x" } });
  expect(store.history(found!.id, "loss").map(({ step, value }) => [step, value])).toEqual([
    [0, 3],
    [5, 2],
  ]);
});

test("what is no source says what it lacks", () => {
  const empty = freshFolder();
  const text = csv("hello,you\n1,2\n");
  expect(() => wandbCsv(text)).toThrow("is no CSV of Weights & Biases");
  expect(() => wandbCsv(csv('a,b\n"1'))).toThrow("is no CSV: ");
  expect(() => wandbCsv(join(empty, "x.csv"))).toThrow("import: no file");
  expect(() => mlflowSqlite(text)).toThrow(`import: ${text} is no SQLite file`);
  expect(() => mlflowSqlite(join(empty, "x.db"))).toThrow("import: no file");
  RunWriter.open(empty).close();
  expect(() => mlflowSqlite(join(empty, "rzenlab.db"))).toThrow(
    "is no MLflow database (no table metrics)",
  );
  expect(() => mlruns(join(empty, "x"))).toThrow("import: no folder");
  expect(() => mlruns(empty)).toThrow("is no mlruns folder (no <experiment>/meta.yaml in it)");
  expect(() => tensorboard(join(empty, "x"))).toThrow("import: no folder");
  expect(() => tensorboard(empty)).toThrow(
    "no TensorBoard event files (events.out.tfevents.*) below",
  );
});

test("a damaged mlruns folder names file and line", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logMetrics(run.id, [{ key: "x", value: 1 }]);
  const folder = join(freshFolder(), "mlruns");
  exportMlruns(store, folder, store.experiments());
  const place = join(folder, String(run.experimentId), run.id);
  appendFileSync(join(place, "metrics/x"), "noon 1 1\n");
  const result = importRuns(freshStore(), mlruns(folder));
  expect(result).toMatchObject({ points: 1 });
  expect(result.warnings).toEqual([
    `${join(place, "metrics/x")}:2: not "time value step", got "noon 1 1"`,
  ]);
  const meta = readFileSync(join(place, "meta.yaml"), "utf8");
  writeFileSync(join(place, "meta.yaml"), meta.replace("status: 1", "status: 9"));
  expect(() => importRuns(freshStore(), mlruns(folder))).toThrow(
    "meta.yaml: status must be 1 to 5, got 9",
  );
  writeFileSync(join(place, "meta.yaml"), "a: [");
  expect(() => importRuns(freshStore(), mlruns(folder))).toThrow("meta.yaml is not YAML");
  writeFileSync(join(place, "meta.yaml"), "");
  expect(() => importRuns(freshStore(), mlruns(folder))).toThrow("meta.yaml is empty");
});
