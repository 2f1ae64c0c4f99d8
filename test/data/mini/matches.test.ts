/** @file What truly matches is recorded: positives are complete, labels name every false negative. */
import { expect, test } from "vitest";
import type { Split, Task } from "../../../src/data/index.ts";
import { readConcepts } from "../../../src/data/mini/concepts.ts";
import { readCountries } from "../../../src/data/mini/countries.ts";
import { MINI_TASKS } from "../../../src/data/mini/index.ts";
import { taskOf, useBuilt } from "./built.ts";

const SPLITS: readonly Split[] = ["train", "dev", "test"];
const built = useBuilt();

/** Pairs of different queries and their first positives that truly match, among the first 200 queries. */
function falseNegatives(task: Task): number {
  const rows = task.queries
    .slice(0, 200)
    .map((query) => ({ query, target: [...query.positives.keys()][0]! }));
  let count = 0;
  for (const [i, { query }] of rows.entries()) {
    for (const [j, { target }] of rows.entries()) {
      const labelled = query.label !== undefined && task.labels?.get(target) === query.label;
      if (i !== j && (query.positives.has(target) || labelled)) count++;
    }
  }
  return count;
}

test("every task of the table is built, with the splits it promises", () => {
  const testOnly = ["emoji-subgroup-ood", "label-to-image-ood", "cross-style-ood"];
  const names = MINI_TASKS.map(({ name }) => name).toSorted();
  const of = (split: Split): string[] => built.tasks[split].map(({ name }) => name).toSorted();
  expect(of("train")).toEqual(names.filter((name) => !testOnly.includes(name)));
  expect(of("dev")).toEqual(names.filter((name) => !testOnly.includes(name)));
  expect(of("test")).toEqual(names);
});

test("the benchmark covers the meta-tasks it claims", () => {
  const metaTasks = new Set(built.tasks.test.map(({ metaTask }) => metaTask));
  for (const metaTask of [
    "I-CLS",
    "I-QA",
    "I-RET",
    "I-VG",
    "V-CLS",
    "V-QA",
    "V-RET",
    "V-MRET",
    "D-RET",
    "T-RET",
    "T-CLS",
  ]) {
    expect(metaTasks, metaTask).toContain(metaTask);
  }
  expect(built.tasks.test.length).toBeGreaterThanOrEqual(20);
});

test("classification batches hold many false negatives and all are labelled", () => {
  for (const name of [
    "emoji-group",
    "emoji-subgroup",
    "motion-class",
    "wordnet-class",
    "scene-where",
  ]) {
    expect(falseNegatives(taskOf(built.tasks.train, name)), name).toBeGreaterThan(100);
  }
});

test("a query's positives carry its label wherever both are labelled", () => {
  for (const task of SPLITS.flatMap((split) => built.tasks[split])) {
    if (!task.labels) continue;
    for (const { id, label, positives } of task.queries) {
      for (const positive of positives.keys()) {
        expect(task.labels.get(positive), `${task.name}/${task.split} ${id}`).toBe(label);
      }
    }
  }
});

test("local test pools hold no second candidate with the query's label", () => {
  for (const task of built.tasks.test.filter(({ scope, labels }) => scope === "local" && labels)) {
    for (const { id, label, positives, candidates } of task.queries) {
      const alike = candidates!.filter(
        (one) => task.labels!.get(one) === label && !positives.has(one),
      );
      expect(alike, `${task.name} ${id}`).toEqual([]);
    }
  }
});

test("every concept that carries a query's keywords is a positive, and no other", () => {
  const tagsOf = new Map(readConcepts().map(({ hex, tags }) => [hex, tags]));
  const hexOf = (id: string): string => /([^/]+)\.png$/.exec(id)![1]!;
  for (const split of SPLITS) {
    const task = taskOf(built.tasks[split], "keywords-to-image");
    const hexes = [...task.corpus.keys()].map((id) => ({ id, tags: tagsOf.get(hexOf(id))! }));
    for (const { item, positives, candidates } of task.queries.slice(0, 300)) {
      const keywords = item.text!.split(", ");
      const pool = candidates && new Set(candidates);
      const carriers = hexes.filter(
        ({ id, tags }) => (!pool || pool.has(id)) && keywords.every((word) => tags.includes(word)),
      );
      expect([...positives.keys()].toSorted(), item.text).toEqual(
        carriers.map(({ id }) => id).toSorted(),
      );
    }
  }
});

test("every sheet that states a shared fact is a positive of the question on it", () => {
  const { queries, corpus } = taskOf(built.tasks.test, "country-sheet");
  const sheets = readCountries().filter(({ code }) => corpus.has(code));
  const euro = queries.find(({ item }) => item.text === "Which countries use the Euro?")!;
  expect([...euro.positives.keys()].toSorted()).toEqual(
    sheets.filter(({ currency }) => currency === "Euro").map(({ code }) => code),
  );
  expect(euro.positives.size).toBeGreaterThan(2);
});

test("a question on neighbours grades the country's own sheet above its neighbours'", () => {
  const { queries, corpus } = taskOf(built.tasks.train, "country-sheet");
  const asked = queries.filter(({ id }) => id.startsWith("borders:"));
  expect(asked.length).toBeGreaterThan(50);
  const names = new Map(readCountries().map((country) => [country.code, country]));
  for (const { id, positives } of asked) {
    const own = names.get(id.slice("borders:".length))!;
    const neighbours = [...corpus.keys()].filter((code) =>
      names.get(code)!.borders.includes(own.name),
    );
    expect(positives).toEqual(
      new Map([[own.code, 2], ...neighbours.map((code): [string, number] => [code, 1])]),
    );
  }
});

test("no two queries of a document task ask the same of different pages", () => {
  for (const split of SPLITS) {
    for (const task of built.tasks[split].filter(({ modality }) => modality === "visdoc")) {
      const asked = new Map<string, string>();
      for (const { item, positives } of task.queries) {
        const pages = JSON.stringify([...positives.keys()].toSorted());
        expect(asked.get(item.text!) ?? pages, `${task.name}/${split}: ${item.text}`).toBe(pages);
        asked.set(item.text!, pages);
      }
    }
  }
});
