/** @file Text-only tasks: definitions and labels in other languages. */
import type { Split } from "../types.ts";
import { joinKey, type Concept } from "./concepts.ts";
import { QUERY_CAP } from "./emoji-pictures.ts";
import type { BuiltTask } from "./output.ts";
import { thin } from "./random.ts";
import { packageJson } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";
import { usableSynsets, type Synset } from "./wordnet.ts";

/** Common words are drawn from this many times the queries needed. */
const CHOICE = 2;

/** Definition -> word. */
export function glossTask(name: string, split: Split, synsets: readonly Synset[]): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const { id, lemmas, gloss } of synsets) {
    const word = lemmas[0]!;
    task.candidate(word, { text: word }, word);
    task.query({ id, item: { text: gloss }, positives: word, label: word });
  }
  return task.build();
}

function wordnetGloss(synsets: readonly Synset[], split: Split): BuiltTask {
  const common = usableSynsets(synsets, split).slice(0, CHOICE * QUERY_CAP[split]);
  const chosen = thin(common, QUERY_CAP[split], (synset) => `gloss ${synset.id}`);
  return glossTask("wordnet-gloss", split, chosen);
}

/** Definition -> lexicographer class; `nouns` have one. */
export function classTask(
  name: string,
  split: Split,
  { synsets, nouns }: { readonly synsets: readonly Synset[]; readonly nouns: readonly Synset[] },
): BuiltTask {
  const task = new TaskBuilder(name, split);
  const classes = [...new Set(synsets.flatMap((synset) => synset.nounClass ?? []))].toSorted();
  for (const text of classes) task.candidate(text, { text }, text);
  for (const { id, gloss, nounClass } of nouns) {
    task.query({ id, item: { text: gloss }, positives: nounClass!, label: nounClass! });
  }
  return task.build();
}

function wordnetClass(synsets: readonly Synset[], split: Split): BuiltTask {
  const common = usableNouns(synsets, split).slice(0, CHOICE * QUERY_CAP[split]);
  const nouns = thin(common, QUERY_CAP[split], (synset) => `class ${synset.id}`);
  return classTask("wordnet-class", split, { synsets, nouns });
}

/** Usable synsets of nouns that have a class. */
export function usableNouns(synsets: readonly Synset[], split: Split): Synset[] {
  return usableSynsets(synsets, split).filter((synset) => synset.nounClass !== undefined);
}

/** Languages written in Latin letters, which the vocabulary covers. */
export const LANGUAGES = ["da", "de", "es", "fr", "it", "nl", "pt", "sv"] as const;

function crossLanguage(concepts: readonly Concept[], split: Split): BuiltTask {
  const task = new TaskBuilder("cross-language-label", split);
  const byHex = new Map(concepts.map((concept) => [concept.hex, concept]));
  for (const { hex, label } of concepts) task.candidate(label, { text: label }, hex);
  const pairs = LANGUAGES.flatMap((language) =>
    (packageJson("emojibase-data", `${language}/data.json`) as { label: string; hexcode: string }[])
      .map((row) => ({ language, hex: joinKey(row.hexcode), text: row.label.toLowerCase() }))
      .filter(({ hex, text }) => byHex.has(hex) && text !== byHex.get(hex)!.label),
  );
  for (const { language, hex, text } of thin(
    pairs,
    QUERY_CAP[split],
    (pair) => `language ${pair.language} ${pair.hex}`,
  )) {
    task.query({
      id: `${language}:${hex}`,
      item: { text },
      positives: byHex.get(hex)!.label,
      label: hex,
    });
  }
  return task.build();
}

export function textTasks(
  all: readonly Concept[],
  synsets: readonly Synset[],
  split: Split,
): BuiltTask[] {
  const concepts = all.filter((concept) => concept.split === split);
  return [
    wordnetGloss(synsets, split),
    wordnetClass(synsets, split),
    crossLanguage(concepts, split),
  ];
}
