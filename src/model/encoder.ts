/** @file The unified encoder: text, pictures, clips and pages -> unit vectors. */
import { gather, l2Normalize, where } from "../engine/index.ts";
import type { Graph, Value } from "../engine/index.ts";
import type { Bucket } from "./batch.ts";
import type { EncoderConfig } from "./config.ts";
import { decoder, decoderLayer } from "./decoder.ts";
import { patchesInput, textInputs, visionPlaces, visionTokensInput } from "./inputs.ts";
import { Layers } from "./layers.ts";
import type { LoraConfig } from "./lora.ts";
import { encoderParameters } from "./parameters.ts";
import type { FrozenLinears } from "./precision.ts";
import { visionTower } from "./vision.ts";

export type EncoderOptions = {
  /** Low-rank adapter on some linear layers. */
  readonly adapter?: LoraConfig;
  /** Put before every input name; two sides in one graph share the parameters. Default none. */
  readonly prefix?: string;
  /**
   * Where vision tokens come from: the tower over patches, or an input that holds what the tower gave
   * (`Assembler` feeds it where inputs carry `visionTokens`). A frozen tower need see a picture once.
   */
  readonly vision?: "tower" | "input";
  /** Keeps the linear layers in fewer bits. */
  readonly frozen?: FrozenLinears | undefined;
  /** Layers compute their activations again in the backward instead of keeping them. */
  readonly recompute?: boolean;
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
  { adapter, prefix = "", vision = "tower", frozen, recompute }: EncoderOptions = {},
): Encoder {
  const { rmsNormEpsilon, layers: depth } = config.text;
  const layers = new Layers(graph, encoderParameters(config), { adapter, frozen, recompute });
  const { ids, pool, cos, sin } = textInputs(graph, config, bucket, prefix);
  const words = gather(layers.parameter("model.embed_tokens.weight"), ids);
  const { x, visionTokens } = withVision(layers, words, config, bucket, { prefix, vision });
  const { pooled, hiddenStates } = decoder(layers, { x, cos, sin, pool }, config);
  const last = decoderLayer(layers, depth - 1, { x: hiddenStates.at(-1)!, cos, sin }, config);
  const normed = layers.rmsNorm(last, "model.norm", rmsNormEpsilon);
  return {
    embedding: l2Normalize(pooled),
    pooled,
    hiddenStates: [...hiddenStates, normed],
    ...(visionTokens === undefined ? {} : { visionTokens }),
  };
}

/** The words with the merged vision tokens in the places kept for them. */
function withVision(
  layers: Layers,
  words: Value,
  config: EncoderConfig,
  bucket: Bucket,
  { prefix, vision }: { prefix: string; vision: "tower" | "input" },
): { readonly x: Value; readonly visionTokens?: Value } {
  if (bucket.vision === undefined) return { x: words };
  const { isVision, index } = visionPlaces(layers.graph, config, bucket, prefix);
  const tokens =
    vision === "input"
      ? visionTokensInput(layers.graph, config, bucket.vision, prefix)
      : buildVision(layers.graph, config, bucket.vision, { layers, prefix });
  return { x: where(isVision, gather(tokens, index), words), visionTokens: tokens };
}

/** The vision tower alone: patches -> merged tokens, [count * tokens, hidden]. */
export function buildVision(
  graph: Graph,
  config: EncoderConfig,
  vision: NonNullable<Bucket["vision"]>,
  {
    frozen,
    layers = new Layers(graph, encoderParameters(config), { frozen }),
    prefix = "",
  }: { layers?: Layers; prefix?: string; frozen?: FrozenLinears | undefined } = {},
): Value {
  return visionTower(layers, patchesInput(graph, config, vision, prefix), vision, config).tokens;
}

/** Embedding width of an encoder. */
export function embeddingDim({ text }: EncoderConfig): number {
  return text.hidden;
}
