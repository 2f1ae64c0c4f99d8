import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, expect, test, vi } from "vitest";
import { resolveConfig } from "../../src/experiments/config.ts";
import { TAGS } from "../../src/experiments/tags.ts";
import { Workshop } from "../../src/experiments/run.ts";
import { TINY, tinyEncoder, tinyTasks } from "./support/tiny.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const home = mkdtempSync(join(tmpdir(), "rzenlab-worker-lost-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("a run whose training worker is lost fails with the step, and is resumed to the same numbers", async () => {
  const shop = await Workshop.open(
    { dataRoot: join(home, "data"), home, store: join(home, "store") },
    { loadTasks: await tinyTasks(join(home, "data")), encoderOf: tinyEncoder },
  );
  const config = resolveConfig([TINY]); // 12 steps, a checkpoint every second
  const named = { experiment: "e", name: "n" };
  const losses = (id: string): number[] => shop.store.history(id, "loss").map(({ value }) => value);
  const whole = losses(await shop.train(config, named));

  const threads: Worker[] = [];
  const listen = (worker: Worker): number => threads.push(worker);
  process.on("worker", listen);
  const failed = shop.train(config, {
    ...named,
    onProgress: ({ stage, done }) => {
      if (stage === "train" && done === 7) for (const one of threads) void one.terminate();
    },
  });
  await expect(failed).rejects.toThrow(/^(after )?step \d+.*: engine worker has ended \(code 1\)/);
  process.off("worker", listen);

  const [run] = shop.store.searchRuns().filter(({ status }) => status === "FAILED");
  expect(run!.tags[TAGS.error]).toMatch(/^(after )?step \d+.*: engine worker has ended/);
  await shop.resume(run!.id);
  expect(shop.store.run(run!.id).status).toBe("FINISHED");
  expect(losses(run!.id)).toEqual(whole);
  await shop.close();
});
