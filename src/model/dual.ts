/** @file The baseline with two towers: text and vision meet only at the end, in a small gate. */
import {
  add,
  concat,
  gather,
  l2Normalize,
  mean,
  mul,
  reshape,
  sigmoid,
  silu,
  sub,
} from "../engine/index.ts";
import type { Graph, State } from "../engine/index.ts";
import type { Bucket } from "./batch.ts";
import type { EncoderConfig } from "./config.ts";
import { decoder } from "./decoder.ts";
import type { Encoder, EncoderOptions } from "./encoder.ts";
import { initParameters, initShapes } from "./init.ts";
import type { InitOptions } from "./init.ts";
import { patchesInput, textInputs, visionPlaces } from "./inputs.ts";
import { Layers } from "./layers.ts";
import { encoderParameters } from "./parameters.ts";
import type { ParameterShapes } from "./parameters.ts";
import { visionTower } from "./vision.ts";

function fusionParameters({ text: { hidden } }: EncoderConfig): ParameterShapes {
  return new Map<string, readonly number[]>([
    ["fusion.norm.weight", [hidden]],
    ["fusion.gate.weight", [hidden, 2 * hidden]],
    ["fusion.gate.bias", [hidden]],
    ["fusion.mlp.0.weight", [2 * hidden, 2 * hidden]],
    ["fusion.mlp.0.bias", [2 * hidden]],
    ["fusion.mlp.2.weight", [hidden, 2 * hidden]],
    ["fusion.mlp.2.bias", [hidden]],
  ]);
}

/** The unified encoder's parameters and those of the fusion. */
export function dualEncoderParameters(config: EncoderConfig): ParameterShapes {
  return new Map([...encoderParameters(config), ...fusionParameters(config)]);
}

export function initDualEncoder(
  config: EncoderConfig,
  seed: number,
  options: InitOptions = {},
): State {
  const fusion = initShapes(fusionParameters(config), seed, () => 1);
  return new Map([...initParameters(config, seed, options), ...fusion]);
}

/**
 * Late fusion of a text vector t (last token, the vision tokens seen as blanks) and a vision
 * vector v (mean of the merged tokens), g = sigmoid(W_g [t; v] + b):
 *
 *     unit(g t + (1 - g) v + MLP([t; v]))
 *
 * Inputs without vision are unit(t). Takes the same feeds as `buildEncoder`.
 */
export function buildDualEncoder(
  graph: Graph,
  config: EncoderConfig,
  bucket: Bucket,
  { adapter, prefix = "" }: EncoderOptions = {},
): Pick<Encoder, "embedding" | "pooled"> {
  const { hidden, rmsNormEpsilon } = config.text;
  const layers = new Layers(graph, dualEncoderParameters(config), { adapter });
  const { ids, pool, cos, sin } = textInputs(graph, config, bucket, prefix);
  const x = gather(layers.parameter("model.embed_tokens.weight"), ids);
  const text = decoder(layers, { x, cos, sin, pool }, config).pooled;
  if (bucket.vision === undefined) return { embedding: l2Normalize(text), pooled: text };
  const { count } = bucket.vision;
  if (count !== bucket.batch) {
    throw new RangeError(
      `buildDualEncoder: needs one picture a row, got ${count} for a batch of ${bucket.batch}`,
    );
  }
  visionPlaces(graph, config, bucket, prefix); // fed as to every encoder, unused here
  const patches = patchesInput(graph, config, bucket.vision, prefix);
  const { tokens } = visionTower(layers, patches, bucket.vision, config);
  const perRow = tokens.shape[0]! / count;
  const averaged = mean(reshape(tokens, [count, perRow, hidden]), { axes: [1] });
  const vision = layers.rmsNorm(averaged, "fusion.norm", rmsNormEpsilon);
  const both = concat([text, vision], { axis: 1 }); // [batch, 2 hidden]
  const gate = sigmoid(layers.linear(both, "fusion.gate"));
  const mixed = add(vision, mul(gate, sub(text, vision)));
  const inner = silu(layers.linear(both, "fusion.mlp.0"));
  const pooled = add(mixed, layers.linear(inner, "fusion.mlp.2"));
  return { embedding: l2Normalize(pooled), pooled };
}
