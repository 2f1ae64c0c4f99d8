/** @file Embeddings -> training program: loss, statistics, parameter groups, optimiser. */
import type { Graph, Program, State, Value } from "../engine/index.ts";
import { and, cast, sum, trainProgram } from "../engine/index.ts";
import type { TemperatureGroup } from "../data/types.ts";
import type { InfoNceOptions } from "../loss/index.ts";
import { VARIANTS, infoNce, initialTheta, temperature, thetaName } from "../loss/index.ts";
import type { TrainConfig } from "./config.ts";

/** Rows of words; those that no batch names keep their meaning only if the others move slowly. */
const EMBEDDINGS = "model.embed_tokens.weight";

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
  /** Parameters that train, temperatures not among them. */
  readonly trained: readonly Value[];
};

/**
 * One AdamW step on the configured loss. Besides the engine's outputs: `tau`, `maskRate`,
 * `meanWeight`, `maxWeight`, and `dropped` and `hits`: how many pairs the mask dropped, and how many
 * of those truly match by the input `matches` (bool [batch, batch], false on the diagonal).
 */
export function objective({
  graph,
  config,
  query,
  target,
  group,
  trained,
}: ObjectiveOptions): Program {
  const { loss, optimizer } = config;
  const fixed = graph.scalar(loss.temperature.init);
  const tau = loss.temperature.learnable
    ? temperature(graph, { group, ...loss.temperature })
    : fixed;
  const result = infoNce({ ...lossKnobs(config), query, target, temperature: tau });
  const batch = query.shape[0]!;
  const matches = graph.input("matches", [batch, batch], "bool");
  const count = (mask: Value): Value => sum(cast(mask, "float32"));

  const words = trained.filter(({ name }) => name === EMBEDDINGS);
  const matrices = trained.filter((p) => p.shape.length >= 2 && p.name !== EMBEDDINGS);
  const others = trained.filter((p) => p.shape.length < 2); // norms, biases: never decayed
  const thetas = loss.temperature.learnable ? [graph.parameter(thetaName(group), [])] : [];
  const scale = loss.temperature.learningRateScale;
  return trainProgram({
    graph,
    loss: result.loss,
    groups: [
      { parameters: matrices, weightDecay: optimizer.weightDecay, learningRateScale: 1 },
      {
        parameters: words,
        weightDecay: optimizer.weightDecay,
        learningRateScale: optimizer.embeddingRateScale,
      },
      { parameters: others, weightDecay: 0, learningRateScale: 1 },
      { parameters: thetas, weightDecay: 0, learningRateScale: scale },
    ].filter(({ parameters }) => parameters.length > 0),
    ...(optimizer.clipNorm === null ? {} : { clipNorm: optimizer.clipNorm }),
    ...(optimizer.lossScaling ? { lossScaling: {} } : {}),
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
    outputs: {
      tau,
      maskRate: result.maskRate,
      meanWeight: result.meanWeight,
      maxWeight: result.maxWeight,
      dropped: count(result.mask),
      hits: count(and(result.mask, matches)),
    },
  });
}

/** Everything of the configured loss but embeddings and temperature. */
export function lossKnobs({
  loss,
}: TrainConfig): Omit<InfoNceOptions, "query" | "target" | "temperature"> {
  if (loss.kind !== "infonce") {
    const { temperature: _theirs, ...knobs } = VARIANTS[loss.kind];
    return knobs;
  }
  const { alpha, stopGradient, delta, symmetric } = loss;
  return { alpha, stopGradient, delta, symmetric };
}
