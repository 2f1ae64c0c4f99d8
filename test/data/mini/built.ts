/** @file The built benchmark that tests of its content read: the one that `npm start` uses. */
import { resolve } from "node:path";
import { beforeAll } from "vitest";
import { loadTasks, type Split, type Task } from "../../../src/data/index.ts";
import { prepareMini, type MiniManifest } from "../../../src/data/mini/index.ts";

const ROOT = resolve(import.meta.dirname, "../../../.rzenlab/data/mini-mmeb");
/** A first build takes about 80 s on two free cores; other test files may wait for it too. */
const BUILD_MS = 600_000;

export type Built = {
  root: string;
  manifest: MiniManifest;
  tasks: Record<Split, Task[]>;
};

/** Builds the benchmark, or finds it built, and loads every task before the file's tests run. */
export function useBuilt(): Built {
  const built = {} as Built;
  beforeAll(async () => {
    const { root, manifest } = await prepareMini(ROOT);
    const [train, dev, test] = await Promise.all(
      (["train", "dev", "test"] as const).map((split) => loadTasks(root, { split })),
    );
    Object.assign(built, { root, manifest, tasks: { train, dev, test } });
  }, BUILD_MS);
  return built;
}

/** The task of that name, which must be there. */
export function taskOf(tasks: readonly Task[], name: string): Task {
  const task = tasks.find((each) => each.name === name);
  if (!task) throw new Error(`no task ${name} among ${tasks.map((each) => each.name).join(", ")}`);
  return task;
}
