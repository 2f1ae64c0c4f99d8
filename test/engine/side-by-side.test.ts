/** @file Trainings in one process: several at once, and one whose worker is lost. */
import type { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import type { ExecutorName, ExecutorOptions } from "../../src/engine/index.ts";
import { Trainer, createExecutor } from "../../src/engine/index.ts";
import { numberOf, toPlain, toyFeeds, toyProgram, toyState } from "./toy.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const STEPS = 12;

type Job = { readonly seed: number; readonly executor: ExecutorName } & ExecutorOptions;

async function open({ seed, executor, ...options }: Job): Promise<Trainer> {
  return Trainer.create({
    executor: createExecutor(executor, { threads: 1, ...options }),
    state: toyState(seed),
    build: (bucket) => toyProgram(bucket, { clipNorm: 0.5 }),
  });
}

async function result(job: Job) {
  const trainer = await open(job);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const bucket = step % 3 === 0 ? "4" : "8";
    const feeds = toyFeeds(Number(bucket), job.seed * 100 + step);
    losses.push(numberOf((await trainer.step(bucket, feeds, { learningRate: 3e-3 }))["loss"]));
  }
  const state = toPlain(await trainer.state());
  await trainer.close();
  return { losses, state };
}

test("trainings at once give the numbers that each gives alone, bit for bit", async () => {
  const jobs: Job[] = [
    { executor: "cpu", seed: 1 },
    { executor: "cpu", seed: 2 },
    { executor: "wasm", seed: 1 },
    { executor: "wasm", seed: 2 },
    { executor: "tfjs", tfjsBackend: "wasm", seed: 1 },
    { executor: "tfjs", tfjsBackend: "wasm", seed: 2 },
    { executor: "reference", seed: 1 },
  ];
  const alone = [];
  for (const job of jobs) alone.push(await result(job));
  expect(await Promise.all(jobs.map(result))).toEqual(alone);
}, 120_000);

/** The threads that are started while `work` runs. */
async function threadsOf<T>(work: () => Promise<T>): Promise<[T, Worker[]]> {
  const found: Worker[] = [];
  const listen = (worker: Worker): number => found.push(worker);
  process.on("worker", listen);
  try {
    return [await work(), found];
  } finally {
    process.off("worker", listen);
  }
}

test("a lost worker is told of with the step; another trainer goes on from the saved state", async () => {
  const job: Job = { executor: "cpu", seed: 1 };
  const rate = { learningRate: 3e-3 };
  const whole = await open(job);
  for (let step = 0; step < 5; step++) await whole.step("8", toyFeeds(8, step), rate);
  const expected = toPlain(await whole.state());
  await whole.close();

  const [trainer, [worker]] = await threadsOf(() => open(job));
  for (let step = 0; step < 3; step++) await trainer.step("8", toyFeeds(8, step), rate);
  const saved = await trainer.state();
  const pending = trainer.step("8", toyFeeds(8, 3), rate).catch((error: unknown) => String(error));
  await worker!.terminate();
  const ended = /^Error: step [45] \(bucket 8\): engine worker has ended \(code 1\)$/;
  const next = trainer.step("8", toyFeeds(8, 3), rate).catch((error: unknown) => String(error));
  // The one under way may have been answered just before.
  expect([await pending, await next].filter((one) => typeof one === "string").at(-1)).toMatch(
    ended,
  );
  await expect(trainer.state()).rejects.toThrow(/^after step [34]: engine worker has ended/);
  await trainer.close(); // and it can be closed

  const second = await Trainer.create({
    executor: createExecutor("cpu", { threads: 1 }),
    state: saved,
    build: (bucket) => toyProgram(bucket, { clipNorm: 0.5 }),
  });
  for (let step = 3; step < 5; step++) await second.step("8", toyFeeds(8, step), rate);
  expect(toPlain(await second.state())).toEqual(expected);
  await second.close();
});

test("several steps in one message that a lost worker takes along are named together", async () => {
  const [trainer, [worker]] = await threadsOf(() => open({ executor: "cpu", seed: 1 }));
  await trainer.prepare("8");
  await worker!.terminate();
  const feeds = [toyFeeds(8, 0), toyFeeds(8, 1)];
  await expect(trainer.steps("8", feeds, { learningRate: 1e-3 })).rejects.toThrow(
    "steps 1 to 2 (bucket 8): engine worker has ended (code 1)",
  );
});
