/** @file Public names of evaluation: metrics, scoring, averages, MMEB-V2's table and files. */
export { EvalError } from "./error.ts";
export type { EvalErrorCode } from "./error.ts";
export { rankOf, rankPositives } from "./rank.ts";
export type { Positive, RankedPositive } from "./rank.ts";
export { CUTOFFS, METRICS, METRIC_NAMES, meanMetrics, metricOf, metricsOf } from "./metrics.ts";
export type { MetricName, Metrics, Ranked } from "./metrics.ts";
export { corpusRows, poolOf } from "./pool.ts";
export type { Pool } from "./pool.ts";
export { plainScorer, rankPool } from "./scorer.ts";
export type { ScoredQuery, Scorer, ScoreRequest } from "./scorer.ts";
export { createEngineScorer } from "./enginescorer.ts";
export type { EngineScorer, EngineScorerOptions } from "./enginescorer.ts";
export { scoreTask } from "./score.ts";
export type { QueryResult, ScoreTaskOptions, TaskScore } from "./score.ts";
export { toMatrix, unitRows } from "./embeddings.ts";
export type { EmbeddingMatrix, Matrix } from "./embeddings.ts";
export { checkEmbeddings, checkTies, PREFLIGHT_LIMITS } from "./preflight.ts";
export type { Finding } from "./preflight.ts";
export { averageScores } from "./averages.ts";
export type { Average, Averages, DatasetKey, DatasetScore } from "./averages.ts";
export { MMEB_V2, MMEB_V2_AVERAGES, mmebTask, reportedName } from "./mmeb.ts";
export type { MmebMetaTask, MmebModality, MmebTask } from "./mmeb.ts";
export { mainScores, parseScoreFile, readScoreFile, scoreFileAverages } from "./scorefile.ts";
export type { ScoreFile, ScoreFileEntry } from "./scorefile.ts";
export { scoreObject, submission } from "./submission.ts";
export type { ScoredDataset, ScoreObject, Submission, SubmissionMetadata } from "./submission.ts";
export { datasetFiles, writeDatasetFiles } from "./datasetfiles.ts";
export type { DatasetFiles } from "./datasetfiles.ts";
export {
  adjustComparisons,
  benjaminiHochberg,
  bootstrapInterval,
  compare,
  contrasts,
  effectSize,
  factorialEffects,
  holm,
  mean,
  median,
  pairDifferences,
  pairedTTest,
  quantile,
  signFlipTest,
  standardDeviation,
  standardError,
  summarise,
  tInterval,
  variance,
  wilcoxonTest,
} from "./statistics/index.ts";
export type {
  BootstrapOptions,
  CellObservation,
  CompareOptions,
  Comparison,
  Contrast,
  EffectSize,
  Interval,
  Observation,
  SignFlipOptions,
  TestResult,
  Uniform,
  Unit,
} from "./statistics/index.ts";
