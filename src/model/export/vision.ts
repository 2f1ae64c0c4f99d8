/** @file The vision tower for any grid and number of pictures; the same numbers as `visionTower`. */
import { tensor } from "../../engine/index.ts";
import type { EncoderConfig } from "../config.ts";
import { inverseFrequencies } from "../positions.ts";
import type { Ref, Script } from "./script.ts";

/** Sizes of the grid that all pictures of a call share, each int64 [1]. */
export type GridSizes = { readonly time: Ref; readonly height: Ref; readonly width: Ref };

export type VisionInput = {
  /** [patches, channels * frames * patch * patch], every picture's in merge order. */
  readonly pixels: Ref;
  readonly grid: GridSizes;
  /** float []: 1 where the pictures are clips, 0 where they are still. */
  readonly timed: Ref;
};

/** Merged vision tokens: [tokens, text hidden]. */
export function visionScript(s: Script, input: VisionInput, config: EncoderConfig): Ref {
  const { vision } = config;
  const { height, width } = input.grid;
  const perSlice = s.op("Mul", [height, width]);
  const slices = s.op("Div", [s.size(input.pixels, 0), perSlice]);
  const places = patchPlaces(s, perSlice, width, vision.spatialMergeSize);
  const kernel = s.op("Reshape", [
    s.parameter("visual.patch_embed.proj.weight"),
    s.ints(vision.width, -1),
  ]);
  const embedded = s.op("Gemm", [input.pixels, kernel], { transB: { int: 1 } });
  let x = placed(s, embedded, input, places, { slices, perSlice, config });
  const angles = visionAngles(s, places, config);
  for (let block = 0; block < vision.depth; block++) {
    const at = `visual.blocks.${block}`;
    const normed = layerNorm(s, x, `${at}.norm1`, vision.layerNormEpsilon);
    const mixed = sliceAttention(s, normed, at, { ...angles, slices, perSlice, config });
    x = s.op("Add", [x, mixed]);
    const inner = layerNorm(s, x, `${at}.norm2`, vision.layerNormEpsilon);
    const hidden = activate(s, s.linear(inner, `${at}.mlp.fc1`), vision.activation);
    x = s.op("Add", [x, s.linear(hidden, `${at}.mlp.fc2`)]);
  }
  const block = vision.spatialMergeSize ** 2;
  const normed = layerNorm(s, x, "visual.merger.ln_q", vision.layerNormEpsilon);
  const tokens = s.op("Div", [s.size(input.pixels, 0), s.ints(block)]);
  const blocks = s.reshape(normed, tokens, vision.width * block);
  return s.linear(gelu(s, s.linear(blocks, "visual.merger.mlp.0")), "visual.merger.mlp.2");
}

type Places = { readonly rows: Ref; readonly columns: Ref };

/** Row and column of the patches of one slice, float [patches], in the order of `patchOrder`. */
function patchPlaces(s: Script, perSlice: Ref, width: Ref, merge: number): Places {
  const index = s.range(perSlice);
  const side = s.int(merge);
  const within = s.op("Mod", [index, s.int(merge * merge)]);
  const block = s.op("Div", [index, s.int(merge * merge)]);
  const blocksAcross = s.op("Div", [width, side]);
  const place = (blockAt: Ref, inBlock: Ref): Ref =>
    s.cast(s.op("Add", [s.op("Mul", [blockAt, side]), inBlock]), "float32");
  return {
    rows: place(s.op("Div", [block, blocksAcross]), s.op("Div", [within, side])),
    columns: place(s.op("Mod", [block, blocksAcross]), s.op("Mod", [within, side])),
  };
}

/** Shares of the anchors of a learnt table at each place: [places, anchors], as `anchorWeights`. */
function anchorShares(s: Script, places: Ref, count: Ref, anchors: number): Ref {
  const last = s.op("Max", [
    s.op("Sub", [s.cast(count, "float32"), s.float(1)]),
    s.constant(tensor([1], [1])),
  ]);
  const at = s.op("Div", [s.op("Mul", [places, s.float(anchors - 1)]), last]);
  const all = s.constant(
    tensor(
      Float32Array.from({ length: anchors }, (_, i) => i),
      [anchors],
    ),
  );
  const distance = s.op("Abs", [s.op("Sub", [s.op("Unsqueeze", [at, s.ints(1)]), all])]);
  return s.op("Relu", [s.op("Sub", [s.float(1), distance])]);
}

type Slices = { readonly slices: Ref; readonly perSlice: Ref; readonly config: EncoderConfig };

function placed(
  s: Script,
  x: Ref,
  { pixels, grid, timed }: VisionInput,
  { rows, columns }: Places,
  { slices, perSlice, config: { vision } }: Slices,
): Ref {
  if (vision.learnedPositions === null) return x;
  const anchors = vision.learnedPositions;
  const table = (name: string, places: Ref, count: Ref, most: number): Ref =>
    s.op("MatMul", [anchorShares(s, places, count, most), s.parameter(`visual.pos_embed.${name}`)]);
  const inSlice = s.op("Add", [
    table("rows", rows, grid.height, anchors.space),
    table("columns", columns, grid.width, anchors.space),
  ]); // [perSlice, width]
  const when = s.cast(s.op("Mod", [s.range(slices), grid.time]), "float32");
  const ofSlice = s.op("Mul", [table("slices", when, grid.time, anchors.time), timed]);
  const shaped = s.reshape(x, slices, perSlice, vision.width);
  const both = s.op("Add", [
    s.op("Add", [shaped, inSlice]),
    s.op("Unsqueeze", [ofSlice, s.ints(1)]),
  ]);
  return s.reshape(both, s.size(pixels, 0), vision.width);
}

/** Rotary tables of one slice, [patches, headDim], as `visionRotary`. */
function visionAngles(
  s: Script,
  { rows, columns }: Places,
  { vision }: EncoderConfig,
): { readonly cos: Ref; readonly sin: Ref } {
  const frequencies = inverseFrequencies(vision.width / vision.heads / 2, vision.ropeTheta);
  const table = s.constant(tensor(Float32Array.from(frequencies), [frequencies.length]));
  const of = (places: Ref): Ref => s.op("Mul", [s.op("Unsqueeze", [places, s.ints(1)]), table]);
  const [down, across] = [of(rows), of(columns)];
  const angles = s.op("Concat", [down, across, down, across], { axis: { int: 1 } });
  return { cos: s.op("Cos", [angles]), sin: s.op("Sin", [angles]) };
}

function sliceAttention(
  s: Script,
  x: Ref,
  at: string,
  { cos, sin, slices, perSlice, config: { vision } }: Slices & { cos: Ref; sin: Ref },
): Ref {
  const headDim = vision.width / vision.heads;
  const qkv = s.linear(x, `${at}.attn.qkv`);
  const shaped = s.reshape(qkv, slices, perSlice, 3, vision.heads, headDim);
  const parts = s.transpose(shaped, 2, 0, 3, 1, 4);
  const [query, key, value] = [0, 1, 2].map((i) => s.op("Gather", [parts, s.int(i)])) as [
    Ref,
    Ref,
    Ref,
  ]; // [slices, heads, perSlice, headDim]
  const scaled = s.op("Mul", [query, s.float(headDim ** -0.5)]);
  const scores = s.op("MatMul", [
    rotated(s, scaled, cos, sin),
    s.transpose(rotated(s, key, cos, sin), 0, 1, 3, 2),
  ]);
  const mixed = s.op("MatMul", [s.op("Softmax", [scores], { axis: { int: -1 } }), value]);
  const rows = s.op("Mul", [slices, perSlice]);
  const joined = s.reshape(s.transpose(mixed, 0, 2, 1, 3), rows, vision.width);
  return s.linear(joined, `${at}.attn.proj`);
}

/** x cos + rotateHalf(x) sin. */
export function rotated(s: Script, x: Ref, cos: Ref, sin: Ref): Ref {
  const [first, second] = s.several(2, "Split", [x], {
    axis: { int: -1 },
    num_outputs: { int: 2 },
  }) as [Ref, Ref];
  const turned = s.op("Concat", [s.op("Neg", [second]), first], { axis: { int: -1 } });
  return s.op("Add", [s.op("Mul", [x, cos]), s.op("Mul", [turned, sin])]);
}

function layerNorm(s: Script, x: Ref, name: string, epsilon: number): Ref {
  const inputs = [x, s.parameter(`${name}.weight`), s.parameter(`${name}.bias`)];
  return s.op("LayerNormalization", inputs, { axis: { int: -1 }, epsilon: { float: epsilon } });
}

function activate(s: Script, x: Ref, activation: "quick_gelu" | "gelu"): Ref {
  if (activation === "gelu") return gelu(s, x);
  return s.op("Mul", [x, s.op("Sigmoid", [s.op("Mul", [x, s.float(1.702)])])]);
}

function gelu(s: Script, x: Ref): Ref {
  const half = s.op("Mul", [s.op("Erf", [s.op("Mul", [x, s.float(Math.SQRT1_2)])]), s.float(0.5)]);
  return s.op("Mul", [x, s.op("Add", [half, s.float(0.5)])]);
}
