/** @file The model's public names. */
export { augment, AUGMENT_POLICIES } from "./augment/policy.ts";
export type { AugmentPolicy, AugmentPolicyName } from "./augment/policy.ts";
export {
  assemble,
  Assembler,
  bucketKey,
  groupByBucket,
  parseBucketKey,
  roundTokens,
} from "./batch.ts";
export type { AssembleOptions, Bucket, Feeds } from "./batch.ts";
export { EncoderConfig, visionTokenCount } from "./config.ts";
export type { Grid, TextConfig, VisionConfig } from "./config.ts";
export { buildEncoder, buildVision, embeddingDim } from "./encoder.ts";
export type { Encoder, EncoderOptions } from "./encoder.ts";
export { loadGlove } from "./glove.ts";
export type { Glove } from "./glove.ts";
export { initParameters } from "./init.ts";
export type { InitOptions } from "./init.ts";
export {
  initLora,
  isLoraParameter,
  LoraConfig,
  loraDelta,
  loraParameters,
  loraTargets,
  mergeLora,
} from "./lora.ts";
export { encoderParameters, linearModules, parameterCount } from "./parameters.ts";
export type { ParameterShapes } from "./parameters.ts";
export { patchLayout, smartResize } from "./pixels.ts";
export type { PatchLayout, ResizeOptions } from "./pixels.ts";
export { positionIds } from "./positions.ts";
export type { Positions } from "./positions.ts";
export { preset, PRESET_NAMES } from "./presets.ts";
export type { PresetName } from "./presets.ts";
export { frozenLinears, PRECISIONS } from "./precision.ts";
export type { FrozenLinears, Precision } from "./precision.ts";
export { Processor } from "./processor.ts";
export type { EncoderInput, ProcessorItem, ProcessorOptions } from "./processor.ts";
export { PROMPT_MODES } from "./prompt.ts";
export type { PromptMode } from "./prompt.ts";
export { NANO_TOKENIZER, TextTokenizer } from "./tokenizer/tokenizer.ts";
export { loadEncoder, loadParameters } from "./checkpoint.ts";
export { buildHead, headParameters, initHead } from "./head.ts";
export type { HeadOptions } from "./head.ts";
export { SafetensorsError } from "./safetensors/header.ts";
export {
  decodeSafetensors,
  openCheckpoint,
  openSafetensors,
  readSafetensors,
} from "./safetensors/read.ts";
export type { TensorSource } from "./safetensors/read.ts";
export { encodeSafetensors, writeSafetensors } from "./safetensors/write.ts";
export type { SafetensorsOptions } from "./safetensors/write.ts";
export { buildDualEncoder, dualEncoderParameters, initDualEncoder } from "./dual.ts";
export { encoderOnnx, exportEncoder } from "./export/bucket.ts";
export { exportFolder } from "./export/folder.ts";
export type { FolderOptions, PictureSizes } from "./export/folder.ts";
export { portableInputs, portableOnnx } from "./export/portable.ts";
export type { PortableOptions } from "./export/portable.ts";
export type { OnnxFiles } from "./export/script.ts";
export type { ExportOptions } from "./export/bucket.ts";
