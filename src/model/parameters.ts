/** @file Every parameter of an encoder by its Hugging Face name: the one place that knows shapes. */
import type { Shape } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";

/** Name -> shape; weights of linear layers are [out, in] as in PyTorch. */
export type ParameterShapes = ReadonlyMap<string, Shape>;

/** Parameters of the vision tower, `visual.*`. */
export function visionParameters({ vision, text }: EncoderConfig): ParameterShapes {
  const { width, patchSize, temporalPatchSize, inChannels } = vision;
  const hidden = vision.width * vision.mlpRatio;
  const merged = width * vision.spatialMergeSize ** 2;
  const shapes = new Map<string, Shape>();
  shapes.set("visual.patch_embed.proj.weight", [
    width,
    inChannels,
    temporalPatchSize,
    patchSize,
    patchSize,
  ]);
  if (vision.learnedPositions !== null) {
    const { space, time } = vision.learnedPositions;
    shapes.set("visual.pos_embed.rows", [space, width]);
    shapes.set("visual.pos_embed.columns", [space, width]);
    shapes.set("visual.pos_embed.slices", [time, width]);
  }
  for (let block = 0; block < vision.depth; block++) {
    const at = `visual.blocks.${block}`;
    norm(shapes, `${at}.norm1`, width, true);
    linear(shapes, `${at}.attn.qkv`, 3 * width, width, true);
    linear(shapes, `${at}.attn.proj`, width, width, true);
    norm(shapes, `${at}.norm2`, width, true);
    linear(shapes, `${at}.mlp.fc1`, hidden, width, true);
    linear(shapes, `${at}.mlp.fc2`, width, hidden, true);
  }
  norm(shapes, "visual.merger.ln_q", width, true);
  linear(shapes, "visual.merger.mlp.0", merged, merged, true);
  linear(shapes, "visual.merger.mlp.2", text.hidden, merged, true);
  return shapes;
}

/** Parameters of the decoder, `model.*`. */
export function textParameters({ text }: EncoderConfig): ParameterShapes {
  const { hidden, heads, kvHeads, headDim, intermediate } = text;
  const shapes = new Map<string, Shape>();
  shapes.set("model.embed_tokens.weight", [text.vocabSize, hidden]);
  for (let layer = 0; layer < text.layers; layer++) {
    const at = `model.layers.${layer}`;
    norm(shapes, `${at}.input_layernorm`, hidden, false);
    linear(shapes, `${at}.self_attn.q_proj`, heads * headDim, hidden, true);
    linear(shapes, `${at}.self_attn.k_proj`, kvHeads * headDim, hidden, true);
    linear(shapes, `${at}.self_attn.v_proj`, kvHeads * headDim, hidden, true);
    linear(shapes, `${at}.self_attn.o_proj`, hidden, heads * headDim, false);
    norm(shapes, `${at}.post_attention_layernorm`, hidden, false);
    linear(shapes, `${at}.mlp.gate_proj`, intermediate, hidden, false);
    linear(shapes, `${at}.mlp.up_proj`, intermediate, hidden, false);
    linear(shapes, `${at}.mlp.down_proj`, hidden, intermediate, false);
  }
  norm(shapes, "model.norm", hidden, false);
  return shapes;
}

export function encoderParameters(config: EncoderConfig): ParameterShapes {
  return new Map([...visionParameters(config), ...textParameters(config)]);
}

/** Names of the linear layers (what an adapter may target), with [out, in]. */
export function linearModules(
  shapes: ParameterShapes,
): ReadonlyMap<string, readonly [number, number]> {
  const modules = new Map<string, readonly [number, number]>();
  for (const [name, shape] of shapes) {
    const [out, input] = shape;
    if (shape.length !== 2 || !name.endsWith(".weight") || name.includes("embed")) continue;
    modules.set(name.slice(0, -".weight".length), [out!, input!]);
  }
  return modules;
}

export function parameterCount(shapes: ParameterShapes): number {
  let count = 0;
  for (const shape of shapes.values()) count += shape.reduce((product, size) => product * size, 1);
  return count;
}

function linear(
  shapes: Map<string, Shape>,
  name: string,
  out: number,
  input: number,
  bias: boolean,
): void {
  shapes.set(`${name}.weight`, [out, input]);
  if (bias) shapes.set(`${name}.bias`, [out]);
}

function norm(shapes: Map<string, Shape>, name: string, size: number, bias: boolean): void {
  shapes.set(`${name}.weight`, [size]);
  if (bias) shapes.set(`${name}.bias`, [size]);
}
