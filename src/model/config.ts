/** @file The encoder's shape as data: one schema, from a test's size to Qwen2-VL-7B. */
import { z } from "zod";

const count = z.int().positive();

/** Ids of the special tokens in the tokenizer's vocabulary. */
export const TokenIds = z.strictObject({
  pad: z.int().nonnegative(),
  endOfText: z.int().nonnegative(),
  visionStart: z.int().nonnegative(),
  visionEnd: z.int().nonnegative(),
  imagePad: z.int().nonnegative(),
  videoPad: z.int().nonnegative(),
});
export type TokenIds = z.output<typeof TokenIds>;

export const VisionConfig = z.strictObject({
  depth: count,
  width: count, // of a patch's hidden state
  heads: count,
  mlpRatio: z.number().positive().default(4), // hidden units of the MLP over width
  activation: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
  inChannels: z.union([z.literal(3), z.literal(5)]).default(3), // 5 = RGB and luma gradients x, y
  patchSize: count, // pixels
  temporalPatchSize: count.default(2), // frames
  spatialMergeSize: count.default(2), // patches merged per axis
  layerNormEpsilon: z.number().positive().default(1e-6),
  ropeTheta: z.number().positive().default(10_000),
  /**
   * Learnt places of patches, added to their embeddings as Qwen3-VL does beside rotary positions, here
   * one table an axis: anchors that grids of any size interpolate between. Null is Qwen2-VL.
   */
  learnedPositions: z.strictObject({ space: count, time: count }).nullable().default(null),
});
export type VisionConfig = z.output<typeof VisionConfig>;

export const TextConfig = z.strictObject({
  vocabSize: count,
  layers: count,
  hidden: count,
  heads: count,
  kvHeads: count,
  headDim: count,
  intermediate: count, // SwiGLU's hidden units
  rmsNormEpsilon: z.number().positive().default(1e-6),
  ropeTheta: z.number().positive().default(1_000_000),
  mropeSection: z.tuple([count, count, count]), // frequencies given to time, height, width
  /** `sequential` counts tokens and ignores grids, as RzenEmbed's released wrapper does (spec 1.7). */
  positions: z.enum(["mrope", "sequential"]).default("mrope"),
});
export type TextConfig = z.output<typeof TextConfig>;

export const ProcessorConfig = z.strictObject({
  template: z.enum(["short", "qwen2-vl"]), // words around the input, see prompt.ts
  mean: z.tuple([z.number(), z.number(), z.number()]), // of RGB in [0, 1]
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  maxTokens: count, // longer texts are cut
});
export type ProcessorConfig = z.output<typeof ProcessorConfig>;

function isDivisor(part: number, whole: number): boolean {
  return whole % part === 0;
}

export const EncoderConfig = z
  .strictObject({
    name: z.string().min(1),
    vision: VisionConfig,
    text: TextConfig,
    processor: ProcessorConfig,
    tokens: TokenIds,
  })
  .superRefine(({ vision, text, tokens }, context) => {
    const fail = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (!isDivisor(vision.heads, vision.width)) {
      fail(["vision", "heads"], `heads ${vision.heads} must divide width ${vision.width}`);
    } else if (!isDivisor(4, vision.width / vision.heads)) {
      const headDim = vision.width / vision.heads;
      fail(["vision", "heads"], `2-D rotary needs width/heads divisible by 4, got ${headDim}`);
    }
    if (!isDivisor(text.kvHeads, text.heads)) {
      fail(["text", "kvHeads"], `kvHeads ${text.kvHeads} must divide heads ${text.heads}`);
    }
    const frequencies = text.mropeSection.reduce((sum, part) => sum + part, 0);
    if (2 * frequencies !== text.headDim) {
      fail(
        ["text", "mropeSection"],
        `mropeSection [${text.mropeSection.join(",")}] must sum to headDim/2 = ${text.headDim / 2}`,
      );
    }
    for (const [token, id] of Object.entries(tokens)) {
      if (id >= text.vocabSize) {
        fail(["tokens", token], `id ${id} is outside the vocabulary of ${text.vocabSize}`);
      }
    }
  });
export type EncoderConfig = z.output<typeof EncoderConfig>;

/** Patches of a picture or clip: [temporal patches, patch rows, patch columns]. */
export type Grid = readonly [time: number, height: number, width: number];

/** Tokens that a grid becomes after the merger. */
export function visionTokenCount([time, height, width]: Grid, { vision }: EncoderConfig): number {
  return (time * height * width) / vision.spatialMergeSize ** 2;
}
