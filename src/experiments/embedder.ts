/** @file What turns items into unit vectors, and how tasks are put to it. */
import type { Item, Task } from "../data/types.ts";
import type { State } from "../engine/index.ts";
import type { OnProgress } from "./progress.ts";

/** One item as one side of a task sees it. */
export type EmbedRequest = {
  readonly item: Item;
  readonly instruction: string;
};

/** Row-major [rows, dim]. */
export type EmbeddingRows = {
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
};

export interface Embedder {
  readonly dim: number;
  /** Rows in the order of the requests, unit length. */
  embed(requests: readonly EmbedRequest[], onProgress?: OnProgress): Promise<EmbeddingRows>;
  /** Goes on with other weights of the same shapes. */
  load(state: State): Promise<void>;
  close(): Promise<void>;
}

/** Queries of a task, in its order. */
export function queryRequests(task: Task): EmbedRequest[] {
  return task.queries.map(({ item, instruction }) => ({
    item,
    instruction: instruction ?? task.queryInstruction,
  }));
}

/** Candidates of a task, in the corpus' order. */
export function targetRequests(task: Task): EmbedRequest[] {
  return [...task.corpus.values()].map((item) => ({ item, instruction: task.targetInstruction }));
}

/** What scoring some tasks asks an embedder for. */
export type TaskRequests = {
  readonly unique: readonly EmbedRequest[];
  /** Row of each query and candidate among them: a task's queries, its candidates, then the next task's. */
  readonly rowOf: Int32Array;
};

/** Of task lists that were scored before: a grid scores the same ones hundreds of times. */
const known = new WeakMap<readonly Task[], TaskRequests>();

export function taskRequests(tasks: readonly Task[]): TaskRequests {
  const found = known.get(tasks);
  if (found !== undefined) return found;
  const requests = distinct(
    tasks.flatMap((task) => [...queryRequests(task), ...targetRequests(task)]),
  );
  known.set(tasks, requests);
  return requests;
}

/** Equal requests have equal keys: what is asked twice is computed once. */
export function requestKey({ item, instruction }: EmbedRequest): string {
  const { text = "", image = "", video = [], document = "" } = item;
  return [instruction, text, image, document, ...video].join("\u0000");
}

/** Requests without repeats, and for each original its row among them. */
export function distinct(requests: readonly EmbedRequest[]): {
  readonly unique: EmbedRequest[];
  readonly rowOf: Int32Array;
} {
  const rows = new Map<string, number>();
  const unique: EmbedRequest[] = [];
  const rowOf = Int32Array.from(requests, (request) => {
    const key = requestKey(request);
    const known = rows.get(key);
    if (known !== undefined) return known;
    rows.set(key, unique.length);
    return unique.push(request) - 1;
  });
  return { unique, rowOf };
}

/** Rows of `table` by number, copied in order. */
export function gatherRows(table: EmbeddingRows, rows: ArrayLike<number>): EmbeddingRows {
  const dim = table.shape[1];
  const data = new Float32Array(rows.length * dim);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * dim;
    data.set(table.data.subarray(from, from + dim), i * dim);
  }
  return { shape: [rows.length, dim], data };
}
