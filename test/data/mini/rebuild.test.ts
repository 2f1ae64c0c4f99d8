/** @file Building again gives the same bytes: the digests do not depend on time, order or threads. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { MediaDigests, writeTask } from "../../../src/data/index.ts";
import { chartTask } from "../../../src/data/mini/chart-page.ts";
import { clockTask } from "../../../src/data/mini/clocks.ts";
import { readConcepts, STYLES } from "../../../src/data/mini/concepts.ts";
import { readCountries } from "../../../src/data/mini/countries.ts";
import { countryTask } from "../../../src/data/mini/country-sheet.ts";
import { dictionaryTask } from "../../../src/data/mini/dictionary.ts";
import { rasterPath, writeRasters } from "../../../src/data/mini/emoji-rasters.ts";
import { motionTasks } from "../../../src/data/mini/motion.ts";
import { Output, type BuiltTask, type MiniProgress } from "../../../src/data/mini/output.ts";
import { readmeTasks } from "../../../src/data/mini/readme-page.ts";
import { readReadmes } from "../../../src/data/mini/readmes.ts";
import { sceneTasks } from "../../../src/data/mini/scenes.ts";
import { makeSprites } from "../../../src/data/mini/sprites.ts";
import { textTasks } from "../../../src/data/mini/text-tasks.ts";
import { readSynsets } from "../../../src/data/mini/wordnet.ts";
import { writingTasks } from "../../../src/data/mini/writing.ts";
import { temporaryFolder } from "../support.ts";
import { useBuilt } from "./built.ts";

const built = useBuilt();

/** Concepts that the build kept: those whose picture no other concept shares. */
function keptConcepts() {
  const kept = new Set(
    ["train", "dev", "test"].flatMap((split) =>
      built.tasks[split as "dev"]
        .filter(({ name }) => name === "image-to-label")
        .flatMap((task) => [...task.corpus.keys()]),
    ),
  );
  return readConcepts().filter(({ label }) => kept.has(label));
}

async function devTasks(out: Output): Promise<BuiltTask[]> {
  const concepts = keptConcepts();
  const sprites = await makeSprites(out, concepts);
  const synsets = readSynsets();
  return [
    ...(await sceneTasks(out, sprites, "dev")),
    await clockTask(out, "dev"),
    ...(await motionTasks(out, sprites, "dev")),
    ...(await writingTasks(out, "dev")),
    await countryTask(out, readCountries(), "dev"),
    await chartTask(out, "dev"),
    ...(await readmeTasks(out, readReadmes(), "dev")),
    await dictionaryTask(out, synsets, "dev"),
    ...textTasks(concepts, synsets, "dev"),
  ];
}

test("the development split built again, alone and on other threads, has the same digests", async () => {
  const root = temporaryFolder();
  sharp.concurrency(2);
  const tasks = await devTasks(new Output(root, () => {}));
  expect(tasks.length).toBeGreaterThanOrEqual(18);
  const digests = new MediaDigests(root);
  for (const task of tasks) {
    const row = built.manifest.tasks.find(
      ({ name, split }) => name === task.name && split === "dev",
    )!;
    expect(await writeTask(root, task, { digests }), task.name).toBe(row.digest);
  }
}, 300_000);

test("emoji pictures drawn again are the same files", async () => {
  const root = temporaryFolder();
  const some = keptConcepts().filter((_, i) => i % 100 === 0);
  await writeRasters(new Output(root, () => {}), some);
  for (const { hex } of some) {
    for (const { id } of STYLES) {
      const path = rasterPath(id, hex);
      expect(await readFile(join(root, path)), path).toEqual(
        await readFile(join(built.root, path)),
      );
    }
  }
}, 120_000);

test("of concepts that a style draws alike only the first stays", async () => {
  const labels = ["cat face", "grinning cat", "red apple", "pear"]; // Fluent draws the cats alike
  const some = readConcepts().filter(({ label }) => labels.includes(label));
  const kept = await writeRasters(new Output(temporaryFolder(), () => {}), some);
  expect(kept.map(({ label }) => label).toSorted()).toEqual(["cat face", "pear", "red apple"]);
});

test("progress counts every item of a stage once, and results keep their order", async () => {
  const seen: MiniProgress[] = [];
  const out = new Output(temporaryFolder(), (progress) => seen.push(progress));
  const doubled = await out.each("stage", [5, 1, 4, 2], async (n) => {
    await new Promise((resolve) => setTimeout(resolve, n));
    return 2 * n;
  });
  expect(doubled).toEqual([10, 2, 8, 4]);
  expect(seen.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4]);
  expect(seen.every(({ stage, total }) => stage === "stage" && total === 4)).toBe(true);
});

test("every picture, page and frame has the size the processors expect", async () => {
  const sizes = new Map<string, Set<string>>();
  for (const task of built.tasks.test) {
    const items = [...task.queries.map(({ item }) => item), ...task.corpus.values()];
    for (const { image, document, video } of items.filter((_, i) => i % 23 === 0)) {
      const file = image ?? document ?? video?.[3];
      if (file === undefined) continue;
      const { width, height, channels } = await sharp(file).metadata();
      const kind = file
        .slice(built.root.length + 1)
        .split("/")
        .slice(1, image || document ? 3 : 2)
        .join("/");
      sizes.set(kind, (sizes.get(kind) ?? new Set()).add(`${width}x${height}`));
      expect(channels, basename(file)).toBeGreaterThanOrEqual(3);
    }
  }
  const all = Object.fromEntries(
    [...sizes].map(([kind, set]) => [kind, [...set].toSorted().join(" ")]),
  );
  expect(all).toEqual({
    "image/noto": "96x96",
    "image/twemoji": "96x96",
    "image/flat": "96x96",
    "image/mono": "96x96",
    "image/3d": "96x96",
    "image/openmoji": "96x96",
    "image/clock": "96x96",
    "image/character": "96x96",
    "image/scene": "128x128 64x64",
    video: "64x64",
    "page/country": "384x576",
    "page/chart": "384x576",
    "page/readme": "384x576",
    "page/dictionary": "384x576",
  });
});
