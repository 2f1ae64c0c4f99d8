/** @file Nothing that a split tests on was seen in another: the leakage rules, on the built data. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import type { Item, Split, Task } from "../../../src/data/index.ts";
import { familyOf, readConcepts } from "../../../src/data/mini/concepts.ts";
import { readReadmes } from "../../../src/data/mini/readmes.ts";
import { TABLES } from "../../../src/data/mini/tables.ts";
import { readSynsets } from "../../../src/data/mini/wordnet.ts";
import { taskOf, useBuilt } from "./built.ts";

const SPLITS: readonly Split[] = ["train", "dev", "test"];
const built = useBuilt();

/** Fails with the first key that two splits share. `atLeast` keys a split show that something was compared. */
function expectDisjoint(keysOf: (split: Split) => Iterable<string>, atLeast = 1): void {
  const home = new Map<string, Split>();
  for (const split of SPLITS) {
    const keys = new Set(keysOf(split));
    expect(keys.size, `keys of ${split}`).toBeGreaterThanOrEqual(atLeast);
    for (const key of keys) {
      expect(home.get(key) ?? split, `${key} stands in ${split} and in another split`).toBe(split);
      home.set(key, split);
    }
  }
}

function itemsOf(task: Task): Item[] {
  return [...task.queries.map((query) => query.item), ...task.corpus.values()];
}

const media = new Map<Split, string[]>();

/** Media paths of a split that start with `under`, relative to the root; clips as the folder of their frames. */
function mediaOf(split: Split, under: string): string[] {
  const known = media.get(split) ?? everyMedium(split);
  media.set(split, known);
  return known.filter((path) => path.startsWith(under));
}

function everyMedium(split: Split): string[] {
  const paths = built.tasks[split].flatMap(itemsOf).flatMap(({ image, document, video }) => {
    return image ?? document ?? (video ? dirname(video[0]!) : []);
  });
  return [...new Set(paths)].map((path) => path.slice(built.root.length + 1));
}

const STYLES = ["noto", "twemoji", "flat", "mono", "3d", "openmoji"];

test("no emoji family is drawn in two splits, in any style or tone", () => {
  expectDisjoint(
    (split) =>
      STYLES.flatMap((style) => mediaOf(split, `media/image/${style}/`)).map((path) =>
        familyOf(basename(path, ".png")),
      ),
    100,
  );
});

test("no label of a concept is a candidate in two splits", () => {
  for (const name of ["image-to-label", "cross-language-label", "scene-which"]) {
    expectDisjoint((split) => taskOf(built.tasks[split], name).corpus.keys(), 20);
  }
});

test("what moves in a split moves and stands in scenes of that split alone", () => {
  const concepts = new Map(readConcepts().map((concept) => [concept.label, concept.split]));
  for (const split of SPLITS) {
    const shown = [
      ...taskOf(built.tasks[split], "scene-which").corpus.keys(),
      ...taskOf(built.tasks[split], "scene-grounding").labels!.values(),
      ...[...taskOf(built.tasks[split], "motion-qa").corpus.keys()].filter(
        (text) => !text.startsWith("it "),
      ),
    ];
    for (const label of shown) expect(concepts.get(label), label).toBe(split);
  }
  expectDisjoint((split) =>
    mediaOf(split, "media/video/motion-").map((path) => familyOf(path.split("-")[1]!)),
  );
});

test("the held-out style is in no picture of training or development", () => {
  for (const split of ["train", "dev"] as const) {
    expect(mediaOf(split, "media/image/openmoji/")).toEqual([]);
  }
  expect(mediaOf("test", "media/image/openmoji/").length).toBeGreaterThan(200);
});

test("no character is written in two splits", () => {
  expectDisjoint(
    (split) =>
      ["media/video/writing-", "media/video/moment-"].flatMap((kind) =>
        mediaOf(split, kind).map((path) => path.split("-")[1]!),
      ),
    60,
  );
});

test("no clock time is shown in two splits", () => {
  expectDisjoint((split) =>
    taskOf(built.tasks[split], "clock-reading").queries.map((query) => query.label!),
  );
});

test("no country has its sheet in two splits", () => {
  expectDisjoint((split) => taskOf(built.tasks[split], "country-sheet").corpus.keys(), 10);
});

test("no table, nor one of the same origin, is charted in two splits", () => {
  const families = TABLES.map(({ file, family }) => ({
    prefix: `${file.replace(/\..*$/, "")}-`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
    family,
  })).toSorted((a, b) => b.prefix.length - a.prefix.length);
  const familyOfChart = (id: string): string =>
    families.find(({ prefix }) => id.startsWith(prefix))!.family;
  expectDisjoint(
    (split) => [...taskOf(built.tasks[split], "chart-page").corpus.keys()].map(familyOfChart),
    3,
  );
});

test("no package, nor one of the same scope, has pages in two splits", () => {
  const readmes = readReadmes();
  const scopeOf = (page: string): string => {
    const folder = page.replace(/-\d+$/, "");
    const readme = readmes.find(({ name }) => name.replaceAll(/[@/]/g, "_") === folder)!;
    return readme.name.startsWith("@") ? readme.name.split("/")[0]! : readme.name;
  };
  expectDisjoint(
    (split) => [...taskOf(built.tasks[split], "readme-heading").corpus.keys()].map(scopeOf),
    5,
  );
});

test("no synset is asked in two splits", () => {
  for (const name of ["wordnet-gloss", "wordnet-class", "dictionary-page"]) {
    expectDisjoint((split) => taskOf(built.tasks[split], name).queries.map(({ id }) => id), 50);
  }
  expectDisjoint((split) =>
    ["wordnet-gloss", "wordnet-class", "dictionary-page"].flatMap((name) =>
      taskOf(built.tasks[split], name).queries.map(({ id }) => id),
    ),
  );
});

test("no lemma of a held-out gloss is a lemma of a training gloss", () => {
  const synsets = new Map(readSynsets().map((synset) => [synset.id, synset.lemmas]));
  const lemmasOf = (split: Split): Set<string> =>
    new Set(
      ["wordnet-gloss", "wordnet-class", "dictionary-page"].flatMap((name) =>
        taskOf(built.tasks[split], name).queries.flatMap(({ id }) => synsets.get(id)!),
      ),
    );
  const trained = lemmasOf("train");
  for (const split of ["dev", "test"] as const) {
    expect([...lemmasOf(split)].filter((lemma) => trained.has(lemma))).toEqual([]);
  }
});

test("no picture, page or clip is the same to the byte in two splits", async () => {
  const digestOf = async (path: string): Promise<string> => {
    const frames = path.startsWith("media/video/")
      ? Array.from({ length: 8 }, (_, i) => `${path}/${i}.webp`)
      : [path];
    const hash = createHash("sha256");
    for (const frame of frames) hash.update(await readFile(`${built.root}/${frame}`));
    return hash.digest("hex");
  };
  const digests = new Map<Split, string[]>();
  for (const split of SPLITS) {
    const all: string[] = [];
    for (const path of mediaOf(split, "media/")) all.push(await digestOf(path));
    digests.set(split, all);
  }
  expectDisjoint((split) => digests.get(split)!, 1000);
}, 300_000);

test("no picture of an emoji stands under two labels", async () => {
  const owner = new Map<string, string>();
  for (const path of STYLES.flatMap((style) => mediaOf("test", `media/image/${style}/`))) {
    const digest = createHash("sha256")
      .update(await readFile(`${built.root}/${path}`))
      .digest("hex");
    expect(owner.get(digest) ?? path, "the same picture twice").toBe(path);
    owner.set(digest, path);
  }
});
