import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/experiments/config.ts";
import type { RunRequest } from "../../src/experiments/launcher.ts";
import { inProcessLauncher, localLauncher } from "../../src/experiments/launcher.ts";

const requests = (...names: string[]): RunRequest[] =>
  names.map((name) => ({ experiment: "e", name, config: resolveConfig([]), tags: {} }));

const script = fileURLToPath(new URL("./support/fake-job.ts", import.meta.url));
const places = { dataRoot: "d", home: "h", store: "s" };

describe("localLauncher", () => {
  test("gives results in the order of the requests, from as many processes as jobs", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const steps: number[] = [];
    const results = await localLauncher({ jobs: 2, places, script }).launch(requests(...names), {
      onStep: (i) => steps.push(i),
    });
    const ids = results.map((r) => (r.status === "FINISHED" ? r.runId : r.message));
    expect(ids.map((id) => id.split("@")[0])).toEqual(names);
    expect(new Set(ids.map((id) => id.split("@")[1])).size).toBeLessThanOrEqual(2);
    expect(steps.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });

  test("a run that fails or whose process dies says so and the others go on", async () => {
    const results = await localLauncher({ jobs: 1, places, script }).launch(
      requests("a", "fails", "dies", "exits", "b"),
    );
    expect(results.map((r) => (r.status === "FAILED" ? r.message : r.status))).toEqual([
      "FINISHED",
      "step 7: loss is NaN",
      "job process was killed by SIGKILL",
      "job process exited with code 3",
      "FINISHED",
    ]);
  });

  test("keeps its processes from one launch to the next, until it is closed", async () => {
    const pool = localLauncher({ jobs: 2, places, script });
    const pids = async (): Promise<number[]> => {
      const results = await pool.launch(requests("a", "b", "c", "d"));
      const ids = results.map((r) => (r.status === "FINISHED" ? r.runId : r.message));
      return [...new Set(ids.map((id) => Number(id.split("@")[1])))].toSorted((a, b) => a - b);
    };
    const first = await pids();
    for (const pid of await pids()) expect(first).toContain(pid);
    await pool.close();
    for (const pid of first) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    for (const pid of await pids()) expect(first).not.toContain(pid);
    await pool.close();
  });

  test("refuses a pool of no processes", () => {
    expect(() => localLauncher({ jobs: 0, places })).toThrow(
      "localLauncher: expected at least 1 job, got 0",
    );
  });

  test("an abort stops the pool", async () => {
    const abort = new AbortController();
    const running = localLauncher({ jobs: 1, places, script }).launch(requests("a", "b", "c"), {
      signal: abort.signal,
      onResult: () => abort.abort(new Error("stopped by hand")),
    });
    await expect(running).rejects.toThrow("stopped by hand");
  });
});

describe("inProcessLauncher", () => {
  test("a run that throws doesn't stop the next one", async () => {
    const launcher = inProcessLauncher(async ({ name }) => {
      if (name === "bad") throw new Error("no such trunk");
      return `${name}!`;
    });
    expect(await launcher.launch(requests("a", "bad", "b"))).toEqual([
      { status: "FINISHED", runId: "a!" },
      { status: "FAILED", message: "no such trunk" },
      { status: "FINISHED", runId: "b!" },
    ]);
  });
});
