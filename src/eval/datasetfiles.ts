/** @file The evaluator's files of one data set (spec 3.9), the two pickles left out. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "../data/types.ts";
import type { TaskScore } from "./score.ts";
import { scoreObject } from "./submission.ts";

/** File name -> content. */
export type DatasetFiles = Readonly<Record<string, string>>;

/**
 * `<name>_score.json`, `<name>_pred.jsonl` and `<name>_info.jsonl`.
 *
 * `prediction` holds the candidates kept with the score (`topK` of `scoreTask`), best first; pass a
 * `topK` of at least 10 to let the reference evaluator recompute its metrics from them.
 */
export function datasetFiles(task: Task, score: TaskScore): DatasetFiles {
  const graded = task.queries.some((q) => [...q.positives.values()].some((grade) => grade !== 1));
  const predictions = score.perQuery.map((result, i) => {
    const { positives } = task.queries[i]!;
    return {
      prediction: result.top.map((candidate) => candidate.id),
      label: [...positives.keys()],
      rel_scores: graded ? [...positives.values()] : null,
    };
  });
  const info = task.queries.map(({ candidates, positives }) => ({
    cand_names: candidates ?? [],
    label_name: [...positives.keys()],
    rel_scores: graded ? [...positives.values()] : null,
  }));
  const base = fileName(task.name);
  return {
    [`${base}_score.json`]: `${JSON.stringify(scoreObject(score), null, 4)}\n`,
    [`${base}_pred.jsonl`]: lines(predictions),
    [`${base}_info.jsonl`]: lines(info),
  };
}

/** Writes them to `<directory>/<modality>/`, where the report script looks. Returns the paths. */
export async function writeDatasetFiles(
  directory: string,
  task: Task,
  score: TaskScore,
): Promise<string[]> {
  const folder = join(directory, task.modality);
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, content] of Object.entries(datasetFiles(task, score))) {
    const path = join(folder, name);
    await writeFile(path, content);
    paths.push(path);
  }
  return paths;
}

/** Task names such as "i2t/noto" hold a slash, which must not become a folder. */
function fileName(task: string): string {
  return task.replaceAll(/[^\w.+-]/g, "_");
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
