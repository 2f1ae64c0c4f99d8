/** @file Builds the pretraining pool: what stage 1 learns from beside the benchmark's training splits. */
import type { Concept } from "./concepts.ts";
import { chartPages } from "./chart-page.ts";
import { chartsOf } from "./charts.ts";
import { countryQuestions, readCountries, type Country } from "./countries.ts";
import { sheetTask } from "./country-sheet.ts";
import { dictionaryOf, settable } from "./dictionary.ts";
import { iconTask } from "./icons.ts";
import { madeUpCountries, madeUpReadmes, madeUpTables, nameWords } from "./made-up.ts";
import { moreLabels } from "./more-labels.ts";
import { moreWritingTasks } from "./more-writing.ts";
import type { BuiltTask, Output } from "./output.ts";
import { thin } from "./random.ts";
import { readmeTasks } from "./readme-page.ts";
import { TaskBuilder } from "./task-builder.ts";
import { classTask, glossTask, usableNouns } from "./text-tasks.ts";
import { typesetLines } from "./typeset-lines.ts";
import { typesetTasks } from "./typeset.ts";
import { lemmaSplit, readSynsets, usableSynsets, type Synset } from "./wordnet.ts";

/** Entries of the further dictionary, definitions set in lines. */
const ENTRIES = 7500;
const LINES = 12_000;
/** Questions on made-up sheets, and the most of these that may answer one. */
const QUESTIONS = 12_000;
const ANSWERS = 3;

/** Builds the pool's media under `out.root`, from training `concepts` alone, and hands over each task as it is done. */
export async function buildPretraining(
  out: Output,
  concepts: readonly Concept[],
  emit: (task: BuiltTask) => Promise<void>,
): Promise<void> {
  const synsets = readSynsets();
  const countries = readCountries();
  const given = givenAway(concepts, countries);
  const usable = usableSynsets(synsets, "train");
  await emit(await iconTask(out, concepts));
  const words = trainingWords(usable, given);
  for (const task of await typesetTasks(out, words)) await emit(task);
  const readable = settable(synsets, "train").filter(({ gloss }) => !given(gloss));
  const lines = thin(readable, LINES, ({ id }) => `lines ${id}`);
  await emit(await typesetLines(out, lines));
  const chosen = thin(readable, ENTRIES, ({ id }) => `more dictionary ${id}`);
  await emit(await dictionaryOf(out, "more-dictionary", { split: "train", chosen }));
  const sentences = lines.map(({ gloss }) => gloss);
  for (const task of await madeUpPages(out, {
    words: nameWords(words, given),
    sentences,
    countries,
  }))
    await emit(task);
  await emit(glossTask("more-glosses", "train", usable));
  const nouns = usableNouns(synsets, "train");
  await emit(classTask("more-classes", "train", { synsets, nouns }));
  await emit(moreLabels(concepts));
  for (const task of await moreWritingTasks(out)) await emit(task);
}

type Material = {
  readonly words: readonly string[];
  readonly sentences: readonly string[];
  readonly countries: readonly Country[];
};

/** Sheets, charts and manuals of things that don't exist, set as those of the benchmark. */
export async function madeUpPages(
  out: Output,
  { words, sentences, countries: real }: Material,
): Promise<BuiltTask[]> {
  const countries = madeUpCountries(words, real);
  const clear = countryQuestions(countries).filter(({ positives }) => positives.size <= ANSWERS);
  const questions = thin(clear, QUESTIONS, ({ id }) => `made-up question ${id}`);
  const charts = madeUpTables(words).flatMap(({ table, rows }) => chartsOf(table, rows));
  return [
    await sheetTask(out, new TaskBuilder("more-sheets", "train"), { countries, questions }),
    await chartPages(out, new TaskBuilder("more-charts", "train"), charts),
    ...(await readmeTasks(out, madeUpReadmes(words, sentences), "train", {
      headings: "more-headings",
      descriptions: "more-descriptions",
    })),
  ];
}

function namesIn(countries: readonly Country[]): string[] {
  return countries.flatMap(({ name, capital }) =>
    `${name} ${capital ?? ""}`.toLowerCase().split(/[^\p{L}]+/u),
  );
}

/** Whether a text is a held-out concept's label, or names a held-out country or capital. */
export function givenAway(
  concepts: readonly Concept[],
  countries: readonly Country[],
): (text: string) => boolean {
  const labels = new Set(concepts.flatMap(({ split, label }) => (split === "train" ? [] : label)));
  const shown = new Set(namesIn(countries.filter(({ split }) => split === "train")));
  const names = new Set(
    namesIn(countries.filter(({ split }) => split !== "train")).filter((word) => !shown.has(word)),
  );
  return (text) =>
    labels.has(text) ||
    text
      .toLowerCase()
      .split(/[^\p{L}]+/u)
      .some((word) => names.has(word));
}

/** Words and phrases to typeset: lemmas of training synsets that give nothing away. */
export function trainingWords(
  usable: readonly Synset[],
  given: (text: string) => boolean,
): string[] {
  return usable
    .flatMap(({ lemmas }) => lemmas)
    .filter((lemma) => lemma.length <= 20 && lemmaSplit(lemma) === "train" && !given(lemma));
}
