import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { layPatches, resolveConfig } from "../../src/experiments/config.ts";
import { startedOn } from "../../src/experiments/executor.ts";
import { taskKey } from "../../src/experiments/identity.ts";
import { TAGS } from "../../src/experiments/tags.ts";
import { Workshop } from "../../src/experiments/run.ts";
import { TINY, tinyEncoder, tinyTasks } from "./support/tiny.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const home = mkdtempSync(join(tmpdir(), "rzenlab-device-"));
const CONFIG = layPatches(TINY, {
  steps: 6,
  loss: { alpha: 9, delta: 0.95, temperature: { learnable: true } },
});
let shop: Workshop;

beforeAll(async () => {
  shop = await Workshop.open(
    { dataRoot: join(home, "data"), home, store: join(home, "store") },
    { loadTasks: await tinyTasks(join(home, "data")), encoderOf: tinyEncoder },
  );
});
afterAll(async () => {
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

async function trained(device: string) {
  const config = resolveConfig([CONFIG], [`device=${device}`]);
  const runId = await shop.train(config, { experiment: "devices", name: device });
  const { tags } = shop.store.run(runId);
  return {
    runId,
    losses: shop.store.history(runId, "loss").map(({ value }) => value),
    device: tags[TAGS.device],
    library: tags[TAGS.library],
  };
}

describe("a run trained by", () => {
  let cpu: Awaited<ReturnType<typeof trained>>;
  beforeAll(async () => {
    cpu = await trained("cpu");
  });

  test.each([
    ["wasm", "wasm", /^onnxruntime-web \d/],
    ["tfjs", "tfjs", /^@tensorflow\/tfjs-backend-wasm \d/],
  ])("%s has the losses of the cpu's, and says what computed", async (asked, found, library) => {
    const run = await trained(asked);
    expect(run.device).toBe(found);
    expect(run.library).toMatch(library);
    expect(run.losses).toHaveLength(6);
    expect(run.losses).toBeAllclose(cpu.losses, { rtol: 1e-3, atol: 1e-4 });
  });

  test("auto names the device that it found, and is scored", async () => {
    const run = await trained("auto");
    expect(["cpu", "cuda"]).toContain(run.device);
    expect(run.losses).toBeAllclose(cpu.losses, { rtol: 1e-3, atol: 1e-4 });
    const own = await shop.score(run.runId);
    const other = await shop.score(run.runId, undefined, "wasm");
    expect(other.map(({ score }) => score)).toEqual(own.map(({ score }) => score));
  });
});

describe("a device in a config", () => {
  const key = (device: string): string =>
    taskKey({
      config: resolveConfig([], [`device=${device}`]),
      dataDigest: "d",
      initDigest: null,
      codeVersion: "1",
    });

  test("is executor.name", () => {
    expect(resolveConfig([], ["device=tfjs"]).executor.name).toBe("tfjs");
  });

  test("that there is not is refused with those there are", () => {
    expect(() => resolveConfig([], ["device=tpu"])).toThrow(
      'bad config: executor.name: Invalid option: expected one of "cpu"|"openvino"|"cuda"|"webgpu"|"wasm"|"tfjs"|"onnxruntime"|"auto"|"reference"',
    );
  });

  test("makes another run, except that the CPU has two names", () => {
    expect(key("cpu")).toBe(key("onnxruntime"));
    expect(new Set(["cpu", "wasm", "tfjs", "auto"].map(key)).size).toBe(4);
  });

  test("auto goes on with what it began on; a named one is not changed", () => {
    const [any, wasm] = ["auto", "wasm"].map((name) => resolveConfig([], [`device=${name}`]));
    expect(startedOn(any!, "tfjs").executor.name).toBe("tfjs");
    expect(startedOn(any!, undefined).executor.name).toBe("auto");
    expect(startedOn(wasm!, "cpu").executor.name).toBe("wasm");
  });
});
