/** @file Embeddings of tasks -> scores, and their rows in the store. */
import type { Task } from "../data/types.ts";
import type { TaskScore } from "../eval/index.ts";
import { averageScores, scoreTask } from "../eval/index.ts";
import type { RunWriter } from "../tracking/index.ts";
import type { Embedder } from "./embedder.ts";
import { gatherRows, taskRequests } from "./embedder.ts";
import { storedRetrievals } from "./gallery.ts";
import type { OnProgress } from "./progress.ts";

export const MAIN_BENCHMARK = "mini-MMEB";
/** Artifact with every query's value and rank, task by task: what tests over queries read. */
export const PER_QUERY_ARTIFACT = "per-query.json";
export const GALLERY_ARTIFACT = "gallery.json";

/** Value of the task's metric and best positive's rank for each query, in the task's order. */
export type PerQueryScores = Readonly<
  Record<string, { readonly values: readonly number[]; readonly ranks: readonly number[] }>
>;

/** Scores every task. Items that several tasks share are embedded once. */
export async function scoreTasks(
  tasks: readonly Task[],
  embedder: Embedder,
  onProgress?: OnProgress,
): Promise<TaskScore[]> {
  const { unique, rowOf } = taskRequests(tasks);
  const table = await embedder.embed(unique, onProgress);
  const scores: TaskScore[] = [];
  let at = 0;
  const take = (n: number): Int32Array => rowOf.subarray(at, (at += n));
  for (const task of tasks) {
    const queryEmbeddings = gatherRows(table, take(task.queries.length));
    const candidateEmbeddings = gatherRows(table, take(task.corpus.size));
    // An untrained or broken model is a result here: its findings are reported, not thrown.
    const options = { task, queryEmbeddings, candidateEmbeddings, onError: "report" } as const;
    scores.push(await scoreTask(options));
  }
  return scores;
}

/** Mean over data sets: "dev/overall", "dev/image" ...; overall leaves the text tasks out. */
export function averageMetrics(
  scores: readonly TaskScore[],
  prefix: string,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const { level, name, value } of averageScores(scores).all) {
    if ((level === "modality" || level === "overall") && value !== null) {
      metrics[`${prefix}/${name}`] = value;
    }
  }
  return metrics;
}

/** Writes scores to a run: a row a task, averages as metrics, every query's value, retrieval examples. */
export function recordScores(
  store: RunWriter,
  runId: string,
  scores: readonly TaskScore[],
  step: number,
): void {
  const split = scores[0]?.split ?? "test";
  store.logEvaluation(
    runId,
    scores.map(({ name, metric, score, queries, modality, metaTask, domain, kind, digest }) => ({
      benchmark: MAIN_BENCHMARK,
      task: name,
      split,
      metric,
      value: score,
      n: queries,
      modality,
      metaTask,
      domain,
      kind,
      digest,
    })),
  );
  const averages = averageMetrics(scores, split);
  store.logMetrics(
    runId,
    Object.entries(averages).map(([key, value]) => ({ key, value, step })),
  );
  if (split !== "test") return;
  const perQuery: PerQueryScores = Object.fromEntries(
    scores.map(({ name, perQuery }) => [
      name,
      { values: perQuery.map((q) => q.value), ranks: perQuery.map((q) => q.best.rank) },
    ]),
  );
  store.logArtifact(runId, PER_QUERY_ARTIFACT, JSON.stringify(perQuery));
  store.logArtifact(runId, GALLERY_ARTIFACT, JSON.stringify(scores.flatMap(storedRetrievals)));
}
