/** @file A benchmark small enough to train on in milliseconds a step: coloured squares and their names. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { Split, Task } from "../../../src/data/types.ts";
import { preset } from "../../../src/model/index.ts";
import type { EncoderConfig } from "../../../src/model/index.ts";
import type { TrainConfigPatch } from "../../../src/experiments/config.ts";
import { Workshop } from "../../../src/experiments/run.ts";

/** The model's tiny encoder with room for the nano tokenizer's vocabulary. */
export function tinyEncoder(): EncoderConfig {
  const tiny = preset("tiny");
  return {
    ...tiny,
    vision: { ...tiny.vision, patchSize: 16, inChannels: 5 },
    text: { ...tiny.text, vocabSize: 5_920 },
  };
}

const NAMES = ["red", "green", "blue", "black", "white", "yellow", "cyan", "magenta"];
const COLOURS = ["#f00", "#0f0", "#00f", "#000", "#fff", "#ff0", "#0ff", "#f0f"];

/** Config of a run over the tiny tasks: the nano encoder would take seconds a step here. */
export const TINY: TrainConfigPatch = {
  steps: 12,
  batchSize: 4,
  model: { scale: "tiny", init: "random", adapter: { kind: "none" } },
  optimizer: { learningRate: 1e-3, warmupSteps: 2 },
  checkpoint: { everySteps: 2 },
  executor: { threads: 1 },
  augment: "by-task",
};

/** Writes the pictures under `root` and returns the loader of the tasks that show them. */
export async function tinyTasks(root: string): Promise<(split: Split) => Promise<Task[]>> {
  mkdirSync(root, { recursive: true });
  for (const [i, colour] of COLOURS.entries()) {
    const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
      .png()
      .toBuffer();
    writeFileSync(join(root, `${i}.png`), png);
  }
  return (split) => Promise.resolve([imageToName(root, split), nameToImage(root, split)]);
}

/** A workshop over the tiny tasks and the tiny encoder, everything below `home`. */
export async function tinyWorkshop(home: string): Promise<Workshop> {
  const places = { dataRoot: join(home, "data"), home, store: join(home, "store") };
  const loadTasks = await tinyTasks(places.dataRoot);
  return Workshop.open(places, { loadTasks, encoderOf: tinyEncoder });
}

function imageToName(root: string, split: Split): Task {
  return {
    ...common(split),
    name: "colour-class",
    metaTask: "I-CLS",
    temperatureGroup: "image-classification",
    queries: NAMES.map((name, i) => ({
      id: `q${i}`,
      item: { image: join(root, `${i}.png`) },
      positives: new Map([[`t${i % 6}`, 1]]), // two names are two queries' answers: false negatives
      label: name,
    })),
    corpus: new Map(NAMES.slice(0, 6).map((text, i) => [`t${i}`, { text }])),
    digest: `colour-class-${split}`,
  };
}

function nameToImage(root: string, split: Split): Task {
  return {
    ...common(split),
    name: "name-to-image",
    metaTask: "I-RET",
    temperatureGroup: "image-retrieval",
    queries: NAMES.map((text, i) => ({
      id: `q${i}`,
      item: { text },
      positives: new Map([[`t${i}`, 1]]),
    })),
    corpus: new Map(NAMES.map((_, i) => [`t${i}`, { image: join(root, `${i}.png`) }])),
    digest: `name-to-image-${split}`,
  };
}

function common(
  split: Split,
): Pick<
  Task,
  | "modality"
  | "kind"
  | "split"
  | "domain"
  | "scope"
  | "metric"
  | "queryInstruction"
  | "targetInstruction"
> {
  return {
    modality: "image",
    kind: "synthetic",
    split,
    domain: "IND",
    scope: "global",
    metric: "hit@1",
    queryInstruction: "",
    targetInstruction: "",
  };
}
