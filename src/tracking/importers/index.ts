/** @file Public names of the importers. */
export { type ForeignRun, type ImportResult, importRuns, type RunSource } from "./import.ts";
export { type MlflowOptions, mlflowSqlite } from "./mlflow-sqlite.ts";
export { mlruns } from "./mlruns.ts";
export { tensorboard, type TensorboardOptions } from "./tensorboard.ts";
export { wandbCsv, type WandbOptions } from "./wandb-csv.ts";
