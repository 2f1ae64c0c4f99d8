/** @file The score a random ranking gets: the chance level printed beside every result. */
import type { Query } from "../types.ts";
import type { BuiltTask } from "./output.ts";

const CUT = 5;

/** Expected linear nDCG@5 of a random order: every rank holds the mean grade. */
function chanceNdcg(query: Query, pool: number): number {
  const grades = [...query.positives.values()].toSorted((a, b) => b - a);
  const mean = grades.reduce((a, b) => a + b, 0) / pool;
  let [random, ideal] = [0, 0];
  for (let rank = 1; rank <= CUT; rank++) {
    const discount = Math.log2(rank + 1);
    if (rank <= pool) random += mean / discount;
    ideal += (grades[rank - 1] ?? 0) / discount;
  }
  return random / ideal;
}

/** Mean over queries of what a random ranking scores under the task's metric, in 0 ... 1. */
export function chanceOf(task: Pick<BuiltTask, "queries" | "corpus" | "metric">): number {
  let total = 0;
  for (const query of task.queries) {
    const pool = query.candidates?.length ?? task.corpus.size;
    total += task.metric === "hit@1" ? query.positives.size / pool : chanceNdcg(query, pool);
  }
  return total / task.queries.length;
}
