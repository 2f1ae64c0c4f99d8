/** @file What trainings hold stays the same however long they run, and goes when they end. */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import type { ExecutorName, ExecutorOptions } from "../../src/engine/index.ts";
import { Trainer, createExecutor } from "../../src/engine/index.ts";
import { liveHeap } from "../../src/engine/executor/live-heap.ts";
import { toyFeeds, toyProgram, toyState } from "./toy.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const RATE = { learningRate: 1e-3 };
const MIB = 2 ** 20;

const open = (name: ExecutorName, options: ExecutorOptions): Promise<Trainer> =>
  Trainer.create({
    executor: createExecutor(name, { threads: 1, ...options }),
    state: toyState(),
    build: (bucket) => toyProgram(bucket),
  });

async function train(trainer: Trainer, steps: number): Promise<void> {
  const feeds = Array.from({ length: 10 }, (_, i) => toyFeeds(4, i));
  for (let done = 0; done < steps; done += 10) {
    await trainer.steps("4", feeds, RATE);
    await trainer.step("4", feeds[0]!, RATE);
    if (done % 500 === 0) await trainer.state();
  }
}

describe("thousands of steps leave nothing behind", () => {
  test.each([
    { name: "cpu", executor: "cpu", options: {}, steps: 5000 },
    { name: "cpu in Loops", executor: "cpu", options: { loops: true }, steps: 2000 },
    { name: "wasm", executor: "wasm", options: {}, steps: 1000 },
    { name: "tfjs on wasm", executor: "tfjs", options: { tfjsBackend: "wasm" }, steps: 300 },
  ] as const)("$name", { timeout: 300_000 }, async ({ executor, options, steps }) => {
    const trainer = await open(executor, options);
    await train(trainer, 200); // code is compiled, spares are made
    const [before, heap] = [await trainer.inventory(), liveHeap()];
    await train(trainer, steps);
    const [after, heapAfter] = [await trainer.inventory(), liveHeap()];
    await trainer.close();
    expect(after.programs).toBe(before.programs);
    expect(after.tensors).toBe(before.tensors);
    // Measured: under 0.3 MiB in all. One small object kept of each step would be more than this.
    const limit = 2 * MIB + 256 * steps;
    expect(after.heapBytes - before.heapBytes).toBeLessThan(limit);
    expect(heapAfter - heap).toBeLessThan(limit);
  });
});

const TASKS = "/proc/self/task";

test.skipIf(!existsSync(TASKS))("a closed trainer's threads are gone", async () => {
  const once = async (): Promise<void> => {
    const trainer = await open("cpu", { threads: 2 });
    await train(trainer, 10);
    await trainer.close();
  };
  await once();
  const before = readdirSync(TASKS).length;
  for (let i = 0; i < 12; i++) await once();
  // Each had a worker and a thread of ONNX Runtime's.
  expect(readdirSync(TASKS).length - before).toBeLessThan(12);
});

test("programs are released one by one, and all by close", async () => {
  const device = await createExecutor("cpu", { threads: 1, loops: true }).open();
  const { stepCompilation } = await import("../../src/engine/program.ts");
  const compilation = stepCompilation(toyProgram("4"));
  for (const id of ["a", "b"]) await device.compile(id, compilation);
  expect((await device.inventory()).programs).toBe(2);
  await device.release("a");
  expect((await device.inventory()).programs).toBe(1);
  await device.close();
  await expect(device.inventory()).rejects.toThrow("the executor is closed");
});
