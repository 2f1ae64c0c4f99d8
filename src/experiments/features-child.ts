/** @file A process that computes features and ends: what it held of pixels and weights goes with it. */
import type { TrainConfig } from "./config.ts";
import type { Places } from "./launcher.ts";
import type { Progress } from "./progress.ts";
import { Workshop } from "./run.ts";

const PROGRESS_EVERY_MS = 100;

export type FeaturesRequest = {
  readonly places: Places;
  /** One for each trunk and prompt. */
  readonly configs: readonly TrainConfig[];
};
export type FeaturesReply =
  | { readonly progress: Progress }
  | { readonly done: true }
  | { readonly error: string };

process.once("disconnect", () => process.exit(1)); // nobody waits any more
process.once("message", (request: FeaturesRequest) => void answer(request));

async function answer({ places, configs }: FeaturesRequest): Promise<void> {
  let last = 0;
  const onProgress = (progress: Progress): void => {
    const ends = progress.done === progress.total;
    if (!ends && performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    process.send!({ progress } satisfies FeaturesReply);
  };
  const shop = await Workshop.open(places);
  let reply: FeaturesReply;
  try {
    await shop.featuresOf(configs, onProgress);
    reply = { done: true };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await shop.close();
  }
  process.removeAllListeners("disconnect");
  process.send!(reply, () => process.disconnect());
}
