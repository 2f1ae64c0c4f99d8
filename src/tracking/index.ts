/** @file Public names of the store. */
export type { ArtifactSource } from "./artifacts.ts";
export {
  type RemoteFile,
  type RemoteSearch,
  type StartRun,
  TrackingClient,
  type TrackingClientOptions,
} from "./client/client.ts";
export { type Credentials, TrackingApiError } from "./client/http.ts";
export type { RunLogger } from "./client/run-logger.ts";
export type { RemoteExperiment, RemoteRun } from "./client/wire.ts";
export { type Durability, type OpenOptions } from "./database.ts";
export { StoreError, type StoreErrorCode } from "./error.ts";
export { DEFAULT_BENCHMARK, type EvaluationQuery } from "./evaluations.ts";
export { MetricLogger, type MetricLoggerOptions } from "./logger.ts";
export type { GcOptions, GcResult } from "./maintenance.ts";
export * from "./exporters/index.ts";
export * from "./importers/index.ts";
export { type HistoryOptions, RunReader } from "./reader.ts";
export { type ProcessMark, isAlive, lives, markOf } from "./process.ts";
export { runsDigest } from "./run-digest.ts";
export { DEFAULT_PORTS, announceServer, runningServer } from "./running.ts";
export type { NewInput } from "./records.ts";
export type { Comparison, Condition, Order, RunSearch } from "./search.ts";
export type {
  Artifact,
  Batch,
  Dataset,
  DatasetRef,
  Evaluation,
  Experiment,
  Input,
  Lifecycle,
  NewEvaluation,
  NewPoint,
  NewRun,
  ParamValue,
  PerQuery,
  Point,
  Run,
  RunStatus,
  SeriesSummary,
} from "./types.ts";
export { fromMetricKey, metricKey } from "./validate.ts";
export { type RunUpdate, RunWriter } from "./writer.ts";
