/** @file Special tokens, named as Qwen2-VL names them. */

export const SPECIAL_TOKENS = [
  "[PAD]",
  "[UNK]",
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|image_pad|>",
  "<|video_pad|>",
] as const;

export type SpecialToken = (typeof SPECIAL_TOKENS)[number];
