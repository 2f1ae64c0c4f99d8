/** @file Which candidates a query is ranked against (spec 3.4), as row numbers of the corpus. */
import type { Query, Task } from "../data/types.ts";
import { EvalError } from "./error.ts";
import type { Positive } from "./rank.ts";

/** The pool of one query. */
export type Pool = {
  /** Corpus rows to rank, or null for the whole corpus. */
  readonly rows: readonly number[] | null;
  readonly positives: readonly Positive[];
};

/** Pools of tasks that were scored before: a grid scores the same ones hundreds of times. */
const known = new WeakMap<Task, readonly Pool[]>();

/** The pool of each of a task's queries, in their order. */
export function poolsOf(task: Task): readonly Pool[] {
  const found = known.get(task);
  if (found !== undefined) return found;
  const rows = corpusRows(task);
  const pools = task.queries.map((query) => poolOf(task, query, rows));
  known.set(task, pools);
  return pools;
}

/** Corpus id -> row, in the order of the candidate embeddings. */
export function corpusRows(task: Task): Map<string, number> {
  return new Map([...task.corpus.keys()].map((id, row) => [id, row]));
}

/**
 * Local scope ranks the query's own list, global scope every distinct candidate of the task.
 * Candidates are distinct by id, never by content. A positive's `index` is its corpus row.
 */
export function poolOf(task: Task, query: Query, rows: ReadonlyMap<string, number>): Pool {
  const where = `${task.name}, query ${query.id}`;
  const rowOf = (id: string, role: string): number => {
    const row = rows.get(id);
    if (row === undefined) {
      throw new EvalError(
        "BAD_TASK",
        `${where}: ${role} ${id} is not in the corpus of ${rows.size}`,
      );
    }
    return row;
  };
  if (query.positives.size === 0) throw new EvalError("BAD_TASK", `${where} has no positive`);
  const positives = [...query.positives].map(([id, grade]) => {
    if (!(grade > 0 && grade < Infinity)) {
      throw new EvalError(
        "BAD_TASK",
        `${where}: positive ${id} must have a grade > 0, got ${grade}`,
      );
    }
    return { index: rowOf(id, "positive"), grade };
  });
  if (task.scope === "global") return { rows: null, positives };
  if (query.candidates === undefined) {
    throw new EvalError("BAD_TASK", `${where} has no candidates although the scope is local`);
  }
  const local = [...new Set(query.candidates)].map((id) => rowOf(id, "candidate"));
  const inPool = new Set(local);
  for (const [i, id] of [...query.positives.keys()].entries()) {
    if (!inPool.has(positives[i]!.index)) {
      throw new EvalError(
        "BAD_TASK",
        `${where}: positive ${id} is not among its ${local.length} candidates`,
      );
    }
  }
  return { rows: local, positives };
}
