import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readTask, writeTask, type BuiltTask } from "../../../src/data/index.ts";
import { mapMedia, normalise } from "../../../src/data/formats/normal.ts";
import { anyTask, putMedia, temporaryFolder } from "../support.ts";

/** Each run writes and reads several files: seconds on an idle machine, more on a busy one. */
const MANY_FILES = 300_000;

/** What a reader must give back: the canonical form with absolute paths. */
function expected(task: BuiltTask, root: string): BuiltTask {
  const { queries, corpus, ...rest } = normalise(task, "expected");
  const map = (path: string): string => join(root, path);
  return {
    ...rest,
    queries: queries.map((query) => ({ ...query, item: mapMedia(query.item, map) })),
    corpus: new Map([...corpus].map(([id, item]) => [id, mapMedia(item, map)])),
  };
}

test(
  "any task of any modality, split and scope reads back as it was written",
  async () => {
    const root = temporaryFolder();
    putMedia(root);
    await fc.assert(
      fc.asyncProperty(anyTask, async (task) => {
        const digest = await writeTask(root, task);
        const { digest: readDigest, ...read } = await readTask(root, task.name, task.split);
        expect(readDigest).toBe(digest);
        expect(read).toEqual(expected(task, root));
        expect([...read.corpus.keys()]).toEqual([...expected(task, root).corpus.keys()]);
      }),
      { numRuns: 150 },
    );
  },
  MANY_FILES,
);

test(
  "writing what was read changes neither digest nor content",
  async () => {
    const root = temporaryFolder();
    putMedia(root);
    await fc.assert(
      fc.asyncProperty(anyTask, async (task) => {
        const digest = await writeTask(root, task);
        const read = await readTask(root, task.name, task.split);
        const back = (path: string): string => path.slice(root.length + 1);
        const again = {
          ...read,
          queries: read.queries.map((query) => ({ ...query, item: mapMedia(query.item, back) })),
          corpus: new Map([...read.corpus].map(([id, item]) => [id, mapMedia(item, back)])),
        };
        expect(await writeTask(root, again)).toBe(digest);
      }),
      { numRuns: 30 },
    );
  },
  MANY_FILES,
);
