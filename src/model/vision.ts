/** @file The vision tower: patches -> tokens of the decoder, as Qwen2-VL's. */
import {
  add,
  attention,
  gelu,
  linear,
  matmul,
  mul,
  reshape,
  rotary,
  silu,
  split,
  squeeze,
  sum,
  tensor,
  transpose,
} from "../engine/index.ts";
import type { Value } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";
import type { Bucket } from "./batch.ts";
import type { Layers } from "./layers.ts";
import { anchorWeights, patchOrder, visionRotary } from "./positions.ts";

export type VisionOutput = {
  /** [count * time * height * width / merge^2, text hidden]. */
  readonly tokens: Value;
  /** Before the merger, one a block: [patches, width]. */
  readonly hiddenStates: readonly Value[];
};

/** @param patches [count * time * height * width, patchSize], rows in merge order. */
export function visionTower(
  layers: Layers,
  patches: Value,
  bucket: NonNullable<Bucket["vision"]>,
  config: EncoderConfig,
): VisionOutput {
  const { vision } = config;
  const { cos, sin, headDim } = visionRotary(bucket.grid, config);
  const slicePatches = bucket.grid[1] * bucket.grid[2];
  const table = [slicePatches, headDim];
  const angles = {
    cos: layers.graph.constant(tensor(cos, table)),
    sin: layers.graph.constant(tensor(sin, table)),
    slices: bucket.count * bucket.grid[0],
  };
  const hiddenStates: Value[] = [];
  let x = placePatches(layers, embedPatches(layers, patches, bucket.still), bucket, config); // [patches, width]
  for (let block = 0; block < vision.depth; block++) {
    const at = `visual.blocks.${block}`;
    x = layers.block(x, (before) => visionBlock(layers, before, at, angles, config));
    hiddenStates.push(x);
  }
  return { tokens: mergePatches(layers, x, config), hiddenStates };
}

/** [patches, width] -> the same. */
function visionBlock(
  layers: Layers,
  x: Value,
  at: string,
  angles: Angles,
  config: EncoderConfig,
): Value {
  const { activation, layerNormEpsilon } = config.vision;
  const normed = layers.layerNorm(x, `${at}.norm1`, layerNormEpsilon);
  const attended = add(x, sliceAttention(layers, normed, at, angles, config));
  const inner = layers.layerNorm(attended, `${at}.norm2`, layerNormEpsilon);
  const hidden = activate(layers.linear(inner, `${at}.mlp.fc1`), activation);
  return add(attended, layers.linear(hidden, `${at}.mlp.fc2`));
}

function embedPatches(layers: Layers, patches: Value, still: boolean): Value {
  const kernel = layers.parameter("visual.patch_embed.proj.weight"); // [width, channels, time, y, x]
  const used = still ? sum(kernel, { axes: [2] }) : kernel;
  return linear(patches, reshape(used, [kernel.shape[0]!, patches.shape[1]!]));
}

/** Adds learnt places, where the config has them: rows and columns to every patch, slices to those of clips. */
function placePatches(
  layers: Layers,
  x: Value,
  { count, grid: [time, height, width], still }: NonNullable<Bucket["vision"]>,
  { vision }: EncoderConfig,
): Value {
  if (vision.learnedPositions === null) return x;
  const anchors = vision.learnedPositions;
  const axis = (name: string, places: ArrayLike<number>, size: number, most: number): Value => {
    const weights = tensor(anchorWeights(places, size, most), [places.length, most]);
    return matmul(layers.graph.constant(weights), layers.parameter(`visual.pos_embed.${name}`));
  };
  const { rows, columns } = patchOrder(height, width, vision.spatialMergeSize);
  const inSlice = add(
    axis("rows", rows, height, anchors.space),
    axis("columns", columns, width, anchors.space),
  ); // [height * width, width]
  const shaped = reshape(x, [count, time, height * width, vision.width]);
  const placed = add(shaped, reshape(inSlice, [1, 1, height * width, vision.width]));
  const slices = Array.from({ length: time }, (_, slice) => slice);
  const timed = still
    ? placed
    : add(placed, reshape(axis("slices", slices, time, anchors.time), [1, time, 1, vision.width]));
  return reshape(timed, x.shape);
}

type Angles = { readonly cos: Value; readonly sin: Value; readonly slices: number };

/** Attention among the patches of one temporal slice: clips don't mix time here, the decoder does. */
function sliceAttention(
  layers: Layers,
  x: Value,
  at: string,
  { cos, sin, slices }: Angles,
  { vision }: EncoderConfig,
): Value {
  const patches = x.shape[0]! / slices;
  const headDim = vision.width / vision.heads;
  const qkv = reshape(layers.linear(x, `${at}.attn.qkv`), [
    slices,
    patches,
    3,
    vision.heads,
    headDim,
  ]);
  const parts = transpose(qkv, [2, 0, 3, 1, 4]); // [3, slices, heads, patches, headDim]
  const [query, key, value] = split(parts, { axis: 0, sizes: [1, 1, 1] }).map((part) =>
    squeeze(part, [0]),
  ) as [Value, Value, Value];
  const mixed = attention({
    query: rotary(query, cos, sin),
    key: rotary(key, cos, sin),
    value,
  }); // [slices, heads, patches, headDim]
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [x.shape[0]!, vision.width]);
  return layers.linear(joined, `${at}.attn.proj`);
}

function activate(x: Value, activation: "quick_gelu" | "gelu"): Value {
  return activation === "gelu" ? gelu(x) : mul(silu(mul(x, 1.702)), 1 / 1.702); // x sigmoid(1.702 x)
}

/** Four neighbouring patches -> one token. */
function mergePatches(layers: Layers, x: Value, { vision }: EncoderConfig): Value {
  const block = vision.spatialMergeSize ** 2;
  const normed = layers.layerNorm(x, "visual.merger.ln_q", vision.layerNormEpsilon);
  const blocks = reshape(normed, [x.shape[0]! / block, vision.width * block]);
  return layers.linear(gelu(layers.linear(blocks, "visual.merger.mlp.0")), "visual.merger.mlp.2");
}
