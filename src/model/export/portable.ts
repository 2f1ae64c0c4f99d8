/** @file An encoder as one ONNX file for texts, pictures, clips and pages of any number and size. */
import { tensor } from "../../engine/index.ts";
import type { State, Tensor } from "../../engine/index.ts";
import type { EncoderConfig } from "../config.ts";
import type { HeadOptions } from "../head.ts";
import { patchesSize, PatchWriter, patchSize } from "../pixels.ts";
import type { PatchLayout } from "../pixels.ts";
import type { EncoderInput } from "../processor.ts";
import { decoderScript, silu, textAngles, textPositions } from "./decoder.ts";
import { Script } from "./script.ts";
import type { OnnxFiles, OnnxFilesOptions, Ref } from "./script.ts";
import { visionScript } from "./vision.ts";

export type PortableOptions = OnnxFilesOptions & {
  /** Put on the embedding, its parameters in the state. */
  readonly head?: HeadOptions;
};

/**
 * The files of a model that reads, by Hugging Face's names,
 *
 *     input_ids       int64 [batch, tokens], padded on the right
 *     attention_mask  int64 [batch, tokens], 0 on padding
 *     pixel_values    [patches, channels * frames * patch * patch], none for texts
 *     image_grid_thw  int64 [pictures, 3]; all pictures of a call have one grid
 *
 * and gives `embedding`, unit rows [batch, dim]. A row holds at most one picture or clip.
 *
 * @param state whole: an adapter is merged before.
 * @throws RangeError naming a parameter that the state lacks.
 */
export function portableOnnx(
  state: State,
  config: EncoderConfig,
  { head, ...files }: PortableOptions,
): OnnxFiles {
  const { vision, text, tokens: ids } = config;
  const s = new Script(state);
  const inputIds = s.input("input_ids", ["batch", "tokens"], "int64");
  const mask = s.input("attention_mask", ["batch", "tokens"], "int64");
  const pixels = s.input("pixel_values", ["patches", patchSize(CLIP, config)], "float32");
  const grids = s.input("image_grid_thw", ["pictures", 3], "int64");
  const [batch, tokens] = [s.size(inputIds, 0), s.size(inputIds, 1)];

  const isClip = s.op("Equal", [inputIds, s.int(ids.videoPad)]);
  const seen = s.op("Or", [s.op("Equal", [inputIds, s.int(ids.imagePad)]), isClip]);
  const timed = s.op("ReduceMax", [s.cast(isClip, "float32")], { keepdims: { int: 0 } });
  // Without pictures there is no grid; the smallest one stands in, for sizes that nothing uses.
  const side = BigInt(vision.spatialMergeSize);
  const none = s.constant(tensor(BigInt64Array.of(1n, side, side), [1, 3]));
  const known = s.op("Concat", [grids, none], { axis: { int: 0 } });
  const [time, height, width] = s.several(3, "Split", [s.op("Gather", [known, s.int(0)])], {
    num_outputs: { int: 3 },
  }) as [Ref, Ref, Ref];
  const grid = { time, height, width };

  const words = s.op("Gather", [s.parameter("model.embed_tokens.weight"), inputIds]);
  const flat = s.op("Mul", [batch, tokens]);
  const pictures = visionScript(s, { pixels, grid, timed }, config);
  const table = s.op("Concat", [s.reshape(words, flat, text.hidden), pictures], {
    axis: { int: 0 },
  });
  const x = s.op("Gather", [table, tableRows(s, s.reshape(seen, flat), flat)]);

  const positions = textPositions(s, seen, { grid, tokens }, config);
  const ends = s.op("ReduceSum", [mask, s.ints(1)]); // [batch, 1]
  const last = s.op("Sub", [ends, s.int(1)]);
  const angles = textAngles(s, positions, config);
  const pooled = decoderScript(s, { batch, tokens, x, last, ...angles }, config);
  const trunk = unit(s, pooled);
  s.output("embedding", head === undefined ? trunk : headScript(s, trunk, head), [
    "batch",
    head?.out ?? head?.dim ?? text.hidden,
  ]);
  return s.files(files);
}

/** Patches as the file reads them: stills too hold `temporalPatchSize` frames, all alike. */
const CLIP = { still: false } as const;

/** Row of each token in the words followed by the vision tokens: int64 [batch * tokens]. */
function tableRows(s: Script, seen: Ref, flat: Ref): Ref {
  const counted = s.op("CumSum", [s.cast(seen, "int64"), s.int(0)]);
  const ofPicture = s.op("Sub", [s.op("Add", [counted, flat]), s.int(1)]);
  return s.op("Where", [seen, ofPicture, s.range(flat)]);
}

function unit(s: Script, x: Ref): Ref {
  const length = s.op("Sqrt", [s.op("ReduceSum", [s.op("Mul", [x, x]), s.ints(-1)])]);
  return s.op("Div", [x, s.op("Max", [length, s.float(1e-12)])]);
}

function headScript(s: Script, x: Ref, { dim, out = dim, name = "head" }: HeadOptions): Ref {
  const gated = s.op("Mul", [silu(s, s.linear(x, `${name}.gate`)), s.linear(x, `${name}.up`)]);
  const skip = out === dim ? x : s.linear(x, `${name}.skip`);
  return unit(s, s.op("Add", [skip, s.linear(gated, `${name}.down`)]));
}

/**
 * What a portable model reads, of inputs that share a layout or are texts.
 *
 * @throws RangeError for pictures of several layouts.
 */
export function portableInputs(
  inputs: readonly EncoderInput[],
  config: EncoderConfig,
): Readonly<Record<"input_ids" | "attention_mask" | "pixel_values" | "image_grid_thw", Tensor>> {
  const batch = inputs.length;
  const tokens = inputs.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const ids = new BigInt64Array(batch * tokens).fill(BigInt(config.tokens.pad));
  const mask = new BigInt64Array(batch * tokens);
  for (const [row, input] of inputs.entries()) {
    for (const [token, id] of input.ids.entries()) ids[row * tokens + token] = BigInt(id);
    mask.fill(1n, row * tokens, row * tokens + input.ids.length);
  }
  return {
    input_ids: tensor(ids, [batch, tokens], "int64"),
    attention_mask: tensor(mask, [batch, tokens], "int64"),
    ...pictureInputs(inputs, config),
  };
}

function pictureInputs(
  inputs: readonly EncoderInput[],
  config: EncoderConfig,
): Record<"pixel_values" | "image_grid_thw", Tensor> {
  const pictures = inputs.filter(({ layout }) => layout !== undefined);
  const width = patchSize(CLIP, config);
  const [first] = pictures;
  if (first === undefined) {
    return {
      pixel_values: tensor(new Float32Array(0), [0, width]),
      image_grid_thw: tensor(new BigInt64Array(0), [0, 3], "int64"),
    };
  }
  const shown = ({ grid, still }: PatchLayout): string =>
    `${grid.join("x")}${still ? " still" : ""}`;
  const other = pictures.find(({ layout }) => shown(layout!) !== shown(first.layout!));
  if (other !== undefined) {
    throw new RangeError(
      `portableInputs: all pictures of a call must have one layout, got ${shown(first.layout!)} and ${shown(other.layout!)}`,
    );
  }
  const layout: PatchLayout = { ...first.layout!, ...CLIP };
  const each = patchesSize(layout, config);
  const data = new Float32Array(pictures.length * each);
  const writer = new PatchWriter(config);
  for (const [i, { pixels }] of pictures.entries()) writer.write(pixels!, layout, data, i * each);
  const grids = pictures.flatMap(() => layout.grid);
  return {
    pixel_values: tensor(data, [data.length / width, width]),
    image_grid_thw: tensor(grids, [pictures.length, 3], "int64"),
  };
}
