/** @file `rzenlab train` and `rzenlab resume`: one run. */
import {
  type Workshop,
  recordedConfig,
  recipe as recipeOf,
  resolveConfig,
} from "../../experiments/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { scoreTable, summary } from "../scores.ts";
import { type Session, withSession, withWorkshop } from "../session.ts";
import { asUsage } from "../usage.ts";

/** Trains a recipe with overrides, scores it and prints the scores. */
export async function train(
  recipe: string,
  overrides: readonly string[],
  options: GlobalOptions & { readonly experiment: string },
): Promise<void> {
  const config = asUsage(() => resolveConfig(recipeOf(recipe), overrides));
  const pretraining = config.stage === 1;
  await withSession({ ...options, pretraining }, async ({ shop, onProgress, signal }) => {
    const { experiment } = options;
    const id = await shop.train(config, { experiment, name: recipe, onProgress, signal });
    await printScores(shop, id, options, onProgress);
  });
}

/** Goes on with a run that was cut off, then scores it. */
export async function resume(run: string, options: GlobalOptions): Promise<void> {
  const pretraining = await withWorkshop(options, ({ shop }) =>
    Promise.resolve(recordedConfig(shop.store, run).stage === 1),
  );
  await withSession({ ...options, pretraining }, async ({ shop, onProgress, signal }) => {
    await shop.resume(run, { onProgress, signal });
    await printScores(shop, run, options, onProgress);
  });
}

async function printScores(
  shop: Workshop,
  runId: string,
  options: GlobalOptions,
  onProgress: Session["onProgress"],
): Promise<void> {
  const scores = await shop.score(runId, onProgress);
  printResult(
    options.json,
    { runId, scores: scores.map(summary) },
    `run ${runId}\n${scoreTable(scores)}`,
  );
}
