/**
 * @file Stage 1: the trunk from random weights, on pairs without instructions, plain InfoNCE (spec 1.9).
 *
 *     rzenlab train stage1-warmup
 *     rzenlab train stage1 model.init=<weights of that run>
 *     rzenlab train stage1-prompts model.init=<weights of that one>
 *
 * Random cross-modal similarities are worse than none, so from random weights the quickest way down is
 * to map everything to one point, where gradients vanish (docs/log.md). A few hundred steps of easy
 * pairs, unaugmented and at a low rate, lead out of that; then everything may come.
 */
import type { TrainConfigPatch } from "../config.ts";
import { layPatches } from "../config.ts";

export const stage1Warmup: TrainConfigPatch = {
  recipe: "stage1-warmup",
  stage: 1,
  steps: 320,
  batchSize: 64,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, prompt: "none" },
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  sampler: { tasks: ["label-to-image", "image-to-label", "wordnet-gloss", "keywords-to-image"] },
  optimizer: {
    learningRate: 4e-4,
    weightDecay: 0.05,
    embeddingRateScale: 0.3,
    warmupSteps: 30,
    schedule: "constant",
  },
  augment: "none",
};

export const stage1: TrainConfigPatch = {
  recipe: "stage1",
  stage: 1,
  steps: 3400,
  batchSize: 64,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, prompt: "none" },
  // Symmetric, for every pair of stage 1 is read in both directions at evaluation.
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  sampler: {
    // Times the size of a set. Few classes fill a batch with false negatives, so they weigh little here.
    weights: {
      "emoji-group": 0.1,
      "emoji-subgroup": 0.4,
      "label-to-image": 1.3,
      "keywords-to-image": 1.5,
      "cross-style": 0.8,
      "style-edit": 0.5,
      "tone-edit": 0.6,
      "scene-which": 0.7,
      "scene-where": 0.4,
      "scene-grounding": 0.5,
      "scene-count": 0.5,
      "motion-caption": 2.5,
      "writing-retrieval": 3,
      "radical-moment": 2,
      "country-sheet": 2,
      "chart-page": 4,
      "readme-heading": 4,
      "readme-description": 4,
      "dictionary-page": 2,
      "wordnet-gloss": 0.6,
      "wordnet-class": 0.15,
      "cross-language-label": 0.7,
      "typeset-words": 0.5,
      "typeset-reading": 0.8,
    },
  },
  optimizer: {
    learningRate: 6e-4,
    weightDecay: 0.05,
    embeddingRateScale: 0.3,
    warmupSteps: 50,
    schedule: "cosine",
  },
  augment: "by-task",
  checkpoint: { everySteps: 250 },
};

/**
 * A trunk that stays frozen in stage 2 must know the words of every prompt: a thousand steps more, each
 * batch written in one of the three ways [O]. The trunk of `stage1` alone scored 32.5 on 40 queries of
 * each of eight tasks without instructions, 27.2 with them and 17.2 with the system prompt.
 */
export const stage1Prompts: TrainConfigPatch = layPatches(stage1, {
  recipe: "stage1-prompts",
  steps: 1000,
  model: { mixPrompts: true },
  optimizer: { learningRate: 3e-4, warmupSteps: 30 },
});
