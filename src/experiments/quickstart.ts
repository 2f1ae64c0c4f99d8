/** @file The job of `npm start`: every quick grid, the controls, the soups and the baselines. */
import type { GridMember } from "./ablate.ts";
import { ablate } from "./ablate.ts";
import { aside } from "./aside.ts";
import type { BaselineKind } from "./baselines.ts";
import { scoreBaseline } from "./baselines.ts";
import type { TrainConfigPatch } from "./config.ts";
import { gridOf, planGrid } from "./grids.ts";
import type { Launcher } from "./launcher.ts";
import type { OnProgress } from "./progress.ts";
import type { Workshop } from "./run.ts";
import { makeSoups } from "./soups.ts";

export const QUICKSTART_GRIDS = ["quick", "ladder", "duplicates", "soup"] as const;

export type QuickstartOptions = {
  readonly experiment?: string;
  readonly seeds: number;
  readonly launcher: Launcher;
  /** Laid over every grid's base: a smaller version for a test. */
  readonly patch?: TrainConfigPatch;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
};

/**
 * Trains and scores what the quick report shows, reusing whatever is stored:
 *
 *  1. trunk features of every item, for each prompt the grids use;
 *  2. the grids, every run with its test scores;
 *  3. soups of the soup grid and loss barriers between its members;
 *  4. baselines.
 *
 * @throws if a run failed, naming the first one; what finished is stored and reused next time.
 */
export async function runQuickstart(
  shop: Workshop,
  options: QuickstartOptions,
): Promise<GridMember[]> {
  const { experiment = "quickstart", seeds, launcher, patch, onProgress, signal } = options;
  const hooks = {
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  };
  const plans = QUICKSTART_GRIDS.flatMap((name) => planGrid(gridOf(name), 1, patch));
  const byPrompt = new Map(plans.map(({ config }) => [config.model.prompt, config]));
  signal?.throwIfAborted();
  // On all cores, before the runs' processes share them.
  const { places } = shop;
  await aside({ places, job: { kind: "features", configs: [...byPrompt.values()] } }, hooks);
  const members: GridMember[] = [];
  for (const name of QUICKSTART_GRIDS) {
    const keyOf = shop.keyOf.bind(shop);
    const common = { experiment, seeds, store: shop.store, launcher, keyOf, ...hooks };
    members.push(...(await ablate(name, patch === undefined ? common : { ...common, patch })));
  }
  const failed = members.filter((member) => member.error !== undefined);
  if (failed.length > 0) {
    throw new Error(
      `${failed.length} of ${members.length} runs failed; first: ${failed[0]!.error}`,
    );
  }
  const { config } = members[0]!;
  await launcher.close(); // what follows needs the memory
  const baselineAside = (baseline: BaselineKind, heard: typeof hooks): Promise<void> =>
    aside({ places, job: { kind: "baseline", baseline, experiment, config } }, heard);
  // Side by side: ridge and soups are mostly JavaScript of one thread, the trunks are the executor's threads.
  await Promise.all([
    baselineAside("ridge", hooks),
    baselineAside("untrained", signal === undefined ? {} : { signal }),
    makeSoups(shop, { experiment }),
    scoreBaseline(shop, "stage1", { experiment, config }),
  ]);
  return members;
}
