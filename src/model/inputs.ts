/** @file The graph inputs of one side, as `Assembler.assemble` feeds them. */
import type { Graph, Value } from "../engine/index.ts";
import { bucketKey } from "./batch.ts";
import type { Bucket } from "./batch.ts";
import { visionTokenCount } from "./config.ts";
import type { EncoderConfig } from "./config.ts";
import { patchSize } from "./pixels.ts";

export type TextInputs = {
  readonly ids: Value;
  readonly pool: Value;
  readonly cos: Value;
  readonly sin: Value;
};

export function textInputs(
  graph: Graph,
  { text: { headDim } }: EncoderConfig,
  { batch, tokens }: Bucket,
  prefix: string,
): TextInputs {
  return {
    ids: graph.input(`${prefix}ids`, [batch, tokens], "int64"),
    pool: graph.input(`${prefix}pool`, [batch], "int64"),
    cos: graph.input(`${prefix}cos`, [batch, 1, tokens, headDim]),
    sin: graph.input(`${prefix}sin`, [batch, 1, tokens, headDim]),
  };
}

export type VisionInputs = {
  readonly patches: Value;
  readonly isVision: Value;
  readonly index: Value;
};

/** @throws RangeError for a grid that does not fit the merger or the bucket's tokens. */
export function visionInputs(
  graph: Graph,
  config: EncoderConfig,
  bucket: Bucket,
  prefix: string,
): VisionInputs {
  const { batch, tokens } = bucket;
  const { count, grid, still } = bucket.vision!;
  const [time, height, width] = grid;
  const merge = config.vision.spatialMergeSize;
  if (height % merge || width % merge || visionTokenCount(grid, config) > tokens) {
    throw new RangeError(
      `visionInputs: bucket ${bucketKey(bucket)} needs a grid of multiples of ${merge} and room for its ${visionTokenCount(grid, config)} vision tokens`,
    );
  }
  const rows = count * time * height * width;
  return {
    patches: graph.input(`${prefix}patches`, [rows, patchSize({ still }, config)]),
    isVision: graph.input(`${prefix}isVision`, [batch, tokens, 1], "bool"),
    index: graph.input(`${prefix}visionIndex`, [batch, tokens], "int64"),
  };
}
