/** @file Public names of experiments: configs, training, grids, soups, reports. */
export { ConfigError, TrainConfig, configKeys, layPatches, resolveConfig } from "./config.ts";
export type { AdapterConfig, TrainConfigPatch } from "./config.ts";
export { RECIPES, STAGE1_CHECKPOINT, recipe } from "./recipes/index.ts";
export { ResumeError, WEIGHTS_ARTIFACT, Workshop, runTraining } from "./run.ts";
export type { NewTraining, RunTrainingOptions, TrainHooks, WorkshopOptions } from "./run.ts";
export { TrainingError } from "./train.ts";
export { CheckpointError } from "./checkpoint.ts";
export { WeightsError, publishWeights, readWeights } from "./weights.ts";
export type { Weights, WeightsInfo } from "./weights.ts";
export { GRIDS, gridOf, planGrid } from "./grids.ts";
export type { Cell, Grid, PlannedRun } from "./grids.ts";
export { ablate, gridMembers } from "./ablate.ts";
export type { AblateOptions, GridMember } from "./ablate.ts";
export { inProcessLauncher, localLauncher } from "./launcher.ts";
export type { Launcher, LaunchOptions, Places, RunRequest, RunResult } from "./launcher.ts";
export type { OnProgress, Progress } from "./progress.ts";
export { scoreTasks } from "./evaluate.ts";
export type { Embedder, EmbedRequest } from "./embedder.ts";
