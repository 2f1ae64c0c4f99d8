/** @file The executor a config asks for. */
import type { Executor, ExecutorName } from "../engine/index.ts";
import { createExecutor } from "../engine/index.ts";
import type { TrainConfig } from "./config.ts";

export function executorOf({ executor: { name, threads } }: TrainConfig): Executor {
  return createExecutor(name, threads === null ? {} : { threads });
}

/** The same config on another device; undefined leaves it. */
export function onDevice(config: TrainConfig, name: ExecutorName | undefined): TrainConfig {
  if (name === undefined) return config;
  return { ...config, executor: { ...config.executor, name } };
}

/** A run under `auto` goes on with the device that it found when it began, if it got so far. */
export function startedOn(config: TrainConfig, device: string | undefined): TrainConfig {
  if (config.executor.name !== "auto") return config;
  return onDevice(config, device as ExecutorName | undefined);
}
