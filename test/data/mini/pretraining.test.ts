/** @file The pretraining pool shows no held-out thing. Checked on what is chosen; drawing it takes minutes. */
import { describe, expect, test } from "vitest";
import { readConcepts, type Concept } from "../../../src/data/mini/concepts.ts";
import { countryQuestions, readCountries } from "../../../src/data/mini/countries.ts";
import { settable } from "../../../src/data/mini/dictionary.ts";
import { chartPages } from "../../../src/data/mini/chart-page.ts";
import { chartsOf } from "../../../src/data/mini/charts.ts";
import { sheetTask } from "../../../src/data/mini/country-sheet.ts";
import { chosenIcons } from "../../../src/data/mini/icons.ts";
import { miniTask, MINI_TASKS, PRETRAINING_TASKS } from "../../../src/data/mini/index.ts";
import {
  madeUpCountries,
  madeUpReadmes,
  madeUpTables,
  nameWords,
} from "../../../src/data/mini/made-up.ts";
import { moreLabels } from "../../../src/data/mini/more-labels.ts";
import { moreGlyphs } from "../../../src/data/mini/more-writing.ts";
import { Output } from "../../../src/data/mini/output.ts";
import { givenAway, trainingWords } from "../../../src/data/mini/pretraining.ts";
import { README_PACKAGES } from "../../../src/data/mini/readme-packages.ts";
import { readmeTasks } from "../../../src/data/mini/readme-page.ts";
import { TaskBuilder } from "../../../src/data/mini/task-builder.ts";
import { classTask, glossTask, usableNouns } from "../../../src/data/mini/text-tasks.ts";
import { typesetLines } from "../../../src/data/mini/typeset-lines.ts";
import { readSynsets, synsetSplit, usableSynsets } from "../../../src/data/mini/wordnet.ts";
import { bothWays, characters, hasMoment, stretches } from "../../../src/data/mini/writing.ts";
import type { Split } from "../../../src/data/types.ts";
import { temporaryFolder } from "../support.ts";
import { taskOf, useBuilt } from "./built.ts";

const built = useBuilt();
const HELD_OUT: readonly Split[] = ["dev", "test"];
const synsets = readSynsets();
const countries = readCountries();

/** Concepts that the build kept, as the pool gets them. */
function keptConcepts(): Concept[] {
  const labels = new Set(
    (["train", "dev", "test"] as const).flatMap((split) => [
      ...taskOf(built.tasks[split], "image-to-label").corpus.keys(),
    ]),
  );
  return readConcepts().filter(({ label }) => labels.has(label));
}

test("no set of the pool is a set of the benchmark", () => {
  const names = [...MINI_TASKS, ...PRETRAINING_TASKS].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(PRETRAINING_TASKS.map(({ name }) => miniTask(name).name)).toContain("more-moments");
});

test("no typeset word is a lemma of a held-out synset, a held-out concept, country or capital", () => {
  const given = givenAway(keptConcepts(), countries);
  const words = new Set(trainingWords(usableSynsets(synsets, "train"), given));
  expect(words.size).toBeGreaterThan(20_000);
  const tasks = ["wordnet-gloss", "wordnet-class", "dictionary-page"];
  const lemmasOf = new Map(synsets.map(({ id, lemmas }) => [id, lemmas]));
  const held = [
    ...HELD_OUT.flatMap((split) =>
      tasks.flatMap((name) =>
        taskOf(built.tasks[split], name).queries.flatMap(({ id }) => lemmasOf.get(id)!),
      ),
    ),
    ...keptConcepts().flatMap(({ split, label }) => (split === "train" ? [] : [label])),
    ...countries.flatMap(({ split, name, capital }) =>
      split === "train" ? [] : [name.toLowerCase(), (capital ?? name).toLowerCase()],
    ),
  ];
  expect(held.length).toBeGreaterThan(1500);
  expect(held.filter((text) => words.has(text))).toEqual([]);
});

test("what gives a held-out name away is found inside a text", () => {
  const { name } = countries.find(({ split, name: n }) => split === "test" && !n.includes(" "))!;
  const given = givenAway(keptConcepts(), countries);
  expect(given(`a river in ${name}`)).toBe(true);
  expect(given("a river in nowhere")).toBe(false);
});

test("texts to read, to match and to class are of training synsets alone", () => {
  const chosen = [...usableSynsets(synsets, "train"), ...settable(synsets, "train")];
  expect(chosen.length).toBeGreaterThan(60_000);
  expect(chosen.filter((synset) => synsetSplit(synset) !== "train")).toEqual([]);
  const nouns = usableNouns(synsets, "train").slice(0, 50);
  const gloss = glossTask("more-glosses", "train", nouns);
  const classes = classTask("more-classes", "train", { synsets, nouns });
  expect(gloss.queries.map(({ item }) => item.text)).toEqual(nouns.map((noun) => noun.gloss));
  expect(classes.queries.map(({ label }) => label)).toEqual(nouns.map((noun) => noun.nounClass));
});

test("no icon to learn from is named by a held-out concept or by a word that only such have", () => {
  // A plural is the same word as its singular: candles, candle.
  const words = (text: string): string[] =>
    (text.toLowerCase().match(/\p{L}+/gu) ?? []).map((word) => word.replace(/(?:es|s|e)$/, ""));
  const labels = (splits: readonly Split[]): Set<string> =>
    new Set(splits.flatMap((s) => [...taskOf(built.tasks[s], "image-to-label").corpus.keys()]));
  const [trainedLabels, heldOutLabels] = [labels(["train"]), labels(HELD_OUT)];
  const trained = new Set([...trainedLabels].flatMap(words));
  const heldOut = new Set([...heldOutLabels].flatMap(words).filter((word) => !trained.has(word)));
  expect(heldOut.size).toBeGreaterThan(200);
  const names = chosenIcons(keptConcepts()).map(({ label }) => label);
  expect(names.length).toBeGreaterThan(4000);
  expect(names.filter((name) => heldOutLabels.has(name))).toEqual([]);
  const shown = names.filter((name) => !trainedLabels.has(name)).flatMap(words);
  expect(shown.filter((word) => heldOut.has(word))).toEqual([]);
});

test("names in other languages are of training concepts", () => {
  const { queries, corpus } = moreLabels(keptConcepts());
  const heldOut = new Set(
    keptConcepts().flatMap(({ split, hex }) => (split === "train" ? [] : [hex])),
  );
  expect(queries.length).toBeGreaterThan(10_000);
  expect(queries.filter(({ label }) => heldOut.has(label!))).toEqual([]);
  expect(corpus.size).toBeLessThan(queries.length);
});

test("characters are of the training split; a clip differs from its nearest mistakes", () => {
  const held = new Set(HELD_OUT.flatMap(characters));
  const chosen = moreGlyphs(40, hasMoment);
  expect(chosen.filter(({ char }) => held.has(char))).toEqual([]);
  for (const glyph of chosen) {
    const [forwards, backwards] = bothWays("more", glyph);
    expect(backwards.order).toEqual(forwards.order.toReversed());
    const starts = stretches("more", glyph).map(({ from }) => from);
    expect(new Set(starts).size).toBe(5);
    expect(starts[0]).toBe(glyph.radical[0]);
  }
});

test("lines of text are asked for by words that they show", async () => {
  const out = new Output(temporaryFolder(), () => {});
  const chosen = settable(synsets, "train").slice(0, 30);
  const task = await typesetLines(out, chosen);
  expect(task.queries.length).toBe(30);
  for (const [i, { item }] of task.queries.entries()) {
    const shown = `${chosen[i]!.lemmas[0]} ${chosen[i]!.gloss}`;
    for (const word of item.text!.split(" ")) expect(shown).toContain(word);
  }
});

describe("made-up pages", () => {
  const given = givenAway(readConcepts(), countries);
  const names = nameWords(trainingWords(usableSynsets(synsets, "train"), given), given);
  const invented = madeUpCountries(names, countries);

  test("name nothing that is held out, and half of the names are no words", () => {
    expect(names.filter(given)).toEqual([]);
    const lemmas = new Set(synsets.flatMap((synset) => synset.lemmas));
    const coined = names.filter((name) => !lemmas.has(name));
    expect(coined.length / names.length).toBeGreaterThan(0.3);
    const shown = invented.flatMap(({ name, capital, languages, borders }) => [
      name,
      capital!,
      ...languages,
      ...borders,
    ]);
    expect(shown.filter(given)).toEqual([]);
    expect(new Set(invented.map(({ name }) => name)).size).toBeGreaterThan(2300);
  });

  test("show flags, outlines and regions of training countries alone", () => {
    const trained = countries.filter(({ split }) => split === "train");
    const of = (key: "flag" | "outline" | "subregion"): Set<string> =>
      new Set(trained.map((country) => country[key]));
    for (const key of ["flag", "outline", "subregion"] as const) {
      const known = of(key);
      expect(invented.filter((country) => !known.has(country[key]))).toEqual([]);
    }
  });

  test("no package of that name has a page in the benchmark", () => {
    const packages = madeUpReadmes(names, ["a thing that is read"]).map(({ name }) => name);
    expect(new Set(packages).size).toBe(packages.length);
    expect(packages.filter((name) => README_PACKAGES.includes(name))).toEqual([]);
  });

  test("are set and asked as the benchmark's are", async () => {
    const out = new Output(temporaryFolder(), () => {});
    const few = invented.slice(0, 4);
    const sheets = await sheetTask(out, new TaskBuilder("more-sheets", "train"), {
      countries: few,
      questions: countryQuestions(few),
    });
    expect([...sheets.corpus.keys()]).toEqual(few.map(({ code }) => code));
    expect(sheets.queries.map(({ item }) => item.text)).toContain(
      `What is the capital of ${few[0]!.name}?`,
    );
    const tables = madeUpTables(names).slice(0, 4);
    const charts = tables.flatMap(({ table, rows }) => chartsOf(table, rows));
    const pages = await chartPages(out, new TaskBuilder("more-charts", "train"), charts);
    expect(pages.corpus.size).toBe(charts.length);
    expect(new Set(charts.map(({ mark }) => mark)).size).toBeGreaterThan(1);
    const readmes = madeUpReadmes(names, ["a thing that is read"]).slice(0, 3);
    const [headings, descriptions] = await readmeTasks(out, readmes, "train", {
      headings: "more-headings",
      descriptions: "more-descriptions",
    });
    expect(headings!.queries.length).toBeGreaterThan(readmes.length);
    expect(descriptions!.queries.map(({ item }) => item.text)).toEqual(["A thing that is read"]);
  });
});
