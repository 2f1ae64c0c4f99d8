/** @file Trained weights as files that say what they are. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { State } from "../engine/index.ts";
import {
  NANO_TOKENIZER,
  TextTokenizer,
  encodeSafetensors,
  initLora,
  initParameters,
  encoderParameters,
  loadGlove,
  loadEncoder,
  openCheckpoint,
} from "../model/index.ts";
import { Random } from "../engine/index.ts";
import type { EncoderConfig } from "../model/index.ts";
import { writeAtomic } from "./atomic.ts";
import type { TrainConfig } from "./config.ts";
import { packageRoot } from "./environment.ts";
import { digestOf, fileDigest } from "./identity.ts";
import { isTrainingState, loraOf } from "./trunk.ts";

/** Weights that can't be used; `code` is BAD_WEIGHTS, the message names the file. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
  readonly code = "BAD_WEIGHTS";
}

/** What a weights file says of itself. */
export type WeightsInfo = {
  readonly config: TrainConfig;
  readonly runId: string;
  readonly step: number;
  /** Digest of the trunk an adapter belongs to; null where the file is whole. */
  readonly startDigest: string | null;
};

/** The state without moments and temperatures; the frozen trunk of an adapter left out. */
export function weightsFile(
  state: State,
  frozen: ReadonlySet<string>,
  info: WeightsInfo,
): Uint8Array {
  const kept = [...state].filter(([name]) => !isTrainingState(name) && !frozen.has(name));
  const metadata = { format: "rzenlab-weights-1", info: JSON.stringify(info) };
  return Buffer.concat(encodeSafetensors(new Map(kept), { metadata }));
}

export type Weights = { readonly state: State; readonly info: WeightsInfo | null };

/** @param file of ours, or a folder as Hugging Face lays out a model. */
export function readWeights(file: string): Weights {
  if (!existsSync(file)) throw new WeightsError(`${file}: no such weights file`);
  try {
    const source = openCheckpoint(file);
    try {
      const info = source.metadata["info"];
      return {
        state: new Map(source.names.map((name) => [name, source.read(name)])),
        info: info === undefined ? null : (JSON.parse(info) as WeightsInfo),
      };
    } finally {
      source.close();
    }
  } catch (error) {
    throw new WeightsError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Copies the weights of `from` to `file`; how a stage-1 trunk is published. */
export async function publishWeights(from: string, file: string): Promise<string> {
  await writeAtomic(file, await readFile(from));
  return fileDigest(file);
}

/** Path of a start checkpoint: as given, or in this package. */
export function startFile({ model }: TrainConfig): string | null {
  if (model.init === "random") return null;
  if (isAbsolute(model.init) || existsSync(model.init)) return model.init;
  return join(packageRoot(), model.init);
}

const digests = new Map<string, Promise<string>>();

/** Digest of the weights a run starts from; null for random ones. Computed once a process and file. */
export function startDigest(config: TrainConfig): Promise<string | null> {
  const file = startFile(config);
  if (file === null) return Promise.resolve(null);
  if (!existsSync(file)) {
    throw new WeightsError(`model.init: no file ${file}; train it with "rzenlab train stage1"`);
  }
  const known = digests.get(file) ?? weightsDigest(file);
  digests.set(file, known);
  return known;
}

/** A folder counts as the weights in it: those of one file as that file. */
async function weightsDigest(path: string): Promise<string> {
  if (!isFolder(path)) return fileDigest(path);
  const names = readdirSync(path).filter((name) => name.endsWith(".safetensors"));
  const each = await Promise.all(names.sort().map((name) => fileDigest(join(path, name))));
  return each.length === 1 ? each[0]! : digestOf(each);
}

function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new WeightsError(`${path}: no file or folder to start from`);
  return found.isDirectory();
}

/** The tokenizer.json of the folder a run starts from; null where it starts from a file or at random. */
export function folderTokenizer(config: TrainConfig): string | null {
  const path = startFile(config);
  if (path === null || !existsSync(path) || !isFolder(path)) return null;
  const file = join(path, "tokenizer.json");
  return existsSync(file) ? file : null;
}

/** Encoder weights at step 0: random or loaded, with a fresh adapter where one trains. */
export function startState(config: TrainConfig, encoder: EncoderConfig): State {
  const seed = config.model.initSeed ?? config.seed;
  const file = startFile(config);
  const trunk = file === null ? randomTrunk(encoder, seed) : loadedTrunk(file, encoder);
  const lora = loraOf(config);
  if (lora === undefined) return trunk;
  const random = Random.from(seed, "lora");
  return new Map([...trunk, ...initLora(encoderParameters(encoder), lora, random)]);
}

/** A run's own weights with the frozen trunk under them; a head needs none, it reads features. */
export function withStart(config: TrainConfig, encoder: EncoderConfig, own: State): State {
  return config.model.adapter.kind === "head" ? own : overTrunk(config, encoder, own);
}

/** The trunk a run started from with its own weights over it; where these are a whole encoder the start may be gone. */
export function overTrunk(config: TrainConfig, encoder: EncoderConfig, own: State): State {
  const isWhole = encoderParameters(encoder)
    .keys()
    .every((name) => own.has(name));
  return isWhole ? own : new Map([...startState(config, encoder), ...own]);
}

function randomTrunk(encoder: EncoderConfig, seed: number): State {
  // Only this vocabulary has word vectors, and only this width has room for them.
  if (encoder.name !== "nano") return initParameters(encoder, seed);
  const vocabulary = TextTokenizer.fromFile(NANO_TOKENIZER).vocabulary();
  return initParameters(encoder, seed, { words: { glove: loadGlove(), vocabulary } });
}

function loadedTrunk(file: string, encoder: EncoderConfig): State {
  if (isFolder(file)) return folderTrunk(file, encoder);
  const { state } = readWeights(file);
  for (const [name, shape] of encoderParameters(encoder)) {
    const got = state.get(name)?.shape;
    if (got === undefined || got.join() !== shape.join()) {
      throw new WeightsError(
        `${file}: ${name} must be [${shape.join(",")}] for encoder ${encoder.name}, got ${got ? `[${got.join(",")}]` : "none"}`,
      );
    }
  }
  return state;
}

/** What the encoder needs of a folder; names as newer transformers write them are understood. */
function folderTrunk(folder: string, encoder: EncoderConfig): State {
  try {
    const source = openCheckpoint(folder);
    try {
      return loadEncoder(source, encoder);
    } finally {
      source.close();
    }
  } catch (error) {
    throw new WeightsError(`model.init: ${(error as Error).message}`, { cause: error });
  }
}
