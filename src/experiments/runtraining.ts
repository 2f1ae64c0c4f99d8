/** @file Training one run without keeping a workshop: what a script calls. */
import type { TrainConfig } from "./config.ts";
import type { TrainHooks } from "./run.ts";
import { Workshop } from "./run.ts";

export type RunTrainingOptions = TrainHooks & {
  /** Prepared data. */
  readonly root: string;
  /** Checkpoints and caches. */
  readonly home: string;
  /** Folder of the run store. */
  readonly store: string;
  readonly experiment?: string;
  readonly name?: string;
};

/** Trains one run and returns its id. */
export async function runTraining(
  config: TrainConfig,
  options: RunTrainingOptions,
): Promise<string> {
  const { root, home, store, experiment = "default", name = config.recipe, ...hooks } = options;
  const shop = await Workshop.open({ dataRoot: root, home, store });
  try {
    return await shop.train(config, { experiment, name, ...hooks });
  } finally {
    await shop.close();
  }
}
