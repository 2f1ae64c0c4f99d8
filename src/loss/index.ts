/** @file Public names of the loss family. */
export { infoNce } from "./infonce.ts";
export type { InfoNce, InfoNceOptions } from "./infonce.ts";
export { contrastive } from "./contrastive.ts";
export type { Contrastive, ContrastiveRules, Debias } from "./contrastive.ts";
export { batchTerms, withColumns, withHardNegatives } from "./terms.ts";
export type { HardNegatives, Terms } from "./terms.ts";
export { keepingAtLeast, queryMarginMask, qwenMask, targetMask, unimeMask } from "./masks.ts";
export type { MaskRule } from "./masks.ts";
export { hardness, hclWeight, rowNormalised } from "./weights.ts";
export type { HardnessOptions, Kept, WeightRule } from "./weights.ts";
export { initialTheta, temperature, thetaName } from "./temperature.ts";
export type { TemperatureOptions } from "./temperature.ts";
export { VARIANTS } from "./variants.ts";
export type { Variant, VariantName } from "./variants.ts";
export { GradCache, chunked } from "./cached.ts";
export type {
  CachedFeeds,
  CachedOptions,
  CachedResult,
  Chunk,
  ChunkFeeds,
  Encode,
} from "./cached.ts";
export type { Side } from "./embedding-cache.ts";
