/** @file What a training run is: one strict, frozen, JSON-able value. Defaults -> recipe -> key=value. */
import { z } from "zod";
import { EXECUTOR_NAMES } from "../engine/index.ts";
import type { VariantName } from "../loss/index.ts";
import { PRECISIONS } from "../model/index.ts";
import type { Precision } from "../model/index.ts";
import type { Json } from "./overrides.ts";
import { ConfigError, explain, freeze, keysOf, merge, parseOverride } from "./overrides.ts";

export { ConfigError } from "./overrides.ts";

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().positive();

/** The trunk as it is, with nothing added: every weight trains. */
const NoAdapter = z.strictObject({ kind: z.literal("none") });

/** Low-rank updates on linear layers; the trunk is frozen. */
const LoraAdapter = z.strictObject({
  kind: z.literal("lora"),
  rank: count.default(8),
  /** The update is scaled by alpha / rank. */
  alpha: positive.default(16),
  /** Regular expressions of layer names; the default is every linear layer of both towers (the paper's). */
  targets: z.array(z.string().min(1)).min(1).default(["."]),
});

/** A small network over cached trunk embeddings; no pixel is touched in training. */
const HeadAdapter = z.strictObject({
  kind: z.literal("head"),
  /** Units of the gated hidden layer. */
  hidden: count.default(256),
});

const ModelConfig = z.strictObject({
  /** Architecture size; see src/model for the table. */
  scale: z.string().min(1).default("nano"),
  /** "random", or the path of a safetensors checkpoint to start from. */
  init: z.string().min(1).default("random"),
  /** Seed of freshly drawn weights; null is the run's own. Soup members share it: one start, other data. */
  initSeed: z.int().min(0).nullable().default(null),
  adapter: z
    .discriminatedUnion("kind", [NoAdapter, LoraAdapter, HeadAdapter])
    .default({ kind: "none" }),
  /** Spec 1.6: task instruction alone, or with RzenEmbed's system and representation prompts, or neither. */
  prompt: z.enum(["none", "instruction", "system+representation"]).default("instruction"),
  /**
   * Each training batch takes one of the three at random; scoring takes `prompt`. Without it a frozen
   * trunk has never seen the words of the other two, and a head can't make up for that. [O]
   */
  mixPrompts: z.boolean().default(false),
  /**
   * How the linear layers of a frozen trunk are kept (docs/engine.md, "Fewer bits"): `fp16` halves their
   * memory, under LoRA too; `int8` is for the features of a head. What each costs is in the table there.
   */
  trunkPrecision: z.enum(PRECISIONS).default("fp32"),
});

const LOSS_KINDS = [
  "infonce",
  "rzenembed",
  "rzenembed-literal",
  "llave",
  "unime",
  "qwen3-stage1",
  "qwen3",
  "hcl",
  "row-normalised",
] as const satisfies readonly VariantName[];

const TemperatureConfig = z.strictObject({
  init: positive.default(0.05),
  /** One learnt temperature per task group (spec 1.5); false keeps `init`. */
  learnable: z.boolean().default(false),
  /** Clamp of the learnt value: on separable data descent lowers it without bound. */
  min: positive.default(0.01),
  max: positive.default(1),
  /** Learning rate of theta relative to the model's. */
  learningRateScale: positive.default(1),
});

const LossConfig = z.strictObject({
  /** "infonce" with the knobs below, or a published loss by name, whose own knobs are fixed (src/loss). */
  kind: z.enum(LOSS_KINDS).default("infonce"),
  /** Hardness weight exp(alpha * s) of a negative (spec 1.4); 0 is off. */
  alpha: z.number().min(0).default(0),
  /** Whether the weight is a constant for the gradient (LLaVE) or not (RzenEmbed as printed). */
  stopGradient: z.boolean().default(true),
  /** A negative whose target is this similar to the positive target is dropped (spec 1.3); null is off. */
  delta: z.number().min(-1).max(1).nullable().default(null),
  /** Mean of query -> target and target -> query instead of query -> target alone. */
  symmetric: z.boolean().default(false),
  temperature: TemperatureConfig.prefault({}),
});

const SamplerConfig = z.strictObject({
  /** Training tasks by name; null takes all. A trailing `*` matches any ending, a leading `!` leaves out. */
  tasks: z.array(z.string().min(1)).min(1).nullable().default(null),
  /** Relative weight of a task, by name or name*; others weigh 1. Multiplies the task's own weight. */
  weights: z.record(z.string(), z.number().min(0)).default({}),
  /** Relative weight of a modality: the paper's data set resampling (Exp5). */
  resampling: z.record(z.string(), positive).default({}),
  /** All classification sets form one pool (Exp1), or one data set a batch. */
  mergeClassification: z.boolean().default(false),
  /** At most this many pairs of a data set take part; null takes all. */
  capPerDataset: count.nullable().default(null),
  /**
   * By task, a pattern on query ids: queries with the same first group of the match come together, so
   * that a batch holds its own hard negatives (one thing in eight motions).
   */
  together: z.record(z.string(), z.string().min(1)).default({}),
  /** Share of each batch that repeats another row's target: the planted false negatives of spec 5.6. */
  plantDuplicates: fraction.default(0),
});

const OptimizerConfig = z.strictObject({
  /** Peak learning rate of AdamW. */
  learningRate: positive.default(1e-3),
  /** Decoupled decay; matrices only, never norms, biases or temperatures. */
  weightDecay: z.number().min(0).default(0.05),
  /** Learning rate of the word embeddings relative to the others'. */
  embeddingRateScale: positive.default(1),
  warmupSteps: z.int().min(0).default(50),
  schedule: z.enum(["constant", "linear", "cosine"]).default("cosine"),
  /** Global gradient norm above which gradients are scaled down; null is off. */
  clipNorm: positive.nullable().default(1),
  beta1: fraction.default(0.9),
  beta2: fraction.default(0.999),
  /** Dynamic loss scaling, for devices that compute in 16 bits: a step that overflows is skipped. */
  lossScaling: z.boolean().default(false),
});

/** Everything that changes a result, and nothing else. */
export const TrainConfig = z.strictObject({
  /** Name of the recipe this came from; for people, not for identity. */
  recipe: z.string().min(1).default("custom"),
  /** 1 trains the trunk on pairs without instructions, 2 adapts it with them (spec 1.9, 1.10). */
  stage: z.union([z.literal(1), z.literal(2)]).default(2),
  seed: z.int().min(0).default(0),
  /** Optimiser steps. */
  steps: count.default(1000),
  /** Pairs a step; each pair's target is a negative of every other query. */
  batchSize: z.int().min(2).default(64),
  /**
   * Pairs encoded at once (GradCache): memory goes by this and not by `batchSize`, at up to half more time a
   * step. The gradient is the same but for rounding. Null encodes the batch in one graph.
   */
  gradCacheChunk: count.nullable().default(null),
  /**
   * The encoder's layers compute their activations again in the backward: less memory, up to a forward more time,
   * the same gradient. Not for a head, which has no layers under it in training.
   */
  recompute: z.boolean().default(false),
  model: ModelConfig.prefault({}),
  loss: LossConfig.prefault({}),
  sampler: SamplerConfig.prefault({}),
  optimizer: OptimizerConfig.prefault({}),
  /** Random changes of training pixels that leave a task's answer true; never at evaluation. */
  augment: z.enum(["none", "by-task"]).default("none"),
  evaluation: z
    .strictObject({
      /** Steps between evaluations on `split` while training; 0 is never. */
      everySteps: z.int().min(0).default(0),
      split: z.enum(["dev", "test"]).default("dev"),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      /** Steps between checkpoints; the last step is always kept. 0 keeps that alone. */
      everySteps: z.int().min(0).default(0),
    })
    .prefault({}),
  executor: z
    .strictObject({
      /** Also written `device=`. `auto` takes the first that starts; a resumed run stays with what that was. */
      name: z.enum(EXECUTOR_NAMES).default("onnxruntime"),
      /** Threads of one operator, null for all cores; sums depend on how they are cut. */
      threads: count.nullable().default(null),
    })
    .prefault({}),
});

export type TrainConfig = DeepReadonly<z.output<typeof TrainConfig>>;
/** What a recipe or a grid writes down: any part of a config. */
export type TrainConfigPatch = DeepPartial<z.input<typeof TrainConfig>>;
export type AdapterConfig = TrainConfig["model"]["adapter"];

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/**
 * Defaults, then each patch in order, then `key=value` overrides; frozen.
 *
 * @param overrides e.g. ["loss.alpha=9", "model.adapter.kind=lora", "sampler.tasks=[\"label2image*\"]"]
 */
export function resolveConfig(
  patches: readonly TrainConfigPatch[],
  overrides: readonly string[] = [],
): TrainConfig {
  let merged = layPatches(...patches) as Json;
  for (const override of overrides) {
    const spelledOut = override.replace(/^device=/, "executor.name=");
    merged = merge(merged, parseOverride(spelledOut, configKeys())) as Json;
  }
  const parsed = TrainConfig.safeParse(merged);
  if (!parsed.success) throw new ConfigError(explain(parsed.error, configKeys()));
  return freeze(checkTogether(parsed.data));
}

/** Patches laid over each other, object by object; the later one wins. */
export function layPatches(...patches: readonly TrainConfigPatch[]): TrainConfigPatch {
  return patches.reduce((under, over) => merge(under, over) as TrainConfigPatch, {});
}

/** Rules that span several keys. */
function checkTogether(config: z.output<typeof TrainConfig>): z.output<typeof TrainConfig> {
  const { init, min, max } = config.loss.temperature;
  if (!(min <= init && init <= max)) {
    throw new ConfigError(
      `loss.temperature: expected min <= init <= max, got ${min}, ${init}, ${max}`,
    );
  }
  const { kind, alpha, delta, symmetric } = config.loss;
  if (kind !== "infonce" && (alpha !== 0 || delta !== null || symmetric)) {
    throw new ConfigError(
      `loss.kind: ${kind} fixes alpha, delta and symmetric; expected 0, null and false, got ${alpha}, ${delta} and ${symmetric}`,
    );
  }
  if (config.model.adapter.kind === "head" && config.augment !== "none") {
    throw new ConfigError(
      `augment: a head reads cached features and sees no pixels; expected none, got ${config.augment}`,
    );
  }
  if (config.model.adapter.kind === "head" && config.model.mixPrompts) {
    throw new ConfigError(
      "model.mixPrompts: a head reads features of one prompt; expected false, got true",
    );
  }
  if (config.model.adapter.kind === "head" && config.recompute) {
    throw new ConfigError(
      "recompute: a head reads cached features and no encoder runs; expected false, got true",
    );
  }
  const { adapter, trunkPrecision } = config.model;
  const allowed = PRECISIONS_OF[adapter.kind];
  if (!allowed.includes(trunkPrecision)) {
    throw new ConfigError(
      `model.trunkPrecision: with adapter ${adapter.kind} expected ${allowed.join(" or ")}, got ${trunkPrecision}`,
    );
  }
  return config;
}

/** A trunk that trains needs all its bits; 8-bit integers pass no gradient on to an adapter. */
const PRECISIONS_OF: Readonly<Record<AdapterConfig["kind"], readonly Precision[]>> = {
  none: ["fp32"],
  lora: ["fp32", "fp16"],
  head: PRECISIONS,
};

let keys: readonly string[] | undefined;

/** Every key of a config as a dotted path; records end in `.*`. */
export function configKeys(): readonly string[] {
  keys ??= keysOf(TrainConfig);
  return keys;
}
