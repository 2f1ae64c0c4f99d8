/** @file A stored run's encoder, adapter or head included, as an ONNX file or as a whole folder. */
import { existsSync } from "node:fs";
import type { State } from "../engine/index.ts";
import { Graph, writeOnnx } from "../engine/index.ts";
import type { Bucket, HeadOptions } from "../model/index.ts";
import {
  buildEncoder,
  buildHead,
  encoderOnnx,
  exportFolder,
  isLoraParameter,
  mergeLora,
} from "../model/index.ts";
import { writeAtomic } from "./atomic.ts";
import type { TrainConfig, TrainConfigPatch } from "./config.ts";
import { resolveConfig } from "./config.ts";
import { headOptions } from "./head.ts";
import { NANO_PIXELS } from "./pixelbank.ts";
import { recordedConfig } from "./record.ts";
import { TAGS } from "./tags.ts";
import type { Workshop } from "./run.ts";
import { isTrainingState, loraOf } from "./trunk.ts";
import { WeightsError, folderTokenizer, overTrunk, readWeights } from "./weights.ts";

/**
 * Writes the encoder of a run for one batch shape; inputs are `Assembler.assemble`'s, the output is
 * `embedding`, unit rows [batch, dim].
 */
export async function exportRun(
  shop: Workshop,
  runId: string,
  file: string,
  bucket: Bucket,
): Promise<void> {
  const config = recordedConfig(shop.store, runId);
  const { encoder } = shop.kit(config);
  const state = overTrunk(config, encoder, shop.weights(runId));
  if (config.model.adapter.kind !== "head") {
    const adapter = loraOf(config);
    const options = adapter === undefined ? { bucket } : { bucket, adapter };
    await writeAtomic(file, encoderOnnx(state, encoder, options));
    return;
  }
  const graph = new Graph();
  const { embedding } = buildEncoder(graph, encoder, bucket);
  const options = headOptions(config, embedding.shape[1]!);
  graph.output("embedding", buildHead(graph, embedding, options));
  await writeAtomic(file, writeOnnx(graph, state));
}

type Trained = {
  readonly config: TrainConfig;
  readonly own: State;
  readonly step: number;
  readonly facts: Readonly<Record<string, string>>;
};

/** A run's weights, or those of a weights file. */
function trained(shop: Workshop, target: string): Trained {
  if (existsSync(target)) {
    const { state, info } = readWeights(target);
    if (info === null) {
      throw new WeightsError(`${target}: its metadata don't tell the config it was trained with`);
    }
    const facts = { file: target, run: info.runId, recipe: info.config.recipe };
    return {
      config: resolveConfig([info.config as TrainConfigPatch]),
      own: state,
      step: info.step,
      facts,
    };
  }
  const { name, tags } = shop.store.run(target);
  const config = recordedConfig(shop.store, target);
  const facts = {
    run: `${target} (${name})`,
    recipe: config.recipe,
    steps: String(config.steps),
    "data digest": tags[TAGS.data] ?? "unknown",
    "start digest": tags[TAGS.start] ?? "unknown",
    commit: tags[TAGS.commit] ?? "unknown",
  };
  return { config, own: shop.weights(target), step: config.steps, facts };
}

/**
 * Writes the whole encoder of a run, or of a weights file, as a folder (see `exportFolder` of the
 * model): adapter merged, head kept apart.
 */
export function exportRunFolder(
  shop: Workshop,
  target: string,
  folder: string,
  options: { readonly externalBytes?: number } = {},
): void {
  const { config, own, step, facts } = trained(shop, target);
  const { encoder } = shop.kit(config);
  const all = overTrunk(config, encoder, own);
  const lora = loraOf(config);
  const whole = lora === undefined ? all : mergeLora(all, lora);
  const head: { head?: HeadOptions } =
    config.model.adapter.kind === "head" ? { head: headOptions(config, encoder.text.hidden) } : {};
  const tokenizer = folderTokenizer(config);
  exportFolder(folder, {
    ...options,
    ...head,
    ...(tokenizer === null ? {} : { tokenizer }),
    state: new Map([...whole].filter(([name]) => !isTrainingState(name) && !isLoraParameter(name))),
    config: encoder,
    prompt: config.model.prompt,
    sizes: { image: NANO_PIXELS.image, video: NANO_PIXELS.video, page: NANO_PIXELS.page },
    facts,
    metadata: {
      info: JSON.stringify({ config: wholeConfig(config), runId: target, step, startDigest: null }),
    },
  });
}

/** The config that embeds with the folder's weights: nothing of the start is left in them. */
function wholeConfig(config: TrainConfig): TrainConfig {
  if (config.model.adapter.kind === "head") return config;
  return { ...config, model: { ...config.model, init: "random", adapter: { kind: "none" } } };
}
