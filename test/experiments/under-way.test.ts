import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { ablate } from "../../src/experiments/ablate.ts";
import { layPatches } from "../../src/experiments/config.ts";
import { gridOf } from "../../src/experiments/grids.ts";
import type { RunRequest } from "../../src/experiments/launcher.ts";
import { Workshop } from "../../src/experiments/run.ts";
import { TAGS } from "../../src/experiments/tags.ts";
import { trainerOf } from "../../src/experiments/under-way.ts";
import { TINY, tinyEncoder, tinyTasks } from "./support/tiny.ts";

// Processes that train, on machines that others load too.
vi.setConfig({ testTimeout: 240_000 });

const home = mkdtempSync(join(tmpdir(), "rzenlab-under-way-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("a run that another process trains is left to it, and resumed once that is gone", async () => {
  const script = fileURLToPath(new URL("./support/train-child.ts", import.meta.url));
  const endless = layPatches(TINY, { steps: 1_000_000 });
  const child = fork(script, [home, JSON.stringify(endless)], { stdio: ["ignore", 2, 2, "ipc"] });
  const places = { dataRoot: join(home, "data"), home, store: join(home, "store") };
  const ended = once(child, "exit");
  try {
    // Its first step is done.
    await Promise.race([
      once(child, "message"),
      ended.then(([code]) => expect.fail(`the child ended with ${code}`)),
    ]);
    await using stack = new AsyncDisposableStack();
    const shop = await Workshop.open(places, {
      loadTasks: await tinyTasks(join(home, "other-data")),
      encoderOf: tinyEncoder,
    });
    stack.defer(() => shop.close());
    const [run] = shop.store.searchRuns();
    expect(run).toMatchObject({ status: "RUNNING" });

    /** What a grid of one cell, which has that run's key, asks of its launcher. */
    const asked = async (): Promise<RunRequest["resume"]> => {
      const requests: RunRequest[] = [];
      const [baseline] = gridOf("quick").cells;
      await ablate(
        { ...gridOf("quick"), cells: [baseline!] },
        {
          experiment: "tiny",
          seeds: 1,
          store: shop.store,
          launcher: {
            launch: async (all) => {
              requests.push(...all);
              return all.map(() => ({ status: "FAILED", message: "only asked" }) as const);
            },
            close: async () => {},
          },
          keyOf: async () => run!.tags[TAGS.key]!,
        },
      );
      expect(requests).toHaveLength(1);
      return requests[0]!.resume;
    };

    expect(trainerOf(run!)).toBe(child.pid);
    expect(await asked()).toBeUndefined();
    await expect(shop.resume(run!.id)).rejects.toThrow(
      `run ${run!.id} is being trained by process ${child.pid}`,
    );

    child.kill("SIGKILL");
    await ended;
    expect(shop.store.run(run!.id).status).toBe("RUNNING");
    expect(trainerOf(run!)).toBeUndefined();
    expect(await asked()).toBe(run!.id);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a run without a readable mark of its process counts as cut off", () => {
  const run = { status: "RUNNING", tags: { [TAGS.process]: "pid 7" } };
  expect(trainerOf(run as never)).toBeUndefined();
  expect(trainerOf({ ...run, tags: {} } as never)).toBeUndefined();
});
