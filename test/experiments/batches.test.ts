import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../../src/data/types.ts";
import { ItemBatches, chosenTasks } from "../../src/experiments/batches.ts";
import type { TrainConfigPatch } from "../../src/experiments/config.ts";
import { resolveConfig } from "../../src/experiments/config.ts";
import { trueMatches } from "../../src/experiments/pairs.ts";
import { NANO_PIXELS, PixelBank } from "../../src/experiments/pixelbank.ts";
import type { TrainBatch } from "../../src/experiments/train.ts";
import { Processor } from "../../src/model/index.ts";
import { TINY, tinyEncoder, tinyTasks } from "./support/tiny.ts";

const root = mkdtempSync(join(tmpdir(), "rzenlab-batches-"));
const pixels = new PixelBank(root, NANO_PIXELS);
const processor = Processor.nano(tinyEncoder());
let tasks: readonly Task[];
beforeAll(async () => {
  tasks = await (await tinyTasks(root))("train");
  await pixels.ensure(tasks);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const batches = (patch: TrainConfigPatch, sampler: unknown = null, step = 0): ItemBatches => {
  const config = resolveConfig([TINY, patch]);
  return new ItemBatches({ config, tasks, processor, pixels, sampler, step });
};
const take = async (source: ItemBatches, n: number): Promise<TrainBatch[]> => {
  const taken: TrainBatch[] = [];
  for (let i = 0; i < n; i++) taken.push(await source.next());
  return taken;
};

describe("ItemBatches", () => {
  test("go on from a sampler state and step as if never stopped, augmentation too", async () => {
    const whole = await take(batches({ model: { mixPrompts: true } }), 6);
    const rest = await take(batches({ model: { mixPrompts: true } }, whole[2]!.sampler, 3), 3);
    expect(rest).toEqual(whole.slice(3));
  });

  test("of another seed are others", async () => {
    const [a] = await take(batches({}), 1);
    const [b] = await take(batches({ seed: 1 }), 1);
    expect(b).not.toEqual(a);
  });

  test("name a bucket by group only where its temperature is learnt", async () => {
    const fixed = await take(batches({}), 1);
    const learnt = await take(batches({ loss: { temperature: { learnable: true } } }), 1);
    const bucketOf = ({ work }: TrainBatch): string => (work.kind === "whole" ? work.bucket : "");
    expect(bucketOf(fixed[0]!).endsWith("|")).toBe(true);
    expect(bucketOf(learnt[0]!).endsWith(`|${learnt[0]!.group}`)).toBe(true);
  });
});

describe("chosenTasks", () => {
  const names = (patterns: string[] | null, cap: number | null = null): string[] =>
    chosenTasks(resolveConfig([{ sampler: { tasks: patterns, capPerDataset: cap } }]), tasks).map(
      (t) => t.name,
    );

  test("takes names, endings and everything but", () => {
    expect(names(null)).toEqual(["colour-class", "name-to-image"]);
    expect(names(["colour*"])).toEqual(["colour-class"]);
    expect(names(["!colour*", "!absent"])).toEqual(["name-to-image"]);
  });

  test("a name that fits nothing lists the tasks", () => {
    expect(() => names(["color*"])).toThrow(
      'sampler.tasks: "color*" fits no training task; there are colour-class, name-to-image',
    );
  });

  test("a cap spreads over the set and keeps only candidates that are some positive", () => {
    const config = resolveConfig([{ sampler: { tasks: ["name-to-image"], capPerDataset: 2 } }]);
    const [task] = chosenTasks(config, tasks);
    expect(task!.queries.map((query) => query.id)).toEqual(["q0", "q4"]);
    expect([...task!.corpus.keys()]).toEqual(["t0", "t4"]);
  });
});

describe("trueMatches", () => {
  test("finds shared positives and equal texts, never the pair itself", () => {
    const [task] = tasks;
    const pair = (i: number) => ({ task: task!, query: task!.queries[i]!, targetId: `t${i % 6}` });
    const pairs = [pair(0), pair(6), pair(1)];
    expect([...trueMatches(pairs).data]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0]);
    expect(trueMatches(pairs, 1, 2)).toMatchObject({ shape: [2, 3] });
    expect([...trueMatches(pairs, 1, 2).data]).toEqual([1, 0, 0, 0, 0, 0]);
  });
});
