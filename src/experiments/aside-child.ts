/** @file A process that does one job of a quickstart and ends: what it held of pixels and weights goes with it. */
import type { BaselineKind } from "./baselines.ts";
import { scoreBaseline } from "./baselines.ts";
import type { TrainConfig } from "./config.ts";
import type { Places } from "./launcher.ts";
import type { OnProgress, Progress } from "./progress.ts";
import { Workshop } from "./run.ts";

const PROGRESS_EVERY_MS = 100;

export type AsideJob =
  | {
      readonly kind: "features";
      /** One for each trunk and prompt. */
      readonly configs: readonly TrainConfig[];
    }
  | {
      readonly kind: "baseline";
      readonly baseline: BaselineKind;
      readonly experiment: string;
      readonly config: TrainConfig;
    };
export type AsideRequest = { readonly places: Places; readonly job: AsideJob };
export type AsideReply =
  | { readonly progress: Progress }
  | { readonly done: true }
  | { readonly error: string };

process.once("disconnect", () => process.exit(1)); // nobody waits any more
process.once("message", (request: AsideRequest) => void answer(request));

async function answer({ places, job }: AsideRequest): Promise<void> {
  let last = 0;
  const onProgress = (progress: Progress): void => {
    const ends = progress.done === progress.total;
    if (!ends && performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    process.send!({ progress } satisfies AsideReply);
  };
  const shop = await Workshop.open(places);
  let reply: AsideReply;
  try {
    await carryOut(shop, job, onProgress);
    reply = { done: true };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await shop.close();
  }
  process.removeAllListeners("disconnect");
  process.send!(reply, () => process.disconnect());
}

async function carryOut(shop: Workshop, job: AsideJob, onProgress: OnProgress): Promise<void> {
  if (job.kind === "features") return shop.featuresOf(job.configs, onProgress);
  const { baseline, experiment, config } = job;
  await scoreBaseline(shop, baseline, { experiment, config, onProgress });
}
