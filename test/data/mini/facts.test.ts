/** @file Facts read from the packages: countries, synsets, tables, READMEs. */
import { expect, test } from "vitest";
import { countryQuestions, readCountries } from "../../../src/data/mini/countries.ts";
import { chartsOf } from "../../../src/data/mini/charts.ts";
import { shortNumber } from "../../../src/data/mini/chart-page.ts";
import { countryTask } from "../../../src/data/mini/country-sheet.ts";
import { Output } from "../../../src/data/mini/output.ts";
import { readmeBlocks, readReadmes } from "../../../src/data/mini/readmes.ts";
import { README_PACKAGES } from "../../../src/data/mini/readme-packages.ts";
import { setReadme } from "../../../src/data/mini/readme-page.ts";
import { readTable, TABLES, yearOf } from "../../../src/data/mini/tables.ts";
import {
  lemmaSplit,
  readSynsets,
  synsetSplit,
  usableSynsets,
} from "../../../src/data/mini/wordnet.ts";
import { temporaryFolder } from "../support.ts";

test("France's facts are France's", () => {
  const france = readCountries().find(({ code }) => code === "fra")!;
  expect(france).toMatchObject({
    name: "France",
    capital: "Paris",
    currency: "Euro",
    domain: ".fr",
    demonym: "French",
    flag: "fr",
  });
  expect(france.borders).toContain("Belgium");
});

test("a capital that two countries share has both as answers", () => {
  const questions = countryQuestions(readCountries());
  const kingston = questions.find(
    ({ text }) => text === "Which country has the capital Kingston?",
  )!;
  expect([...kingston.positives.keys()]).toEqual(["jam", "nfk"]);
  expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
});

test("a sheet that is too full for its page is named", async () => {
  const france = readCountries().find(({ code }) => code === "fra")!;
  const full = { ...france, languages: Array.from({ length: 200 }, (_, i) => `language ${i}`) };
  const out = new Output(temporaryFolder(), () => {});
  await expect(countryTask(out, [full], france.split)).rejects.toThrow(
    "mini-MMEB: the sheet of France does not fit its page",
  );
});

test("every package whose README is set as pages is installed here", () => {
  const read = new Set(readReadmes().map(({ name }) => name));
  expect(README_PACKAGES.filter((name) => !read.has(name))).toEqual([]);
});

test("a synset is used only where all its lemmas fall in one split", () => {
  const base = { id: "n1", gloss: "a thing", nounClass: undefined, count: 0 };
  const word = (split: string): string =>
    Array.from({ length: 200 }, (_, i) => `word${"abcdefghij"[i % 10]}${i}x`).find(
      (each) => lemmaSplit(each) === split,
    )!;
  expect(synsetSplit({ ...base, lemmas: [word("test")] })).toBe("test");
  expect(synsetSplit({ ...base, lemmas: [word("test"), word("train")] })).toBeUndefined();
  expect(lemmaSplit("ice cream")).toBe(lemmaSplit("ice-creams"));
});

test("no gloss that is asked gives its word away", () => {
  const synsets = readSynsets();
  expect(synsets.length).toBeGreaterThan(90_000);
  const usable = usableSynsets(synsets, "test");
  expect(usable.length).toBeGreaterThan(5000);
  for (const { lemmas, gloss } of usable)
    expect(
      lemmas.some((lemma) => gloss.includes(lemma)),
      gloss,
    ).toBe(false);
  const dog = synsets.find(({ lemmas }) => lemmas.includes("canis familiaris"))!;
  expect(dog).toMatchObject({
    nounClass: "animal",
    lemmas: ["dog", "domestic dog", "canis familiaris"],
  });
});

test("every table gives charts, at most twenty, with different questions", () => {
  for (const table of TABLES) {
    const charts = chartsOf(table);
    expect(charts.length, table.file).toBeGreaterThan(0);
    expect(charts.length, table.file).toBeLessThanOrEqual(20);
    expect(new Set(charts.map(({ title }) => title)).size, table.file).toBe(charts.length);
  }
}, 120_000);

test("a bar is the mean of its rows", () => {
  const cars = TABLES.find(({ file }) => file === "cars.json")!;
  const chart = chartsOf(cars).find(({ id }) => id === "cars-bar-horsepower-origin")!;
  const rows = readTable(cars).filter(
    (row) => row["Origin"] === "Japan" && typeof row["Horsepower"] === "number",
  );
  const mean = rows.reduce((sum, row) => sum + Number(row["Horsepower"]), 0) / rows.length;
  expect(
    chart.mark === "bar" && chart.bars.find(({ name }) => name === "Japan")!.value,
  ).toBeCloseTo(mean, 10);
});

test("quoted cells keep their commas and missing ones are left out", () => {
  const strikes = readTable(TABLES.find(({ file }) => file === "birdstrikes.csv")!);
  expect(strikes.length).toBe(10_000);
  const airports = readTable(TABLES.find(({ file }) => file === "airports.csv")!);
  expect(airports.every((row) => typeof row["latitude"] === "number")).toBe(true);
  const movies = readTable(TABLES.find(({ file }) => file === "movies.json")!);
  expect("US DVD Sales" in movies[0]!).toBe(false);
});

test("dates of every table become years", () => {
  expect([
    yearOf("1970-07-01"),
    yearOf("2001/01/01 00:47"),
    yearOf("Mar 1 2004"),
    yearOf(1850),
    yearOf("soon"),
    yearOf(undefined),
  ]).toEqual([1970.5, 2001, 2004 + 2 / 12, 1850, undefined, undefined]);
  for (const table of TABLES.filter(({ time }) => time !== undefined)) {
    expect(yearOf(readTable(table)[0]![table.time!]), table.file).toBeGreaterThan(1500);
  }
});

test("numbers are shortened to what fits a tick", () => {
  expect([1234567, 12345, 1234.5, 0.01234, 0, -10.76, 9.39e9].map(shortNumber)).toEqual([
    "1.23M",
    "12.3k",
    "1235",
    "0.0123",
    "0",
    "-10.8",
    "9.39B",
  ]);
});

const MARKDOWN = `# Title ![badge](x.svg)

Some *text* with a [link](https://x) and <b>HTML</b>.
<!-- hidden
over lines -->
## Use

- first
- second \`code\`

| a | b |
| - | - |
| 1 | 2 |

\`\`\`js
const x = 1;
# not a heading
\`\`\`
`;

test("README blocks are headings, plain text and code", () => {
  expect(readmeBlocks(MARKDOWN)).toEqual([
    { kind: "heading", text: "Title" },
    { kind: "text", text: "Some text with a link and HTML." },
    { kind: "heading", text: "Use" },
    { kind: "text", text: "- first" },
    { kind: "text", text: "- second code" },
    { kind: "text", text: "a b" },
    { kind: "text", text: "1 2" },
    { kind: "code", text: "const x = 1;" },
    { kind: "code", text: "# not a heading" },
  ]);
});

test("a heading never stands last on a page, and a section's later pages name it", () => {
  const blocks = Array.from({ length: 30 }, (_, i) => [
    { kind: "heading" as const, text: `Part ${i}` },
    { kind: "text" as const, text: "word ".repeat(3 + ((i * 37) % 120)) },
  ]).flat();
  const pages = setReadme(blocks);
  expect(pages.length).toBeGreaterThan(5);
  for (const { lines } of pages) {
    expect(lines.length).toBeLessThanOrEqual(16);
    expect(lines.at(-1)!.kind).toBe("text");
  }
  const later = pages.findIndex(({ headings }) => headings[0]?.starts === false);
  expect(later).toBeGreaterThan(0);
  expect(pages[later]!.headings[0]!.text).toBe(pages[later - 1]!.headings.at(-1)!.text);
});
