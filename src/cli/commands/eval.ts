/** @file `rzenlab eval`: scores of a stored run, or of a weights file. */
import { existsSync } from "node:fs";
import {
  RECIPES,
  onDevice,
  readWeights,
  resolveConfig,
  scoreTasks,
  withStart,
} from "../../experiments/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { scoreTable, summary } from "../scores.ts";
import { deviceOf } from "../device.ts";
import { withSession } from "../session.ts";

type EvalOptions = GlobalOptions & { readonly device?: string };

/** Scores every test task. A run's scores are recorded with it; a file's are only printed. */
export async function evaluate(target: string, options: EvalOptions): Promise<void> {
  const device = deviceOf(options);
  const scores = await withSession(options, async ({ shop, onProgress }) => {
    if (!existsSync(target)) return shop.score(target, onProgress, device);
    const { state, info } = readWeights(target);
    const config = onDevice(info?.config ?? resolveConfig(RECIPES["stage1"]!), device);
    const whole = withStart(config, shop.kit(config).encoder, state);
    const embedder = await shop.embedder(config, whole);
    try {
      return await scoreTasks(await shop.tasks("test"), embedder, onProgress);
    } finally {
      await embedder.close();
    }
  });
  printResult(options.json, { target, scores: scores.map(summary) }, scoreTable(scores));
}
