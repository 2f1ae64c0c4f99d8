/** @file Digests: what makes two runs the same run. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { TrainConfig } from "./config.ts";

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
    return `{${parts.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of a value's canonical JSON, 64 hex digits. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** SHA-256 of a file, 64 hex digits. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** What a run's numbers follow from. */
export type RunIdentity = {
  readonly config: TrainConfig;
  /** Digest over every task the run trains on or is scored on. */
  readonly dataDigest: string;
  /** Digest of the checkpoint it starts from; null for random weights. */
  readonly initDigest: string | null;
  /** Version of the code that computes; see CODE_VERSION. */
  readonly codeVersion: string;
};

/**
 * The key under which a finished run is reused. The recipe's name and how often it saves are
 * left out: they can't change what is recorded. Nor can which of its two names the CPU goes by.
 */
export function taskKey({ config, dataDigest, initDigest, codeVersion }: RunIdentity): string {
  const { recipe: _recipe, checkpoint: _checkpoint, ...kept } = config;
  const { gradCacheChunk, recompute, ...rest } = kept;
  const { init: _init, initSeed, trunkPrecision, ...own } = rest.model;
  const { lossScaling, ...optimizer } = rest.optimizer;
  // Keys that came later count where they are used, so that older runs keep theirs.
  const later = {
    model: trunkPrecision === "fp32" ? own : { ...own, trunkPrecision },
    optimizer: lossScaling ? { ...optimizer, lossScaling } : optimizer,
    ...(gradCacheChunk === null ? {} : { gradCacheChunk }),
    ...(recompute ? { recompute } : {}),
  };
  const executor = { ...rest.executor };
  if (executor.name === "cpu") executor.name = "onnxruntime";
  const same = {
    ...rest,
    ...later,
    executor,
    model: { ...later.model, initSeed: initSeed ?? config.seed },
  };
  return digestOf({ config: same, dataDigest, initDigest, codeVersion }).slice(0, 32);
}

/**
 * Raised by hand whenever a change of model, loss, sampler or optimiser changes numbers, so that old
 * runs are no longer reused. The commit would be too strict: a comment would rerun a grid.
 */
export const CODE_VERSION = "2";
