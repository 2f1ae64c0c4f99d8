/** @file The unified encoder: text, pictures, clips and pages -> unit vectors. */
import { gather, l2Normalize, where } from "../engine/index.ts";
import type { Graph, Value } from "../engine/index.ts";
import { bucketKey } from "./batch.ts";
import type { Bucket } from "./batch.ts";
import { visionTokenCount } from "./config.ts";
import type { EncoderConfig } from "./config.ts";
import { decoder, decoderLayer } from "./decoder.ts";
import { Layers } from "./layers.ts";
import type { LoraConfig } from "./lora.ts";
import { encoderParameters } from "./parameters.ts";
import { patchSize } from "./pixels.ts";
import { visionTower } from "./vision.ts";

export type EncoderOptions = {
  /** Low-rank adapter on some linear layers. */
  readonly adapter?: LoraConfig;
  /** Put before every input name; two sides in one graph share the parameters. Default none. */
  readonly prefix?: string;
};

export type Encoder = {
  /** Unit rows: [batch, hidden]. */
  readonly embedding: Value;
  /** The pooled token's final-normed state: [batch, hidden]. */
  readonly pooled: Value;
  /**
   * As Hugging Face's `hidden_states`: the input embeddings, each layer's output, the last one
   * final-normed; each [batch, tokens, hidden]. The last two cost nothing unless they are used.
   */
  readonly hiddenStates: readonly Value[];
  /** Merged vision tokens: [count * tokens, hidden]; absent without vision. */
  readonly visionTokens?: Value;
};

/**
 * Adds one encoding of a batch to `graph`: inputs as `Assembler.assemble` feeds them, parameters
 * by their Hugging Face names.
 */
export function buildEncoder(
  graph: Graph,
  config: EncoderConfig,
  bucket: Bucket,
  { adapter, prefix = "" }: EncoderOptions = {},
): Encoder {
  const { batch, tokens } = bucket;
  const { headDim, rmsNormEpsilon, layers: depth } = config.text;
  const layers = new Layers(graph, encoderParameters(config), adapter);
  const ids = graph.input(`${prefix}ids`, [batch, tokens], "int64");
  const pool = graph.input(`${prefix}pool`, [batch], "int64");
  const cos = graph.input(`${prefix}cos`, [batch, 1, tokens, headDim]);
  const sin = graph.input(`${prefix}sin`, [batch, 1, tokens, headDim]);
  const words = gather(layers.parameter("model.embed_tokens.weight"), ids);
  const vision = visionInputs(layers, config, bucket, prefix);
  const x =
    vision === undefined
      ? words
      : where(vision.isVision, gather(vision.tokens, vision.index), words);
  const { pooled, hiddenStates } = decoder(layers, { x, cos, sin, pool }, config);
  const last = decoderLayer(layers, depth - 1, { x: hiddenStates.at(-1)!, cos, sin }, config);
  const normed = layers.rmsNorm(last, "model.norm", rmsNormEpsilon);
  return {
    embedding: l2Normalize(pooled),
    pooled,
    hiddenStates: [...hiddenStates, normed],
    ...(vision === undefined ? {} : { visionTokens: vision.tokens }),
  };
}

type VisionInputs = { readonly tokens: Value; readonly isVision: Value; readonly index: Value };

function visionInputs(
  layers: Layers,
  config: EncoderConfig,
  bucket: Bucket,
  prefix: string,
): VisionInputs | undefined {
  const { batch, tokens, vision } = bucket;
  if (vision === undefined) return undefined;
  const [time, height, width] = vision.grid;
  const merge = config.vision.spatialMergeSize;
  if (height % merge || width % merge || visionTokenCount(vision.grid, config) > tokens) {
    throw new RangeError(
      `buildEncoder: bucket ${bucketKey(bucket)} needs a grid of multiples of ${merge} and room for its ${visionTokenCount(vision.grid, config)} tokens`,
    );
  }
  const rows = vision.count * time * height * width;
  const { graph } = layers;
  const patches = graph.input(`${prefix}patches`, [rows, patchSize(vision, config)]);
  const tower = visionTower(layers, patches, vision, config);
  return {
    tokens: tower.tokens,
    isVision: graph.input(`${prefix}isVision`, [batch, tokens, 1], "bool"),
    index: graph.input(`${prefix}visionIndex`, [batch, tokens], "int64"),
  };
}

/** Embedding width of an encoder. */
export function embeddingDim({ text }: EncoderConfig): number {
  return text.hidden;
}
