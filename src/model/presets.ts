/** @file The encoders that have a name. */
import { EncoderConfig } from "./config.ts";

/** The order of special tokens in data/nano/tokenizer.json (tokenizer/special.ts). */
const NANO_TOKENS = {
  pad: 0,
  endOfText: 2,
  visionStart: 5,
  visionEnd: 6,
  imagePad: 7,
  videoPad: 8,
} as const;

const QWEN_TOKENS = {
  pad: 151643,
  endOfText: 151643,
  visionStart: 151652,
  visionEnd: 151653,
  imagePad: 151655,
  videoPad: 151656,
} as const;

const QWEN_PROCESSOR = {
  template: "qwen2-vl",
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  maxTokens: 2_000, // as RzenEmbed's released inference
} as const;

const QWEN_VISION = { depth: 32, width: 1280, heads: 16, patchSize: 14 } as const;

const NANO_PROCESSOR = {
  template: "short",
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  maxTokens: 128,
} as const;

const PRESETS = {
  /** The embedded default: 2.5 M parameters, trained by `rzenlab` on a CPU. */
  nano: {
    name: "nano",
    vision: {
      depth: 4,
      width: 128,
      heads: 4,
      inChannels: 5,
      patchSize: 8,
      learnedPositions: { space: 16, time: 4 },
    },
    text: {
      vocabSize: 5_920,
      layers: 3,
      hidden: 128,
      heads: 4,
      kvHeads: 2,
      headDim: 32,
      intermediate: 384,
      ropeTheta: 10_000, // sequences are short: no frequency may stand still over 64 tokens
      mropeSection: [4, 6, 6],
    },
    processor: NANO_PROCESSOR,
    tokens: NANO_TOKENS,
  },
  /** For tests: everything of the architecture, nothing of the size. */
  tiny: {
    name: "tiny",
    vision: { depth: 2, width: 16, heads: 2, mlpRatio: 2, patchSize: 4 },
    text: {
      vocabSize: 48,
      layers: 2,
      hidden: 32,
      heads: 4,
      kvHeads: 2,
      headDim: 8,
      intermediate: 32,
      mropeSection: [2, 1, 1],
    },
    processor: { ...NANO_PROCESSOR, maxTokens: 64 },
    tokens: NANO_TOKENS,
  },
  "qwen2-vl-2b": {
    name: "qwen2-vl-2b",
    vision: QWEN_VISION,
    text: {
      vocabSize: 151_936,
      layers: 28,
      hidden: 1_536,
      heads: 12,
      kvHeads: 2,
      headDim: 128,
      intermediate: 8_960,
      mropeSection: [16, 24, 24],
    },
    processor: QWEN_PROCESSOR,
    tokens: QWEN_TOKENS,
  },
  "qwen2-vl-7b": {
    name: "qwen2-vl-7b",
    vision: QWEN_VISION,
    text: {
      vocabSize: 152_064,
      layers: 28,
      hidden: 3_584,
      heads: 28,
      kvHeads: 4,
      headDim: 128,
      intermediate: 18_944,
      mropeSection: [16, 24, 24],
    },
    processor: QWEN_PROCESSOR,
    tokens: QWEN_TOKENS,
  },
} as const;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

/** @throws RangeError naming the presets there are. */
export function preset(name: string): EncoderConfig {
  if (!Object.hasOwn(PRESETS, name)) {
    throw new RangeError(`preset: no encoder "${name}"; there are ${PRESET_NAMES.join(", ")}`);
  }
  return EncoderConfig.parse(PRESETS[name as PresetName]);
}
