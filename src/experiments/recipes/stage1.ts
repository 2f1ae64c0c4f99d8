/**
 * @file Stage 1: the trunk from random weights, on pairs without instructions, plain InfoNCE (spec 1.9).
 *
 *     rzenlab train stage1
 */
import type { TrainConfigPatch } from "../config.ts";

export const stage1: TrainConfigPatch = {
  recipe: "stage1",
  stage: 1,
  steps: 6000,
  batchSize: 64,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, prompt: "none" },
  // Symmetric, for every pair of stage 1 is read in both directions at evaluation.
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  optimizer: { learningRate: 1e-3, weightDecay: 0.05, warmupSteps: 200, schedule: "cosine" },
  augment: "light",
  checkpoint: { everySteps: 250 },
};
