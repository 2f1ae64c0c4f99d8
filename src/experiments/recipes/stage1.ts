/**
 * @file Stage 1: the trunk from random weights, plain InfoNCE (spec 1.9).
 *
 *     rzenlab train stage1-warmup
 *     rzenlab train stage1-objects model.init=<weights of that run>
 *     rzenlab train stage1 model.init=<weights of that one>
 *     rzenlab train stage1-clips model.init=<weights of that one>
 *
 * Random cross-modal similarities are worse than none, so from random weights the quickest way down is
 * to map everything to one point, where gradients vanish (docs/log.md). What can't be learnt yet pulls
 * there, so the curriculum goes from easy to hard: a few hundred steps of names and drawings, unaugmented
 * and at a low rate; then everything but pages and handwriting; then everything, in every prompt.
 */
import type { TrainConfigPatch } from "../config.ts";
import { layPatches } from "../config.ts";

export const stage1Warmup: TrainConfigPatch = {
  recipe: "stage1-warmup",
  stage: 1,
  steps: 400,
  batchSize: 64,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, prompt: "none" },
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  sampler: {
    tasks: [
      "label-to-image",
      "image-to-label",
      "name-to-icon",
      "wordnet-gloss",
      "keywords-to-image",
    ],
    weights: { "name-to-icon": 0.5 },
  },
  optimizer: {
    learningRate: 4e-4,
    weightDecay: 0.05,
    embeddingRateScale: 0.3,
    warmupSteps: 30,
    schedule: "constant",
  },
  augment: "none",
};

/** Times the size of a set. Few classes fill a batch with false negatives, so they weigh little; clips and pages are few. */
const WEIGHTS = {
  "emoji-group": 0.2,
  "emoji-subgroup": 0.6,
  "label-to-image": 1.3,
  "name-to-icon": 0.9,
  "cross-style": 0.8,
  "style-edit": 0.4,
  "tone-edit": 0.6,
  "clock-reading": 1.5,
  "scene-which": 0.7,
  "scene-where": 0.6,
  "scene-grounding": 0.6,
  "scene-count": 0.6,
  "motion-class": 3,
  "motion-qa": 2,
  "motion-caption": 4,
  "writing-retrieval": 5,
  "radical-moment": 6,
  "country-sheet": 3,
  "chart-page": 5,
  "readme-heading": 2,
  "readme-description": 5,
  "dictionary-page": 3,
  "wordnet-gloss": 0.6,
  "wordnet-class": 0.2,
  "cross-language-label": 0.6,
  "typeset-words": 0.5,
  "typeset-reading": 0.5,
};

/** What the second step leaves out. */
const LATER = {
  "writing-retrieval": 0,
  "radical-moment": 0,
  "country-sheet": 0,
  "chart-page": 0,
  "readme-heading": 0,
  "readme-description": 0,
  "dictionary-page": 0,
};

export const stage1Objects: TrainConfigPatch = {
  recipe: "stage1-objects",
  stage: 1,
  steps: 900,
  batchSize: 64,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, prompt: "none" },
  // Symmetric, for every pair of stage 1 is read in both directions at evaluation.
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  sampler: {
    weights: { ...WEIGHTS, ...LATER },
  },
  optimizer: {
    learningRate: 6e-4,
    weightDecay: 0.05,
    embeddingRateScale: 0.3,
    warmupSteps: 50,
    schedule: "constant",
  },
  augment: "by-task",
};

export const stage1: TrainConfigPatch = layPatches(stage1Objects, {
  recipe: "stage1",
  steps: 3600,
  // A trunk that stays frozen in stage 2 must know the words of every prompt [O].
  model: { mixPrompts: true },
  sampler: { weights: WEIGHTS },
  optimizer: { warmupSteps: 100, schedule: "cosine" },
  checkpoint: { everySteps: 250 },
});

/** Clips, clocks and pages learn slowest: more of them at the end. */
export const stage1Clips: TrainConfigPatch = layPatches(stage1, {
  recipe: "stage1-clips",
  seed: 1,
  steps: 1100,
  sampler: {
    weights: {
      "writing-retrieval": 14,
      "radical-moment": 16,
      "motion-class": 5,
      "motion-caption": 7,
      "clock-reading": 2,
      "country-sheet": 5,
      "chart-page": 9,
      "dictionary-page": 5,
      "typeset-words": 0.25,
      "typeset-reading": 0.25,
    },
  },
  optimizer: { learningRate: 5e-4, warmupSteps: 30 },
});
