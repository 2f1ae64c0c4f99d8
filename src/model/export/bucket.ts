/** @file Encoders as plain ONNX files that any onnxruntime loads. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Graph, writeOnnx } from "../../engine/index.ts";
import type { State } from "../../engine/index.ts";
import type { Bucket } from "../batch.ts";
import type { EncoderConfig } from "../config.ts";
import { buildEncoder } from "../encoder.ts";
import { isLoraParameter, mergeLora } from "../lora.ts";
import type { LoraConfig } from "../lora.ts";
import { encoderParameters } from "../parameters.ts";
import { replaceFile } from "../replace.ts";

export type ExportOptions = {
  /** The shapes the file serves; see `Assembler.assemble` for its inputs. */
  readonly bucket: Bucket;
  /** Folded into the weights. */
  readonly adapter?: LoraConfig;
};

/**
 * The bytes of a model with weights inside, from `ids`, `pool`, `cos`, `sin` (and `patches`,
 * `isVision`, `visionIndex`) to `embedding`, unit rows [batch, hidden].
 *
 * @throws RangeError naming parameters the state lacks, or an adapter in it that is not given.
 */
export function encoderOnnx(
  state: State,
  config: EncoderConfig,
  { bucket, adapter }: ExportOptions,
): Uint8Array {
  const adapted = [...state.keys()].find(isLoraParameter);
  if (adapted !== undefined && adapter === undefined) {
    throw new RangeError(`exportEncoder: the state holds ${adapted}, but no adapter is given`);
  }
  const merged = adapter === undefined ? state : mergeLora(state, adapter);
  const missing = [...encoderParameters(config).keys()].filter((name) => !merged.has(name));
  if (missing.length > 0) {
    const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
    throw new RangeError(`exportEncoder: the state lacks ${missing.slice(0, 5).join(", ")}${more}`);
  }
  const graph = new Graph();
  graph.output("embedding", buildEncoder(graph, config, bucket).embedding);
  return writeOnnx(graph, merged);
}

/** Writes `encoderOnnx` beside `file`, then renames it there. */
export function exportEncoder(
  state: State,
  config: EncoderConfig,
  file: string,
  options: ExportOptions,
): void {
  const bytes = encoderOnnx(state, config, options);
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, () => [bytes]);
}
