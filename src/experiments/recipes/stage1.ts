/**
 * @file Stage 1: the trunk from random weights, plain InfoNCE (spec 1.9).
 *
 *     rzenlab train stage1-text
 *     rzenlab train stage1-objects model.init=<weights of that run>
 *     rzenlab train stage1-reading model.init=<weights of that one>
 *     rzenlab train stage1-lines model.init=...
 *     rzenlab train stage1 model.init=...
 *     rzenlab train stage1-finish model.init=...
 *
 * Random cross-modal similarities are worse than none, so from random weights the quickest way down is
 * to map everything to one point, where gradients vanish (docs/log.md). What can't be learnt yet pulls
 * there, so the curriculum goes from easy to hard: text, which starts from word vectors and is cheap;
 * names and drawings, words and simple clips; single words until they are read, then lines; then everything,
 * in every prompt, and at last more of what is short. Without the reading a page is learnt by heart, not read.
 */
import type { TrainConfigPatch } from "../config.ts";
import { layPatches } from "../config.ts";

/** Text alone takes a twentieth of a picture's time, so its batches are large and many. */
export const stage1Text: TrainConfigPatch = {
  recipe: "stage1-text",
  stage: 1,
  steps: 2000,
  batchSize: 192,
  model: { scale: "nano", init: "random", adapter: { kind: "none" }, mixPrompts: true },
  // Symmetric, for every pair of stage 1 is read in both directions at evaluation.
  loss: { symmetric: true, temperature: { init: 0.07, learnable: false } },
  sampler: {
    tasks: ["more-glosses", "more-classes", "more-labels"],
    weights: { "more-glosses": 1, "more-classes": 0.6, "more-labels": 1.5 },
  },
  optimizer: {
    learningRate: 1e-3,
    weightDecay: 0.05,
    embeddingRateScale: 0.3,
    warmupSteps: 100,
    schedule: "constant",
  },
  augment: "none",
};

/** Queries that are each other's hard negatives stand in one batch. */
const TOGETHER = {
  "motion-caption": "^motion-(.+)-[a-z]+$",
  "more-writings": "^more-writing-([0-9a-f]+)",
  "more-moments": "^more-moment-([0-9a-f]+)",
  "style-edit": ":(.+)$",
  "tone-edit": "^(.+?)-1[fF]3[fF][b-fB-F]",
};

/** Times the size of a set. Few classes fill a batch with false negatives, so they weigh little; clips and pages are few. */
const WEIGHTS = {
  "emoji-group": 0.3,
  "emoji-subgroup": 0.7,
  "label-to-image": 1.3,
  "name-to-icon": 0.6,
  "cross-style": 0.8,
  "style-edit": 0.6,
  "tone-edit": 1,
  "clock-reading": 1.2,
  "scene-which": 0.8,
  "scene-where": 0.8,
  "scene-grounding": 0.8,
  "scene-count": 0.7,
  "motion-class": 3,
  "motion-qa": 1.5,
  "motion-caption": 5,
  "writing-retrieval": 3,
  "radical-moment": 3,
  "more-writings": 0.9,
  "more-moments": 1.3,
  "country-sheet": 1.5,
  "chart-page": 3,
  "readme-heading": 3,
  "readme-description": 3,
  "dictionary-page": 2,
  "more-dictionary": 0.6,
  "more-sheets": 0.25,
  "more-charts": 0.5,
  "more-headings": 1.2,
  "more-descriptions": 1.5,
  "typeset-words": 0.05,
  "typeset-reading": 0.05,
  "typeset-lines": 0.15,
  "wordnet-gloss": 0.5,
  "wordnet-class": 1.2,
  "cross-language-label": 0.6,
  "more-glosses": 0.08,
  "more-classes": 0.15,
  "more-labels": 0.1,
};

/** What the second step leaves out. */
const LATER = {
  "writing-retrieval": 0,
  "radical-moment": 0,
  "more-writings": 0,
  "more-moments": 0,
  "typeset-lines": 0,
  "country-sheet": 0,
  "chart-page": 0,
  "readme-heading": 0,
  "readme-description": 0,
  "dictionary-page": 0,
  "more-dictionary": 0,
  "more-sheets": 0,
  "more-charts": 0,
  "more-headings": 0,
  "more-descriptions": 0,
};

export const stage1Objects: TrainConfigPatch = layPatches(stage1Text, {
  recipe: "stage1-objects",
  steps: 900,
  batchSize: 64,
  sampler: { tasks: null, weights: { ...WEIGHTS, ...LATER }, together: TOGETHER },
  optimizer: { learningRate: 6e-4, warmupSteps: 50 },
  augment: "by-task",
});

/** Single words, many to a batch and without prompts: pictures of words are small. */
export const stage1Reading: TrainConfigPatch = {
  ...stage1Text,
  recipe: "stage1-reading",
  steps: 1500,
  batchSize: 256,
  model: { ...stage1Text.model, prompt: "none", mixPrompts: false },
  sampler: {
    tasks: ["typeset-words", "typeset-reading"],
    weights: { "typeset-words": 1, "typeset-reading": 1 },
  },
  augment: "by-task",
  checkpoint: { everySteps: 250 },
};

/** Several words at once. */
export const stage1Lines: TrainConfigPatch = {
  ...stage1Reading,
  recipe: "stage1-lines",
  steps: 600,
  batchSize: 128,
  sampler: {
    tasks: ["typeset-*"],
    weights: { "typeset-words": 0.1, "typeset-reading": 0.1, "typeset-lines": 1 },
  },
};

export const stage1: TrainConfigPatch = layPatches(stage1Objects, {
  recipe: "stage1",
  steps: 4500,
  sampler: { weights: WEIGHTS },
  optimizer: { warmupSteps: 100, schedule: "cosine" },
  checkpoint: { everySteps: 250 },
});

/** Once pages are read: mostly pictures, and of each kind most where most is missing. */
export const stage1Finish: TrainConfigPatch = layPatches(stage1, {
  recipe: "stage1-finish",
  steps: 1700,
  sampler: {
    weights: {
      ...WEIGHTS,
      "emoji-subgroup": 0.7,
      "label-to-image": 1.4,
      "image-to-label": 1.2,
      "cross-style": 0.9,
      "style-edit": 1.3,
      "tone-edit": 3,
      "clock-reading": 3,
      "scene-which": 1.7,
      "scene-where": 1.7,
      "scene-grounding": 1.6,
      "scene-count": 2,
      "motion-caption": 6,
      "more-dictionary": 0.5,
      "more-sheets": 0.2,
      "more-charts": 0.4,
      "more-headings": 1,
      "more-descriptions": 1.2,
      "typeset-lines": 0.1,
    },
  },
  optimizer: { learningRate: 7e-4 },
});
