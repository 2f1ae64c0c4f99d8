/** @file Embeddings -> training program: loss, statistics, parameter groups, optimiser. */
import type {
  Graph,
  ParameterGroup,
  Program,
  State,
  TrainProgramOptions,
  Value,
} from "../engine/index.ts";
import { and, cast, sum, trainProgram } from "../engine/index.ts";
import type { TemperatureGroup } from "../data/types.ts";
import type { CachedOptions, InfoNceOptions } from "../loss/index.ts";
import {
  GradCache,
  VARIANTS,
  infoNce,
  initialTheta,
  temperature,
  thetaName,
} from "../loss/index.ts";
import type { TrainConfig } from "./config.ts";

/** Rows of words; those that no batch names keep their meaning only if the others move slowly. */
const EMBEDDINGS = "model.embed_tokens.weight";

/** What the names of temperatures begin with. */
const THETA = thetaName("");

export const TEMPERATURE_GROUPS: readonly TemperatureGroup[] = [
  "image-classification",
  "image-qa",
  "image-retrieval",
  "image-grounding",
  "document-retrieval",
  "video-retrieval",
  "video-qa",
  "text",
];

/** Thetas of every group, or nothing where the temperature is fixed. */
export function initialTemperatures({ loss }: TrainConfig): State {
  const { learnable, init, min, max } = loss.temperature;
  if (!learnable) return new Map();
  return new Map(
    TEMPERATURE_GROUPS.flatMap((group) => [...initialTheta({ group, init, min, max })]),
  );
}

export type ObjectiveOptions = {
  readonly graph: Graph;
  readonly config: TrainConfig;
  /** [batch, dim], unit rows. */
  readonly query: Value;
  /** [batch, dim], unit rows; row i is the positive of query i. */
  readonly target: Value;
  readonly group: string;
  /** Which of the model's parameters do. */
  readonly trains: (name: string) => boolean;
};

/**
 * One AdamW step on the configured loss. Besides the engine's outputs: `tau`, `maskRate`,
 * `meanWeight`, `maxWeight`, and `dropped`, `trueMatches`, `hits`: how many pairs the mask dropped, how many truly
 * match by the input `matches` (bool [batch, batch], false on the diagonal), and how many are both.
 */
export function objective({
  graph,
  config,
  query,
  target,
  group,
  trains,
}: ObjectiveOptions): Program {
  const tau = temperatureOf(config)(graph, group);
  const result = infoNce({ ...lossKnobs(config), query, target, temperature: tau });
  const batch = query.shape[0]!;
  const matches = graph.input("matches", [batch, batch], "bool");
  const count = (mask: Value): Value => sum(cast(mask, "float32"));

  return trainProgram({
    graph,
    loss: result.loss,
    groups: parameterGroups(config, graph.parameters(), trains),
    ...adamOptions(config),
    outputs: {
      tau,
      maskRate: result.maskRate,
      meanWeight: result.meanWeight,
      maxWeight: result.maxWeight,
      dropped: count(result.mask),
      trueMatches: count(matches),
      hits: count(and(result.mask, matches)),
    },
  });
}

/** The same step on a batch of any size, or null where the config wants the batch in one graph. */
export function cachedObjective(
  config: TrainConfig,
  { trains, ...model }: Pick<CachedOptions, "dim" | "encode"> & Pick<ObjectiveOptions, "trains">,
): GradCache | null {
  const { gradCacheChunk: chunk, batchSize: batch } = config;
  if (chunk === null) return null;
  return new GradCache({
    ...lossKnobs(config),
    ...adamOptions(config),
    ...model,
    batch,
    chunk,
    temperature: temperatureOf(config),
    groups: (parameters) => parameterGroups(config, parameters, trains),
    matches: true,
  });
}

/** The temperature of a group in a graph: learnt or fixed. */
export function temperatureOf({ loss }: TrainConfig): (graph: Graph, group: string) => Value {
  const { learnable, ...own } = loss.temperature;
  return (graph, group) =>
    learnable ? temperature(graph, { group, ...own }) : graph.scalar(own.init);
}

/** Clipping, moments and loss scaling. */
export function adamOptions({ optimizer }: TrainConfig): OptimizerOptions {
  const { clipNorm, lossScaling, beta1, beta2 } = optimizer;
  return {
    ...(clipNorm === null ? {} : { clipNorm }),
    ...(lossScaling ? { lossScaling: {} } : {}),
    beta1,
    beta2,
  };
}

type OptimizerOptions = Pick<TrainProgramOptions, "clipNorm" | "lossScaling" | "beta1" | "beta2">;

/** Which of a graph's parameters train, and how: those of the model for which `trains`, and temperatures. */
export function parameterGroups(
  { optimizer, loss }: TrainConfig,
  parameters: readonly Value[],
  trains: (name: string) => boolean,
): ParameterGroup[] {
  const { weightDecay } = optimizer;
  const thetas = parameters.filter(({ name }) => name.startsWith(THETA));
  const trained = parameters.filter(({ name }) => !name.startsWith(THETA) && trains(name));
  const words = trained.filter(({ name }) => name === EMBEDDINGS);
  const matrices = trained.filter((p) => p.shape.length >= 2 && p.name !== EMBEDDINGS);
  const others = trained.filter((p) => p.shape.length < 2); // norms, biases: never decayed
  return [
    { parameters: matrices, weightDecay, learningRateScale: 1 },
    { parameters: words, weightDecay, learningRateScale: optimizer.embeddingRateScale },
    { parameters: others, weightDecay: 0, learningRateScale: 1 },
    { parameters: thetas, weightDecay: 0, learningRateScale: loss.temperature.learningRateScale },
  ].filter((group) => group.parameters.length > 0);
}

/** Everything of the configured loss but embeddings and temperature. */
export function lossKnobs({
  loss,
}: TrainConfig): Omit<InfoNceOptions, "query" | "target" | "temperature" | "hardNegatives"> {
  if (loss.kind !== "infonce") {
    const { temperature: _theirs, ...knobs } = VARIANTS[loss.kind];
    return knobs;
  }
  const { alpha, stopGradient, delta, symmetric } = loss;
  return { alpha, stopGradient, delta, symmetric };
}
