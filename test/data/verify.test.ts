import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verify, writeTask } from "../../src/data/index.ts";
import { put, putMedia, smallTask, temporaryFolder } from "./support.ts";

async function sampleRoot(): Promise<string> {
  const root = temporaryFolder();
  putMedia(root);
  await writeTask(root, smallTask());
  await writeTask(root, smallTask({ split: "train" }));
  await writeTask(root, smallTask({ name: "another", split: "dev" }));
  return root;
}

test("sound data gives a line for each task, ready for --json", async () => {
  const root = await sampleRoot();
  const { tasks, problems } = await verify(root);
  expect(problems).toEqual([]);
  expect(tasks.map(({ name, split }) => `${name}/${split}`)).toEqual([
    "another/dev",
    "small/train",
    "small/test",
  ]);
  const { digest, ...rest } = tasks[2]!;
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(rest).toEqual({
    name: "small",
    modality: "image",
    metaTask: "I-CLS",
    kind: "real",
    split: "test",
    queries: 2,
    candidates: 3,
  });
});

test("a changed medium is found in every task that uses it, a missing one named", async () => {
  const root = await sampleRoot();
  put(root, "media/a/f 0.png", "changed");
  const changed = await verify(root);
  expect(changed.tasks).toEqual([]);
  expect(changed.problems.map(({ task }) => task)).toEqual([
    "another/dev",
    "small/train",
    "small/test",
  ]);
  expect(changed.problems[0]!.message).toContain("another/dev: task.json says digest ");
  rmSync(join(root, "media/a/f 0.png"));
  const missing = await verify(root);
  expect(missing.problems[0]!.message).toContain(
    "media/a/f 0.png: expected a readable file, used by another/dev",
  );
});

test("a damaged task does not hide the others", async () => {
  const root = await sampleRoot();
  const file = join(root, "image-tasks/small/test/annotations.parquet");
  writeFileSync(file, readFileSync(file).subarray(0, 50));
  const { tasks, problems } = await verify(root);
  expect(tasks.map(({ name, split }) => `${name}/${split}`)).toEqual([
    "another/dev",
    "small/train",
  ]);
  expect(problems[0]!.message).toContain(`${file}: expected a readable parquet file (`);
});

test("progress and abort", async () => {
  const root = await sampleRoot();
  const seen: number[] = [];
  await verify(root, { onProgress: ({ done }) => seen.push(done) });
  expect(seen).toEqual([0, 1, 2, 3]);
  await expect(verify(root, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
});
