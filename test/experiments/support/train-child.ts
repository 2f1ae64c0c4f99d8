/** @file A process to be killed: trains or resumes one run over the tiny tasks. */
import { resolveConfig } from "../../../src/experiments/config.ts";
import { Workshop } from "../../../src/experiments/run.ts";
import { tinyEncoder, tinyTasks } from "./tiny.ts";

const [home, config, runId] = process.argv.slice(2) as [string, string, string];
const places = { dataRoot: `${home}/data`, home, store: `${home}/store` };
const shop = await Workshop.open(places, {
  loadTasks: await tinyTasks(places.dataRoot),
  encoderOf: tinyEncoder,
});
const onProgress = ({ done }: { done: number }): void => void process.send?.({ done });
if (runId === undefined) {
  await shop.train(resolveConfig([JSON.parse(config)]), {
    experiment: "tiny",
    name: "run",
    onProgress,
  });
} else await shop.resume(runId, { onProgress });
await shop.close();
process.disconnect?.();
