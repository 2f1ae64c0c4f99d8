/** @file Made-up countries, tables and packages. Nothing is known of them, so their pages can only be read. */
import { COUNTRY_COLOURS } from "./country-sheet.ts";
import type { Country } from "./countries.ts";
import { Stream } from "./random.ts";
import { README_PACKAGES } from "./readme-packages.ts";
import type { Readme } from "./readmes.ts";
import type { Row, TableSpec } from "./tables.ts";

const COUNTRIES = 2500;
const TABLES = 600;
const PACKAGES = 700;
const ROWS = 48;
/** Headings of many READMEs; the others are words. */
const HEADINGS = ["Installation", "Usage", "API", "Options", "License", "Examples", "Contributing"];
const COINS = ["dollar", "pound", "franc", "dinar", "krone", "peso", "shilling", "rupee"];

function title(text: string): string {
  return text.replaceAll(/(^|[ -])(\p{L})/gu, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });
}

function some<T>(count: number, make: (i: string) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(String(i).padStart(4, "0")));
}

/** Countries whose flag, outline and region are training countries', and whose names are `words`. */
export function madeUpCountries(words: readonly string[], real: readonly Country[]): Country[] {
  const known = real.filter(({ split }) => split === "train");
  return some(COUNTRIES, (i) => {
    const rng = new Stream(`made-up country ${i}`);
    const word = (): string => title(rng.pick(words));
    const { region, subregion } = rng.pick(known);
    const name = rng.uniform() < 0.2 ? `${word()} ${word()}` : word();
    return {
      code: `made-up-${i}`,
      flag: rng.pick(known).flag,
      outline: rng.pick(known).outline,
      name,
      split: "train",
      capital: word(),
      currency: `${title(name).split(" ")[0]!.slice(0, 8)} ${rng.pick(COINS)}`,
      languages: some(1 + rng.int(2), word),
      region: region in COUNTRY_COLOURS ? region : "Asia",
      subregion,
      borders: some(rng.int(4), word).toSorted(),
      area: Math.round(10 ** rng.between(2, 6.5)),
      landlocked: rng.uniform() < 0.2,
      demonym: word(),
      domain: `.${name.toLowerCase().slice(0, 2)}`,
    };
  });
}

/** Tables of one or two numbers by a category and, half of them, by year. */
export function madeUpTables(words: readonly string[]): { table: TableSpec; rows: Row[] }[] {
  return some(TABLES, (i) => {
    const rng = new Stream(`made-up table ${i}`);
    const word = (): string => rng.pick(words);
    const timed = rng.uniform() < 0.5;
    const members = some(3 + rng.int(5), word).map((name) => ({ name, level: rng.between(1, 9) }));
    const scale = 10 ** rng.between(-1, 5);
    const rows = some(ROWS, (at) => {
      const { name, level } = rng.pick(members);
      const year = 1950 + Number(at);
      return {
        what: scale * level * rng.between(0.8, 1.2),
        other: rng.between(0, 100),
        by: name,
        ...(timed && { year }),
      };
    });
    const table: TableSpec = {
      file: `made-up-${i}.csv`,
      family: "made-up",
      subject: `${rng.uniform() < 0.5 ? `${word()} ` : ""}${word()}s`,
      numbers: { what: word(), other: word() },
      categories: { by: word() },
      ...(timed && { time: "year" }),
    };
    return { table, rows };
  });
}

/** Packages with a description and a few sections of `sentences`. */
export function madeUpReadmes(words: readonly string[], sentences: readonly string[]): Readme[] {
  const taken = new Set<string>(README_PACKAGES);
  return some(PACKAGES, (i): Readme => {
    const rng = new Stream(`made-up package ${i}`);
    const word = (): string => rng.pick(words);
    const [scope, head, tail] = [word(), word(), word()];
    const name = rng.uniform() < 0.15 ? `@${scope}/${head}` : `${head}-${tail}`;
    const sentence = rng.pick(sentences);
    const description = sentence[0]!.toUpperCase() + sentence.slice(1);
    const section = (): string => {
      const heading =
        rng.uniform() < 0.4 ? rng.pick(HEADINGS) : title(some(1 + rng.int(3), word).join(" "));
      const body = some(1 + rng.int(3), () => rng.pick(sentences)).join(".\n\n");
      const code = rng.uniform() < 0.3 ? `\n\n\`\`\`\n${rng.pick(words)}()\n\`\`\`` : "";
      return `## ${heading}\n\n${body}.${code}`;
    };
    const markdown = [`# ${name}`, description, ...some(2 + rng.int(4), section)].join("\n\n");
    return { name, description, split: "train", markdown };
  }).filter(({ name }) => !taken.has(name) && taken.add(name));
}

/**
 * Words of one part, short enough to stand as names, and as many coined from the head of one and the
 * tail of another: names are rarely words. None is `given` away.
 */
export function nameWords(words: readonly string[], given: (text: string) => boolean): string[] {
  const short = [...new Set(words.filter((word) => /^[a-z]{3,11}$/.test(word)))].toSorted();
  const rng = new Stream("coined names");
  const coined = short.map((word) => {
    const other = rng.pick(short);
    return word.slice(0, Math.ceil(word.length / 2)) + other.slice(Math.ceil(other.length / 2));
  });
  return [...short, ...new Set(coined)].filter((name) => !given(name));
}
