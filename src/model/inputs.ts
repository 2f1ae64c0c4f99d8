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

export type VisionPlaces = {
  readonly isVision: Value;
  readonly index: Value;
};

type Vision = NonNullable<Bucket["vision"]>;

/** @throws RangeError for a grid that does not fit the merger or the bucket's tokens. */
export function visionPlaces(
  graph: Graph,
  config: EncoderConfig,
  bucket: Bucket,
  prefix: string,
): VisionPlaces {
  const { batch, tokens } = bucket;
  const { grid } = bucket.vision!;
  const [, height, width] = grid;
  const merge = config.vision.spatialMergeSize;
  if (height % merge || width % merge || visionTokenCount(grid, config) > tokens) {
    throw new RangeError(
      `visionInputs: bucket ${bucketKey(bucket)} needs a grid of multiples of ${merge} and room for its ${visionTokenCount(grid, config)} vision tokens`,
    );
  }
  return {
    isVision: graph.input(`${prefix}isVision`, [batch, tokens, 1], "bool"),
    index: graph.input(`${prefix}visionIndex`, [batch, tokens], "int64"),
  };
}

/** What the vision tower reads. */
export function patchesInput(
  graph: Graph,
  config: EncoderConfig,
  { count, grid: [time, height, width], still }: Vision,
  prefix: string,
): Value {
  const rows = count * time * height * width;
  return graph.input(`${prefix}patches`, [rows, patchSize({ still }, config)]);
}

/** What the vision tower made of it elsewhere. */
export function visionTokensInput(
  graph: Graph,
  config: EncoderConfig,
  { count, grid }: Vision,
  prefix: string,
): Value {
  const rows = count * visionTokenCount(grid, config);
  return graph.input(`${prefix}visionTokens`, [rows, config.text.hidden]);
}
