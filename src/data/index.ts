/** @file What the rest of RzenLab and users import from src/data. */
export { DataError, type DataErrorDetail } from "./error.ts";
export {
  listTasks,
  loadTasks,
  MediaDigests,
  readTask,
  writeTask,
  type BuiltTask,
  type Layout,
  type TaskFilter,
  type TaskInfo,
  type WriteTaskOptions,
} from "./formats/index.ts";
export { decodeBatch, type BatchResult, type SampleFailure } from "./media/batch.ts";
export { frameFiles, sampleIndices, sampleIndicesPadded } from "./media/frames.ts";
export {
  decodeAnimation,
  decodeBytes,
  decodeFrames,
  decodeImage,
  type ClipSize,
  type ImageSize,
} from "./media/image.ts";
export { findFfmpeg, type Ffmpeg } from "./media/ffmpeg.ts";
export { pdfPages, readPdfPages, type PdfPage, type ReadPdfOptions } from "./media/pdf.ts";
export { decodeVideo, type DecodeVideoOptions } from "./media/video.ts";
export {
  MINI_TASKS,
  miniTask,
  PRETRAINING_TASKS,
  prepareMini,
  type MiniManifest,
  type MiniProgress,
  type MiniTask,
  type PrepareMiniOptions,
} from "./mini/index.ts";
export {
  loadMmebTask,
  readMmebTrain,
  type LoadMmebOptions,
  type MmebEntry,
  type MmebTrainOptions,
} from "./mmeb/index.ts";
export { type MixtureOptions, type Source } from "./mixture.ts";
export { openPixels, type OpenPixelsOptions, type PixelProgress } from "./pixels.ts";
export type { PixelSizes } from "./pixel-decode.ts";
export { pixelKey, PixelStore, type PixelFailure } from "./pixel-store.ts";
export {
  PairSampler,
  type Pair,
  type PairBatch,
  type RandomSource,
  type SamplerOptions,
  type SamplerState,
} from "./sampler.ts";
export type {
  DataKind,
  Domain,
  Item,
  MetaTask,
  Modality,
  Pixels,
  Query,
  Split,
  Task,
  TemperatureGroup,
} from "./types.ts";
export { verify, type Verification, type VerifiedTask, type VerifyOptions } from "./verify.ts";
