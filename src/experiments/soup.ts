/** @file Soups of stored runs: merged, recorded as a run of their own, scored; loss along the line. */
import { infoNceValue } from "./devloss.ts";
import type { State } from "../engine/index.ts";
import type { TaskScore } from "../eval/index.ts";
import { isLoraParameter } from "../model/index.ts";
import type { BarrierLine } from "../plot/types.ts";
import type { TrainConfig } from "./config.ts";
import { resolveConfig } from "./config.ts";
import { distinct, gatherRows, queryRequests, targetRequests } from "./embedder.ts";
import { environment } from "./environment.ts";
import { averageMetrics, scoreTasks } from "./evaluate.ts";
import type { OnProgress } from "./progress.ts";
import { recordRun, recordedConfig } from "./record.ts";
import type { Workshop } from "./run.ts";
import { WEIGHTS_ARTIFACT } from "./run.ts";
import type { LoraNames } from "./soup-weights.ts";
import {
  barrierHeight,
  deltaMerge,
  greedySoup,
  meanOfWeights,
  uniformWeights,
} from "./soup-weights.ts";
import { startDigest, weightsFile, withStart } from "./weights.ts";

export const SOUP_WEIGHTS_TAG = "rzenlab.soup.weights";

export type SoupMethod = "uniform" | "weighted" | "greedy";
/** How LoRA members merge; others have their weights averaged, whichever is asked for. */
export type SoupMerge = "delta" | "factors";

export type SoupOptions = {
  readonly method: SoupMethod;
  readonly merge?: SoupMerge;
  /** Shares for `weighted`, one a member; made to sum to 1. */
  readonly weights?: readonly number[];
  readonly experiment: string;
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly onProgress?: OnProgress;
};

export type Soup = {
  readonly runId: string;
  /** Share of each member, 0 for one that greedy selection left out. */
  readonly weights: readonly number[];
  readonly merge: "delta" | "factors" | "weights";
  readonly scores: readonly TaskScore[];
};

/** Members that don't belong in one pot; `code` is BAD_SOUP, the message names what differs. */
export class SoupError extends Error {
  override readonly name = "SoupError";
  readonly code = "BAD_SOUP";
}

/** Merges the runs, stores the soup as a run and scores it on dev and test. */
export async function makeSoup(
  shop: Workshop,
  runIds: readonly string[],
  options: SoupOptions,
): Promise<Soup> {
  const members = runIds.map((id) => ({
    id,
    config: recordedConfig(shop.store, id),
    state: shop.weights(id),
  }));
  const config = commonConfig(members);
  const merge = config.model.adapter.kind === "lora" ? (options.merge ?? "delta") : "weights";
  const states = members.map((member) => member.state);
  const weights = await chooseWeights(shop, config, members, { ...options, merge });
  const mixed = mergeStates(states, weights, merge);
  const soupConfig = merge === "delta" ? widened(config, members.length) : config;
  const tasks = await shop.tasks("train");
  const runId = recordRun(shop.store, {
    experiment: options.experiment,
    name: options.name ?? `${options.method} soup of ${members.length}`,
    config: soupConfig,
    tasks,
    dataDigest: await shop.dataDigest(config),
    startDigest: await startDigest(config),
    environment: await environment(),
    tags: {
      "rzenlab.soup.method": options.method,
      "rzenlab.soup.merge": merge,
      "rzenlab.soup.members": JSON.stringify(runIds),
      [SOUP_WEIGHTS_TAG]: JSON.stringify(weights),
      ...options.tags,
    },
  });
  const info = { config: soupConfig, runId, step: 0, startDigest: await startDigest(config) };
  shop.store.logArtifact(runId, WEIGHTS_ARTIFACT, weightsFile(mixed, new Set(), info));
  const scores = await shop.score(runId, options.onProgress);
  shop.store.finishRun(runId);
  return { runId, weights, merge, scores };
}

type Member = { readonly id: string; readonly config: TrainConfig; readonly state: State };

/** The first member's config, after checking that the others have the same model and start. */
function commonConfig(members: readonly Member[]): TrainConfig {
  const [first, ...others] = members;
  if (first === undefined || others.length === 0) {
    throw new SoupError(`soup: expected at least 2 runs, got ${members.length}`);
  }
  const start = ({ config: { model, seed } }: Member): string =>
    JSON.stringify({ ...model, initSeed: model.initSeed ?? seed });
  for (const other of others) {
    if (start(other) === start(first)) continue;
    throw new SoupError(
      `soup: runs must share model and start, got ${start(first)} in ${first.id} and ${start(other)} in ${other.id}`,
    );
  }
  return first.config;
}

async function chooseWeights(
  shop: Workshop,
  config: TrainConfig,
  members: readonly Member[],
  { method, weights, merge }: Omit<SoupOptions, "merge"> & { readonly merge: Soup["merge"] },
): Promise<readonly number[]> {
  if (method === "uniform") return uniformWeights(members.length);
  if (method === "weighted") {
    if (weights?.length !== members.length || !weights.every((w) => w >= 0)) {
      throw new SoupError(
        `soup: weighted needs ${members.length} weights >= 0, got ${weights?.join(", ") ?? "none"}`,
      );
    }
    const total = weights.reduce((sum, w) => sum + w, 0);
    if (!(total > 0)) throw new SoupError("soup: the weights sum to 0");
    return weights.map((w) => w / total);
  }
  const devScore = async (state: State, as: TrainConfig): Promise<number> => {
    const embedder = await shop.embedder(as, withStart(as, shop.kit(as).encoder, state));
    try {
      const scores = await scoreTasks(await shop.tasks("dev"), embedder);
      return averageMetrics(scores, "dev")["dev/overall"]!;
    } finally {
      await embedder.close();
    }
  };
  const own: number[] = [];
  for (const { state } of members) own.push(await devScore(state, config));
  const wide = merge === "delta" ? widened(config, members.length) : config;
  const states = members.map((member) => member.state);
  const soup = await greedySoup(own, (shares) =>
    devScore(mergeStates(states, shares, merge), wide),
  );
  return soup.weights;
}

/** Members merged as `merge` says. */
export function mergeStates(
  states: readonly State[],
  weights: readonly number[],
  merge: Soup["merge"],
): State {
  if (merge !== "delta") return meanOfWeights(states, weights);
  return deltaMerge(states, weights, loraLayers(states[0]!));
}

function loraLayers(state: State): LoraNames[] {
  return [...state.keys()]
    .filter((name) => isLoraParameter(name) && name.endsWith(".lora_A.weight"))
    .map((a) => ({ a, b: a.replace(".lora_A.", ".lora_B.") }));
}

/** The config of an exact merge: rank M r at the same alpha / rank. */
function widened(config: TrainConfig, members: number): TrainConfig {
  const { adapter } = config.model;
  if (adapter.kind !== "lora") return config;
  const wide = { ...adapter, rank: adapter.rank * members, alpha: adapter.alpha * members };
  return resolveConfig([
    config as never,
    { model: { adapter: { ...wide, targets: [...wide.targets] } } },
  ]);
}

/** Points on the line, ends included. */
const LAMBDAS = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];

/** Dev loss and score along the straight line between the weights of two runs. */
export async function barrierBetween(
  shop: Workshop,
  name: string,
  [from, to]: readonly [string, string],
): Promise<BarrierLine> {
  const members = [from, to].map((id) => ({
    id,
    config: recordedConfig(shop.store, id),
    state: shop.weights(id),
  }));
  const config = commonConfig(members);
  const states = members.map((member) => member.state);
  const dev = await shop.tasks("dev");
  const { encoder } = shop.kit(config);
  const embedder = await shop.embedder(config, withStart(config, encoder, states[0]!));
  const loss: number[] = [];
  const score: number[] = [];
  try {
    for (const lambda of LAMBDAS) {
      const state = meanOfWeights(states, [1 - lambda, lambda]);
      await embedder.load(withStart(config, encoder, state));
      const requests = dev.flatMap((task) => [...queryRequests(task), ...targetRequests(task)]);
      const { unique, rowOf } = distinct(requests);
      const rows = gatherRows(await embedder.embed(unique), rowOf);
      loss.push(infoNceValue(dev, rows, config.loss.temperature.init));
      const scores = await scoreTasks(dev, embedder);
      score.push(averageMetrics(scores, "dev")["dev/overall"]!);
    }
  } finally {
    await embedder.close();
  }
  return { name, lambdas: LAMBDAS, loss, score, barrier: barrierHeight(LAMBDAS, loss) };
}
