import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScoredDataset, SubmissionMetadata } from "../../src/eval/index.ts";
import {
  datasetFiles,
  METRIC_NAMES,
  metricsOf,
  MMEB_V2,
  MMEB_V2_AVERAGES,
  parseScoreFile,
  readScoreFile,
  scoreFileAverages,
  scoreTask,
  submission,
  writeDatasetFiles,
} from "../../src/eval/index.ts";
import { makeTask, randomMatrix } from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rzenlab-scorefile-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file in the published layout from the table's reference scores. */
function published(model: string): {
  metadata: Record<string, unknown>;
  metrics: Record<string, Record<string, unknown> | string>;
} {
  const metrics: Record<string, Record<string, unknown>> = { image: {}, video: {}, visdoc: {} };
  for (const task of MMEB_V2) {
    const score = task.referenceScores[model]! / 100;
    metrics[task.modality]![task.reportedAs ?? task.name] = {
      [task.metric]: score,
      num_pred: task.numQueries,
      num_data: task.numQueries,
    };
  }
  return { metadata: { model_name: model, report_generated_date: "2025-12-29T09:27:50" }, metrics };
}

describe("reading a published file", () => {
  test.each(["VLM2Vec-V2.0-2B", "Qwen3-VL-Embedding-8B"])("%s: its averages", async (model) => {
    const path = join(folder, `${model}.json`);
    await writeFile(path, JSON.stringify(published(model)));
    const file = await readScoreFile(path);
    expect(file.modelName).toBe(model);
    expect(file.entries).toHaveLength(78);
    const averages = scoreFileAverages(file);
    for (const name of ["image", "video", "visdoc", "overall"]) {
      const percent = averages.get(name).value! * 100;
      expect(Math.abs(percent - MMEB_V2_AVERAGES[model]![name]!), name).toBeLessThan(0.02);
    }
  });

  test("accepts strings where objects are expected, and withholds what they hide", () => {
    const json = published("GME-2B");
    (json.metrics["visdoc"] as Record<string, unknown>)["ViDoSeek-doc"] = "FILE_N/A";
    json.metrics["video"] = "DIR_N/A";
    const file = parseScoreFile(json);
    expect([...file.unavailable]).toEqual([
      ["video", "DIR_N/A"],
      ["ViDoSeek-doc", "FILE_N/A"],
    ]);
    const averages = scoreFileAverages(file);
    expect(averages.get("image").value).not.toBeNull();
    expect(averages.get("visdoc")).toMatchObject({ value: null, n: 23, missing: ["ViDoSeek-doc"] });
    expect(averages.get("video").n).toBe(0);
    expect(averages.get("overall").value).toBeNull();
  });

  test("does not score sets outside the 78, such as the old MomentSeeker", () => {
    const json = published("GME-2B");
    (json.metrics["video"] as Record<string, unknown>)["MomentSeeker_1k8"] = { "hit@1": 0 };
    const file = parseScoreFile(json);
    expect(file.ignored).toEqual(["MomentSeeker_1k8"]);
    expect(file.entries).toHaveLength(78);
  });

  test("marks page sets under their old name, and prefers the fixed entry to it", () => {
    const json = published("GME-2B");
    const visdoc = json.metrics["visdoc"] as Record<string, unknown>;
    const old = { "ndcg_linear@5": 0.2 };
    json.metrics["visdoc"] = { "ViDoSeek-page": old, ...visdoc };
    expect(parseScoreFile(json).outdated).toEqual([]);
    json.metrics["visdoc"] = { ...visdoc, "ViDoSeek-page": old };
    const file = parseScoreFile(json);
    expect(file.outdated).toEqual([]);
    expect(
      file.entries.find((e) => e.task.name === "ViDoSeek-page")!.values["ndcg_linear@5"],
    ).toBeGreaterThan(0.7);
    const { "ViDoSeek-page-fixed": _, ...rest } = visdoc;
    json.metrics["visdoc"] = { ...rest, "ViDoSeek-page": old };
    expect(parseScoreFile(json).outdated).toEqual(["ViDoSeek-page"]);
  });

  test("says where a file is broken", async () => {
    expect(() => parseScoreFile([])).toThrow("the score file must be an object, got an array");
    expect(() => parseScoreFile({ metadata: {}, metrics: null })).toThrow(
      "metrics must be an object, got null",
    );
    expect(() => parseScoreFile({ metadata: {}, metrics: { image: 3 } })).toThrow(
      "metrics.image must be an object, got number",
    );
    const scores = { "hit@1": "0.5" };
    expect(() => parseScoreFile({ metadata: {}, metrics: { image: { VOC2007: scores } } })).toThrow(
      "metrics.image.VOC2007.hit@1 must be a number, got 0.5",
    );
    const noMetric = parseScoreFile({
      metadata: {},
      metrics: { image: { VOC2007: { "hit@5": 1 } } },
    });
    expect(() => scoreFileAverages(noMetric)).toThrow("unnamed: VOC2007 has no hit@1");
    const path = join(folder, "broken.json");
    await writeFile(path, "{");
    await expect(readScoreFile(path)).rejects.toThrow(`${path}: `);
    await expect(readScoreFile(path)).rejects.toMatchObject({ code: "BAD_SCORE_FILE" });
  });
});

const metadata: SubmissionMetadata = {
  model_name: "nano",
  model_backbone: "Qwen2-VL",
  model_size: "2.4M",
  embedding_dimension: 128,
  max_length_tokens: 512,
  model_release_date: "2026-11-23",
  data_source: "Self-Reported",
  url: "https://example.org/nano",
  report_generated_date: "2026-11-23T01:00:00Z",
};

describe("the submission", () => {
  const scored = (name: string, rank: number): ScoredDataset => ({
    name,
    metrics: metricsOf([{ rank, grade: 1 }]),
    queries: 7,
  });

  test("has all 78 sets under the leaderboard's names, with the -fixed pages", () => {
    const { metrics } = submission(metadata, [scored("ViDoSeek-page", 1), scored("VOC2007", 2)]);
    expect(Object.keys(metrics.image)).toHaveLength(36);
    expect(Object.keys(metrics.video)).toHaveLength(18);
    expect(Object.keys(metrics.visdoc)).toHaveLength(24);
    expect(metrics.visdoc).toHaveProperty("ViDoSeek-page-fixed");
    expect(metrics.visdoc).toHaveProperty("MMLongBench-page-fixed");
    expect(metrics.visdoc).not.toHaveProperty("ViDoSeek-page");
    expect(metrics.image["ImageNet-1K"]).toBe("FILE_N/A");
    expect(metrics.video["K700"]).toBe("DIR_N/A");
  });

  test("writes score objects with the evaluator's keys, as fractions", () => {
    const { metrics } = submission(metadata, [scored("VOC2007", 2)]);
    const object = metrics.image["VOC2007"] as Record<string, number>;
    expect(Object.keys(object)).toEqual([...METRIC_NAMES, "num_pred", "num_data"]);
    expect(object["hit@1"]).toBe(0);
    expect(object["mrr@5"]).toBe(0.5);
    expect(object["num_data"]).toBe(7);
  });

  test("reads back as written", () => {
    const written = submission(
      metadata,
      MMEB_V2.map((task, i) => scored(task.reportedAs ?? task.name, (i % 7) + 1)),
    );
    const file = parseScoreFile(JSON.parse(JSON.stringify(written)));
    expect(file.entries).toHaveLength(78);
    expect(file.unavailable.size).toBe(0);
    expect(file.outdated).toEqual([]);
    expect(scoreFileAverages(file).get("overall").n).toBe(78);
  });

  test("refuses unknown and doubled sets by name", () => {
    expect(() => submission(metadata, [scored("emoji", 1)])).toThrow(
      "emoji is not one of MMEB-V2's 78 data sets",
    );
    const both = [scored("ViDoSeek-page", 1), scored("ViDoSeek-page-fixed", 1)];
    expect(() => submission(metadata, both)).toThrow("ViDoSeek-page has two scores");
  });
});

describe("the evaluator's per-data-set files", () => {
  test("predictions hold ids by rank, labels and grades; the score file the evaluator's keys", async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const task = makeTask(ids, [{ positives: { c3: 2, c4: 1 } }, { positives: { c5: 1 } }], {
      name: "docs/charts",
      modality: "visdoc",
    });
    const score = await scoreTask({
      task,
      queryEmbeddings: randomMatrix(2, 6, 1),
      candidateEmbeddings: randomMatrix(12, 6, 2),
      topK: 10,
    });
    const files = datasetFiles(task, score);
    expect(Object.keys(files)).toEqual([
      "docs_charts_score.json",
      "docs_charts_pred.jsonl",
      "docs_charts_info.jsonl",
    ]);
    const rows = files["docs_charts_pred.jsonl"]!.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows[0]).toMatchObject({ label: ["c3", "c4"], rel_scores: [2, 1] });
    expect(rows[0].prediction).toHaveLength(10);
    // The reference evaluator's own arithmetic on our predictions gives our metrics back.
    const hits = rows.map((row) => (row.label.includes(row.prediction[0]) ? 1 : 0) as number);
    expect((hits[0]! + hits[1]!) / 2).toBe(score.metrics["hit@1"]);
    const written = JSON.parse(files["docs_charts_score.json"]!);
    expect(written["ndcg_linear@5"]).toBe(score.metrics["ndcg_linear@5"]);
    expect(written["num_pred"]).toBe(2);

    const paths = await writeDatasetFiles(folder, task, score);
    expect(paths[0]).toBe(join(folder, "visdoc", "docs_charts_score.json"));
    expect(await readFile(paths[1]!, "utf8")).toBe(files["docs_charts_pred.jsonl"]);
  });

  test("ungraded tasks have null grades", async () => {
    const task = makeTask(["a", "b", "c"], [{ positives: { a: 1 }, candidates: ["a", "b"] }]);
    const score = await scoreTask({
      task,
      queryEmbeddings: randomMatrix(1, 4, 1),
      candidateEmbeddings: randomMatrix(3, 4, 2),
    });
    const info = JSON.parse(datasetFiles(task, score)["toy_info.jsonl"]!);
    expect(info).toEqual({ cand_names: ["a", "b"], label_name: ["a"], rel_scores: null });
  });
});
