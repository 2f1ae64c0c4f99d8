/** @file `rzenlab ablate`: a grid of configurations over several seeds. */
import {
  ablate as runGrid,
  gridOf,
  inProcessLauncher,
  localLauncher,
} from "../../experiments/index.ts";
import type { GlobalOptions } from "../main.ts";
import { columns, printResult } from "../output.ts";
import { withSession } from "../session.ts";
import { deviceOf } from "../device.ts";
import { asUsage, wholeNumber } from "../usage.ts";

type AblateOptions = GlobalOptions & {
  readonly seeds: string;
  readonly jobs: string;
  readonly force?: boolean;
  readonly experiment?: string;
  readonly device?: string;
};

/** Runs what is not stored yet and lists every member. Fails if a member failed. */
export async function ablate(name: string, options: AblateOptions): Promise<void> {
  const seeds = wholeNumber("seeds", options.seeds);
  const jobs = wholeNumber("jobs", options.jobs);
  const device = deviceOf(options);
  const grid = asUsage(() => gridOf(name));
  const experiment = options.experiment ?? grid.name;
  const members = await withSession(options, async ({ shop, places, onProgress, signal }) => {
    const launcher =
      jobs === 1
        ? inProcessLauncher((request, onStep) => shop.execute(request, onStep))
        : localLauncher({ jobs, places });
    try {
      return await runGrid(grid, {
        experiment,
        seeds,
        store: shop.store,
        launcher,
        keyOf: (config) => shop.keyOf(config),
        force: options.force ?? false,
        ...(device !== undefined && { patch: { executor: { name: device } } }),
        onProgress,
        signal,
      });
    } finally {
      await launcher.close();
    }
  });
  const rows = members.map(({ cell, replicate, runId, reused, error }) => [
    cell,
    `seed ${replicate}`,
    runId ?? "-",
    error ?? (reused ? "stored" : "trained"),
  ]);
  const text = `${columns(rows)}\n\nNext: rzenlab report ${experiment}`;
  const listed = members.map(({ config: _config, ...member }) => member);
  printResult(options.json, { experiment, members: listed }, text);
  const failed = members.filter((member) => member.error !== undefined);
  if (failed.length > 0) {
    throw new Error(
      `${failed.length} of ${members.length} runs failed; first: ${failed[0]!.error}`,
    );
  }
}
