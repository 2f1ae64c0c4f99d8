/** @file What a trained model has to beat: chance, pixel ridge, the untrained trunk, stage 1. */
import type { Item, Task } from "../data/types.ts";
import type { TaskScore } from "../eval/index.ts";
import { scoreTask } from "../eval/index.ts";
import { ItemFeatures, MatrixProducts, chanceLevel, fitRidge } from "../eval/baselines/index.ts";
import type { State } from "../engine/index.ts";
import { loadGlove } from "../model/index.ts";
import type { TrainConfig } from "./config.ts";
import { layPatches, resolveConfig } from "./config.ts";
import { gatherRows } from "./embedder.ts";
import type { Embedder } from "./embedder.ts";
import { environment } from "./environment.ts";
import { recordScores, scoreTasks } from "./evaluate.ts";
import { executorOf } from "./executor.ts";
import { CODE_VERSION, digestOf } from "./identity.ts";
import type { OnProgress } from "./progress.ts";
import { recordRun } from "./record.ts";
import { TAGS } from "./tags.ts";
import type { Workshop } from "./run.ts";
import { startDigest } from "./weights.ts";

export type BaselineKind = "ridge" | "untrained" | "stage1";
export const BASELINE_TAG = "rzenlab.baseline";

export type BaselineOptions = {
  readonly experiment: string;
  /** Trunk and prompt as the final model has them. */
  readonly config: TrainConfig;
  readonly onProgress?: OnProgress;
};

/** Scores a baseline on the test tasks, or finds it scored. Returns its run. */
export async function scoreBaseline(
  shop: Workshop,
  kind: BaselineKind,
  { experiment, config, onProgress }: BaselineOptions,
): Promise<string> {
  const used = kind === "untrained" ? resolveConfig([config as never, UNTRAINED]) : config;
  const dataDigest = await shop.dataDigest(used);
  const start = kind === "ridge" ? null : await startDigest(used);
  const key = digestOf({ kind, dataDigest, start, prompt: used.model.prompt, code: CODE_VERSION });
  const [found] = shop.store.searchRuns({
    where: {
      and: [
        { tag: TAGS.key, is: "=", value: key.slice(0, 32) },
        { attribute: "status", is: "=", value: "FINISHED" },
      ],
    },
  });
  if (found !== undefined) return found.id;
  const runId = recordRun(shop.store, {
    experiment,
    name: `baseline ${kind}`,
    config: used,
    tasks: await shop.tasks("test"),
    dataDigest,
    startDigest: start,
    environment: await environment(),
    tags: { [TAGS.key]: key.slice(0, 32), [BASELINE_TAG]: kind },
  });
  const scores =
    kind === "ridge"
      ? await ridgeScores(shop, onProgress)
      : await trunkScores(shop, used, onProgress);
  recordScores(shop.store, runId, scores, 0);
  shop.store.setTags(runId, { [TAGS.scored]: "true" });
  shop.store.finishRun(runId);
  return runId;
}

const UNTRAINED = layPatches({ model: { init: "random", initSeed: 0 } });

/** The trunk's own embeddings, no head. */
async function trunkScores(
  shop: Workshop,
  config: TrainConfig,
  onProgress?: OnProgress,
): Promise<TaskScore[]> {
  const test = await shop.tasks("test");
  const tasks = config.model.init === "random" ? test : undefined;
  const features = await shop.features(config, { onProgress, tasks });
  const plain: Embedder = {
    dim: features.table.shape[1],
    embed: async (requests) =>
      gatherRows(
        features.table,
        requests.map((r) => features.rowOf(r)),
      ),
    load: (_state: State) => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return scoreTasks(test, plain);
}

/** Which training task a test task's ridge is fitted on, where it has none of its own. */
function trainTaskOf(test: Task, train: readonly Task[]): Task | undefined {
  return (
    train.find((t) => t.name === test.name) ?? train.find((t) => `${t.name}-ood` === test.name)
  );
}

/** Fits of full size (8,000 pairs, four penalties) take half a minute a task: too long for a quick report. */
const RIDGE_BUDGET = { maxPairs: 1500, maxSystem: 1200, ratios: [0.5, 2.5] };

async function ridgeScores(shop: Workshop, onProgress?: OnProgress): Promise<TaskScore[]> {
  const [train, dev, test] = (await Promise.all(
    (["train", "dev", "test"] as const).map((split) => shop.tasks(split)),
  )) as [readonly Task[], readonly Task[], readonly Task[]];
  const config = resolveConfig([]);
  const { pixels } = shop.kit(config);
  const items = new ItemFeatures({
    pixels: async (item) => (await pixels.load(item))!,
    text: gloveMean(),
  });
  // A held-out style or set is scored with the map of the task it belongs to: one fit for both.
  const groups = new Map<Task, RidgeGroup>();
  for (const task of test) {
    const fit = trainTaskOf(task, train);
    if (fit === undefined) throw new RangeError(`ridge: no training task for ${task.name}`);
    const own = dev.find((d) => d.name === fit.name);
    groups.set(fit, { fit, own, tasks: [...(groups.get(fit)?.tasks ?? []), task] });
  }
  const rest = [...groups.values()];
  const scores = new Map<Task, TaskScore>();
  for (let group = rest.shift(); group !== undefined; group = rest.shift()) {
    const { fit, own, tasks } = group;
    await pixels.ensure(tasksOf(group));
    const products = await MatrixProducts.create(executorOf(config));
    try {
      const { embed } = await fitRidge({
        train: fit,
        ...(own === undefined ? {} : { dev: own }),
        items,
        products,
        ...RIDGE_BUDGET,
      });
      for (const task of tasks) {
        scores.set(task, await scoreTask({ task, ...(await embed(task)), onError: "report" }));
        const note = task.name;
        onProgress?.({ stage: "pixel ridge", done: scores.size, total: test.length, note });
      }
    } finally {
      await products.close();
    }
    const needed = rest.flatMap(tasksOf).flatMap(itemsOf);
    pixels.release(needed);
    items.keep(needed);
  }
  return test.map((task) => scores.get(task)!);
}

/** A fit and what is scored with it. */
type RidgeGroup = {
  readonly fit: Task;
  readonly own: Task | undefined;
  readonly tasks: readonly Task[];
};

const tasksOf = ({ fit, own, tasks }: RidgeGroup): Task[] => [
  fit,
  ...(own === undefined ? [] : [own]),
  ...tasks,
];

const itemsOf = ({ queries, corpus }: Task): Item[] => [
  ...queries.map(({ item }) => item),
  ...corpus.values(),
];

/** Mean of the words' vectors, zero where no word is known. */
function gloveMean(): (text: string) => Float32Array {
  const glove = loadGlove();
  return (text) => {
    const sum = new Float32Array(glove.dimensions);
    let known = 0;
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
      const vector = glove.vector(word);
      if (vector === undefined) continue;
      known++;
      for (const [i, x] of vector.entries()) sum[i]! += x;
    }
    return known === 0 ? sum : sum.map((x) => x / known);
  };
}

/** Expected score of a random ranking, by task. */
export function chanceScores(tasks: readonly Task[]): Map<string, number> {
  return new Map(tasks.map((task) => [task.name, chanceLevel(task).score]));
}
