import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RunReader, RunWriter } from "../../src/tracking/index.ts";

const bin = join(import.meta.dirname, "../../bin/rzenlab.js");

test("runs go out to mlruns and into another home, deleted ones go for ever", () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-transfer-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rzenlab = (home: string, ...args: string[]): unknown => {
    const command = [bin, ...args, "--json", "--home", join(folder, home)];
    const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  {
    using store = RunWriter.open(join(folder, "one/store"));
    const run = store.createRun({ experimentId: store.createExperiment("abl"), name: "r" });
    store.logMetrics(run.id, [{ key: "loss", value: 1 }]);
    store.deleteRun(store.createRun({ experimentId: run.experimentId }).id);
  }
  const mlruns = join(folder, "mlruns");
  expect(rzenlab("one", "export-runs", "abl", "--to", mlruns)).toEqual({
    runs: 2,
    points: 1,
    artifacts: 0,
  });
  expect(rzenlab("two", "import-runs", mlruns)).toMatchObject({ runs: 2, skipped: 0, points: 1 });
  expect(rzenlab("two", "import-runs", mlruns)).toMatchObject({ runs: 0, skipped: 2 });
  expect(rzenlab("two", "store", "gc", "--older-than", "0")).toEqual({ runs: 1, experiments: 0 });
  expect(rzenlab("two", "store", "optimize")).toHaveProperty("bytesAfter");
  using store = RunReader.open(join(folder, "two/store"));
  expect(store.searchRuns({ lifecycle: "all" }).map(({ name }) => name)).toEqual(["r"]);
});
