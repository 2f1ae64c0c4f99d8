/**
 * @file Stage 2: adapters on the stage-1 trunk, with instructions (spec 1.10).
 *
 *     rzenlab train baseline          plain InfoNCE, fixed temperature
 *     rzenlab train rzenembed         weighting, mask, learnt temperature, merged classification, prompt
 *     rzenlab train rzenembed-lora    the same with LoRA instead of a head
 */
import type { TrainConfigPatch } from "../config.ts";

/** Where the stage-1 trunk of this repository lies, relative to its root. */
export const STAGE1_CHECKPOINT = "data/nano/stage1.safetensors";

export const HEAD_STAGE2: TrainConfigPatch = {
  stage: 2,
  steps: 400,
  batchSize: 64,
  model: { scale: "nano", init: STAGE1_CHECKPOINT, adapter: { kind: "head", hidden: 128 } },
  sampler: { capPerDataset: 600 },
  optimizer: { learningRate: 3e-3, weightDecay: 0.05, warmupSteps: 20, schedule: "cosine" },
  // A head's matrices are too small for two threads; runs go side by side instead.
  executor: { threads: 1 },
};

/** The paper adapts by LoRA on every linear layer; learning rate 2e-4 there, higher at this scale. */
export const LORA_STAGE2: TrainConfigPatch = {
  stage: 2,
  steps: 400,
  batchSize: 48,
  model: {
    scale: "nano",
    init: STAGE1_CHECKPOINT,
    adapter: { kind: "lora", rank: 8, alpha: 16 },
  },
  optimizer: { learningRate: 1e-3, weightDecay: 0.05, warmupSteps: 20, schedule: "cosine" },
  sampler: { capPerDataset: 600 },
  augment: "none",
  checkpoint: { everySteps: 100 },
};

/** Everything the paper proposes; alpha and delta are its own values. */
export const RZENEMBED: TrainConfigPatch = {
  model: { prompt: "system+representation" },
  loss: { alpha: 9, stopGradient: true, delta: 0.95, temperature: { init: 0.05, learnable: true } },
  sampler: { mergeClassification: true },
};
