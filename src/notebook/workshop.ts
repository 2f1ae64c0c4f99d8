/** @file Trunk embeddings of a few tasks, for notebooks that look at numbers rather than train. */
import { loadTasks } from "../data/index.ts";
import type { Task } from "../data/types.ts";
import { queryRequests, targetRequests } from "../experiments/embedder.ts";
import type { TrainConfig } from "../experiments/index.ts";
import { Workshop } from "../experiments/index.ts";
import { homeFolder, placesOf } from "./places.ts";

export type WorkshopFilter = {
  /** Tasks by name; default all. */
  readonly tasks?: readonly string[];
  readonly home?: string;
};

/** A workshop on the notebook's data that reads only the tasks asked for. Close it at the end. */
export function workshop({ tasks, home = homeFolder() }: WorkshopFilter = {}): Promise<Workshop> {
  const places = placesOf(home);
  if (tasks === undefined) return Workshop.open(places);
  return Workshop.open(places, {
    loadTasks: (split) => loadTasks(places.dataRoot, { split, names: [...tasks] }),
  });
}

/** Unit vectors of a task's two sides. */
export type TaskEmbeddings = {
  readonly dim: number;
  /** One a query, in the task's order. */
  readonly queries: readonly Float32Array[];
  /** One a candidate, in the corpus' order. */
  readonly candidates: readonly Float32Array[];
  /** Candidate ids in that order. */
  readonly ids: readonly string[];
};

/** Both sides of a task as the config's trunk sees them; computed once and kept on disk. */
export async function embedTask(
  shop: Workshop,
  config: TrainConfig,
  task: Task,
): Promise<TaskEmbeddings> {
  const features = await shop.features(config, { tasks: [task] });
  const [, dim] = features.table.shape;
  const rows = (requests: ReturnType<typeof queryRequests>): Float32Array[] =>
    requests.map((request) => {
      const start = features.rowOf(request) * dim;
      return features.table.data.subarray(start, start + dim);
    });
  return {
    dim,
    queries: rows(queryRequests(task)),
    candidates: rows(targetRequests(task)),
    ids: [...task.corpus.keys()],
  };
}
