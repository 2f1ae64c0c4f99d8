import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Item, Task } from "../../src/data/types.ts";
import { NANO_PIXELS, PixelBank } from "../../src/experiments/pixelbank.ts";
import { tinyTasks } from "./support/tiny.ts";

const root = mkdtempSync(join(tmpdir(), "rzenlab-pixelbank-"));
let task: Task;
let shown: Item;
beforeAll(async () => {
  [task] = (await (await tinyTasks(root))("train")) as [Task];
  shown = [...task.queries.map(({ item }) => item), ...task.corpus.values()].find(
    (item) => item.image !== undefined,
  )!;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a picture of two tasks is one in memory", async () => {
  const bank = new PixelBank(root, NANO_PIXELS);
  await bank.ensure([task]);
  const first = await bank.load(shown);
  const stages: string[] = [];
  await bank.ensure([{ ...task, name: "again" }], ({ stage }) => stages.push(stage));
  expect(stages).toEqual([]);
  expect((await bank.load(shown))!.data.buffer).toBe(first!.data.buffer);
});

test("what was released is read again where it is ensured, and not before", async () => {
  const bank = new PixelBank(root, NANO_PIXELS);
  await bank.ensure([task]);
  const before = await bank.load(shown);
  bank.release();
  expect(() => bank.load(shown)).toThrow("pixels: no task was ensured, asked for");
  await bank.ensure([task]);
  expect(await bank.load(shown)).toEqual(before);
});

test("what was read together with an item that is kept stays", async () => {
  const bank = new PixelBank(root, NANO_PIXELS);
  await bank.ensure([task]);
  const before = await bank.load(shown);
  bank.release([{ text: "no picture" }, shown]);
  expect((await bank.load(shown))!.data.buffer).toBe(before!.data.buffer);
  bank.release([{ text: "no picture" }]);
  expect(() => bank.load(shown)).toThrow("pixels: no task was ensured, asked for");
});
