/** @file Plain InfoNCE of held-out tasks from their embeddings: comparable between any two models. */
import type { Task } from "../data/types.ts";
import type { EmbeddingRows } from "./embedder.ts";

const BATCH = 64;

/**
 * Mean over tasks of InfoNCE at `temperature`, in batches of 64 queries in their own order, each
 * against the first positive of every query of its batch. True matches are left out as negatives.
 *
 * @param rows unit rows: queries then candidates of each task, one task after another.
 */
export function infoNceValue(
  tasks: readonly Task[],
  rows: EmbeddingRows,
  temperature: number,
): number {
  let at = 0;
  let total = 0;
  for (const task of tasks) {
    const candidates = at + task.queries.length;
    total += taskLoss(task, rows, at, candidates, temperature);
    at = candidates + task.corpus.size;
  }
  return total / tasks.length;
}

function taskLoss(
  { queries, corpus }: Task,
  { shape: [, dim], data }: EmbeddingRows,
  firstQuery: number,
  firstCandidate: number,
  temperature: number,
): number {
  const places = new Map([...corpus.keys()].map((id, i) => [id, firstCandidate + i]));
  const targets = queries.map(({ positives }) => [...positives.keys()][0]!);
  let sum = 0;
  for (const [i, { positives }] of queries.entries()) {
    const start = i - (i % BATCH);
    const end = Math.min(start + BATCH, queries.length);
    const scores: number[] = [];
    let own = 0;
    for (let j = start; j < end; j++) {
      if (j !== i && positives.has(targets[j]!)) continue;
      const score =
        dot(data, (firstQuery + i) * dim, places.get(targets[j]!)! * dim, dim) / temperature;
      if (j === i) own = score;
      scores.push(score);
    }
    const top = Math.max(...scores);
    sum += top + Math.log(scores.reduce((all, s) => all + Math.exp(s - top), 0)) - own;
  }
  return sum / queries.length;
}

function dot(data: Float32Array, a: number, b: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += data[a + d]! * data[b + d]!;
  return sum;
}
