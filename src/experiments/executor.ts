/** @file The executor a config asks for. */
import type { Executor } from "../engine/index.ts";
import { createExecutor } from "../engine/index.ts";
import type { TrainConfig } from "./config.ts";

export function executorOf({ executor: { name, threads } }: TrainConfig): Executor {
  return createExecutor(name, threads === null ? {} : { threads });
}
