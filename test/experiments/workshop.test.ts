import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AblateOptions } from "../../src/experiments/ablate.ts";
import { ablate, gridMembers } from "../../src/experiments/ablate.ts";
import type { TrainConfigPatch } from "../../src/experiments/config.ts";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import type { Grid } from "../../src/experiments/grids.ts";
import { gridOf } from "../../src/experiments/grids.ts";
import { inProcessLauncher } from "../../src/experiments/launcher.ts";
import { WEIGHTS_ARTIFACT, type Workshop } from "../../src/experiments/run.ts";
import { barrierBetween, makeSoup } from "../../src/experiments/soup.ts";
import { readWeights } from "../../src/experiments/weights.ts";
import { TINY, tinyWorkshop } from "./support/tiny.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-workshop-"));
let shop: Workshop;
beforeAll(async () => {
  shop = await tinyWorkshop(home);
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

/** Two cells of the quick grid: each run costs as much as its sessions take to start. */
const PAIR: Grid = {
  ...gridOf("quick"),
  cells: gridOf("quick").cells.filter(({ name }) => ["baseline", "+HW+FN"].includes(name)),
};

/** On eight pictures, for a handful of steps. */
const SMALL: TrainConfigPatch = {
  steps: 8,
  batchSize: 4,
  model: { init: "random", adapter: { kind: "head", hidden: 8 } },
  optimizer: { warmupSteps: 1 },
};
const gridOptions = (more: Partial<AblateOptions> = {}): AblateOptions => ({
  experiment: "tiny",
  seeds: 1,
  store: shop.store,
  launcher: inProcessLauncher((request, onStep) => shop.execute(request, onStep)),
  keyOf: (config) => shop.keyOf(config),
  patch: SMALL,
  ...more,
});

describe("ablate", () => {
  test("runs every cell, reuses what is finished and resumes what was cut off", async () => {
    const first = await ablate(PAIR, gridOptions());
    expect(first.map((m) => [m.cell, m.reused, m.error])).toEqual([
      ["baseline", false, undefined],
      ["+HW+FN", false, undefined],
    ]);
    shop.store.updateRun(first[1]!.runId!, { status: "KILLED" });
    const again = await ablate(PAIR, gridOptions());
    expect(again.map((m) => m.reused)).toEqual([true, false]);
    expect(again.map((m) => m.runId)).toEqual(first.map((m) => m.runId));
    expect(shop.store.run(first[1]!.runId!).status).toBe("FINISHED");
    expect(
      gridMembers(shop.store, "tiny", "quick")
        .map((m) => m.cell)
        .toSorted(),
    ).toEqual(["+HW+FN", "baseline"]);

    const elsewhere = await ablate(PAIR, gridOptions({ experiment: "other" }));
    expect(elsewhere.every((m) => m.reused)).toBe(true);
    expect(gridMembers(shop.store, "other", "quick")).toHaveLength(2);
  });

  test("a failed run is named and doesn't stop the grid", async () => {
    const broken = inProcessLauncher((request, onStep) =>
      request.name === "quick baseline #0"
        ? Promise.reject(new Error("no room"))
        : shop.execute(request, onStep),
    );
    const members = await ablate(PAIR, gridOptions({ launcher: broken, force: true }));
    expect(members.map((m) => [m.cell, m.error])).toEqual([
      ["baseline", "no room"],
      ["+HW+FN", undefined],
    ]);
  });
});

describe("a run", () => {
  test("has its config, versions, digests and data in the store before its first step", async () => {
    const config = resolveConfig([TINY, { steps: 2 }]);
    let seen: Record<string, string> = {};
    const runId = await shop.train(config, {
      experiment: "e",
      name: "n",
      onProgress: ({ stage, done }) => {
        if (stage === "train" && done === 1) seen = { ...shop.store.searchRuns()[0]!.tags };
      },
    });
    expect(seen["rzenlab.commit"]).toMatch(/^[0-9a-f]{40}$|^unknown$/);
    expect(seen["rzenlab.digest.data"]).toMatch(/^[0-9a-f]{64}$/);
    expect(seen["rzenlab.digest.start"]).toBe("random");
    const run = shop.store.run(runId);
    expect(run.params["loss.temperature.init"]).toBe("0.05");
    expect(
      JSON.parse(shop.store.readArtifact(runId, "environment.json").toString()).versions.node,
    ).toBe(process.versions.node);
    expect(shop.store.inputs(runId).map((input) => input.dataset.name)).toEqual([
      "colour-class",
      "name-to-image",
    ]);
  });

  test("that diverges stops with its step and is FAILED in the store", async () => {
    const wild = resolveConfig([
      TINY,
      { optimizer: { learningRate: 1e30, clipNorm: null, warmupSteps: 0 } },
    ]);
    await expect(shop.train(wild, { experiment: "e", name: "wild" })).rejects.toThrow(
      /step \d+ .*loss is NaN/,
    );
    const [run] = shop.store.searchRuns({ where: { attribute: "name", is: "=", value: "wild" } });
    expect(run!.status).toBe("FAILED");
    expect(run!.tags["rzenlab.error"]).toMatch(/step \d+/);
  });

  test("an interrupt saves, marks it KILLED, and it resumes to the same weights", async () => {
    const config = resolveConfig([TINY, { checkpoint: { everySteps: 0 } }]);
    const whole = await shop.train(config, { experiment: "e", name: "whole" });
    const abort = new AbortController();
    const cut = shop.train(config, {
      experiment: "e",
      name: "cut",
      signal: abort.signal,
      onProgress: ({ stage, done }) => stage === "train" && done === 5 && abort.abort(),
    });
    await expect(cut).rejects.toThrow("interrupted after step 5");
    const [run] = shop.store.searchRuns({ where: { attribute: "name", is: "=", value: "cut" } });
    expect(run!.status).toBe("KILLED");
    await shop.resume(run!.id);
    const weights = (id: string) =>
      readWeights(shop.store.artifactPath(id, WEIGHTS_ARTIFACT)).state;
    expect(weights(run!.id)).toEqual(weights(whole));
  });

  test("from a checkpoint that isn't there says how to make it", async () => {
    const config = resolveConfig([TINY, { model: { init: "no/such.safetensors" } }]);
    await expect(shop.train(config, { experiment: "e", name: "n" })).rejects.toThrow(
      'no/such.safetensors; train it with "rzenlab train stage1"',
    );
  });
});

describe("soups", () => {
  const lora = layPatches(TINY, {
    steps: 4,
    model: { initSeed: 3, adapter: { kind: "lora", rank: 2 } },
  });
  let ids: readonly [string, string];
  beforeAll(async () => {
    const train = (seed: number): Promise<string> =>
      shop.train(resolveConfig([lora, { seed }]), { experiment: "s", name: `m${seed}` });
    ids = [await train(1), await train(2)];
  });

  test("of LoRA runs merge exactly at twice the rank, or by factors; both are scored", async () => {
    const delta = await makeSoup(shop, ids, { method: "uniform", experiment: "s" });
    const config = JSON.parse(shop.store.readArtifact(delta.runId, "config.json").toString());
    expect(config.model.adapter).toMatchObject({ rank: 4, alpha: 32 });
    const factors = await makeSoup(shop, ids, {
      method: "weighted",
      merge: "factors",
      weights: [3, 1],
      experiment: "s",
    });
    expect(factors.weights).toEqual([0.75, 0.25]);
    expect(
      shop.store.evaluations({ runIds: [delta.runId, factors.runId], split: "test" }),
    ).toHaveLength(4);
    const same = await makeSoup(shop, [ids[0], ids[0]], { method: "uniform", experiment: "s" });
    const scoreOf = (id: string) => shop.store.run(id).metrics["test/overall"];
    await shop.score(ids[0]);
    expect(scoreOf(same.runId)).toBe(scoreOf(ids[0]));
  });

  test("refuse members of different starts, too few, and weights that don't fit", async () => {
    const [a] = ids;
    const other = await shop.train(resolveConfig([lora, { model: { initSeed: 4 } }]), {
      experiment: "s",
      name: "o",
    });
    await expect(
      makeSoup(shop, [a, other], { method: "uniform", experiment: "s" }),
    ).rejects.toThrow("soup: runs must share model and start");
    await expect(makeSoup(shop, [a], { method: "uniform", experiment: "s" })).rejects.toThrow(
      "soup: expected at least 2 runs, got 1",
    );
    await expect(
      makeSoup(shop, [a, a], { method: "weighted", weights: [1], experiment: "s" }),
    ).rejects.toThrow("soup: weighted needs 2 weights >= 0, got 1");
    await expect(
      makeSoup(shop, [a, a], { method: "weighted", weights: [0, 0], experiment: "s" }),
    ).rejects.toThrow("soup: the weights sum to 0");
  });

  test("the line between a run and itself is flat", async () => {
    const [a] = ids;
    const line = await barrierBetween(shop, "self", [a, a]);
    expect(line.barrier).toBeCloseTo(0, 6);
    expect(line.loss[4]).toBeCloseTo(line.loss[0]!, 6);
  });
});
