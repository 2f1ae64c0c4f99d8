/** @file Tasks made from random choices, with their media written to a folder. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { onTestFinished } from "vitest";
import type { BuiltTask } from "../../src/data/index.ts";
import type { Item, Modality, Query, Split } from "../../src/data/types.ts";

/** An empty folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-data-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function put(root: string, path: string, bytes: Uint8Array | string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

const MEDIA = Array.from({ length: 12 }, (_, i) => `media/${"abc"[i % 3]}/f ${i}.png`);

/** Writes the media that `anyTask` refers to: a byte each. */
export function putMedia(root: string): void {
  for (const [i, path] of MEDIA.entries()) put(root, path, Uint8Array.of(i));
}

const tricky = fc.constantFrom(
  "<|image_1|>",
  "<|image_1|> x",
  "Inst",
  "Inst x",
  "\n",
  " a ",
  "é ",
  "null",
  "0",
);
const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 8 }), tricky);
const someText = text.filter((value) => value !== "");
const path = fc.constantFrom(...MEDIA);

function itemOf(modality: Modality): fc.Arbitrary<Item> {
  const kinds: fc.Arbitrary<Item>[] = [fc.record({ text: someText })];
  const beside = (media: fc.Arbitrary<Item>): void => {
    kinds.push(
      media,
      fc.tuple(media, someText).map(([item, text]) => ({ ...item, text })),
    );
  };
  if (modality === "image" || modality === "video") beside(fc.record({ image: path }));
  if (modality === "video")
    beside(fc.record({ video: fc.array(path, { minLength: 1, maxLength: 4 }) }));
  if (modality === "visdoc") beside(fc.record({ document: path }));
  return fc.oneof(...kinds);
}

const id = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 }),
  fc.constantFrom("a|b:c", "1", "01", "a,b"),
);

type Shape = {
  readonly modality: Modality;
  readonly split: Split;
  readonly scope: "local" | "global";
};

function queriesOver(
  ids: readonly string[],
  { modality, split, scope }: Shape,
): fc.Arbitrary<Query[]> {
  const grade = fc.oneof(
    fc.constant(1),
    fc.integer({ min: 1, max: 5 }),
    fc.double({ min: 0.01, max: 9, noNaN: true }),
  );
  const query = fc
    .record({
      id,
      item: itemOf(modality),
      pool: fc.shuffledSubarray([...ids], { minLength: 1 }),
      positives: fc.integer({ min: 1, max: 3 }),
      grades: fc.array(grade, { minLength: 3, maxLength: 3 }),
      label: fc.option(text, { nil: undefined }),
      instruction: fc.option(text, { nil: undefined, freq: 5 }),
      withPool: fc.boolean(),
    })
    .map(({ id, item, pool, positives, grades, label, instruction, withPool }): Query => {
      const local = scope === "local" && (split !== "train" || withPool);
      const chosen = pool.slice(0, positives).map((positive, i) => [positive, grades[i]!] as const);
      return {
        id,
        item,
        positives: new Map(chosen),
        ...(local && { candidates: pool.toReversed() }),
        ...(label !== undefined && { label }),
        ...(instruction !== undefined && { instruction }),
      };
    });
  return fc.uniqueArray(query, { minLength: 1, maxLength: 5, selector: (q) => q.id });
}

/** Any task that `normalise` accepts. */
export const anyTask: fc.Arbitrary<BuiltTask> = fc
  .record({
    modality: fc.constantFrom<Modality>("text", "image", "video", "visdoc"),
    split: fc.constantFrom<Split>("train", "dev", "test"),
    scope: fc.constantFrom<"local" | "global">("local", "global"),
    instructions: fc.tuple(
      fc.constantFrom("", "Inst", "Find <|image_1|> it: "),
      fc.constantFrom("", "Inst"),
    ),
    ids: fc.uniqueArray(id, { minLength: 1, maxLength: 6 }),
    textOnly: fc.boolean(),
  })
  .chain(({ modality, split, scope, instructions, ids, textOnly }) =>
    fc
      .record({
        items: fc.array(textOnly ? fc.record({ text: someText }) : itemOf(modality), {
          minLength: ids.length,
          maxLength: ids.length,
        }),
        labels: fc.array(fc.option(text, { nil: undefined }), {
          minLength: ids.length,
          maxLength: ids.length,
        }),
        queries: queriesOver(ids, { modality, split, scope }),
      })
      .map(({ items, labels, queries }): BuiltTask => {
        const labelled = ids.flatMap((id, i) =>
          labels[i] === undefined ? [] : [[id, labels[i]] as const],
        );
        return {
          name: `any-${modality}`,
          modality,
          metaTask: "I-RET",
          kind: "synthetic",
          split,
          domain: null,
          scope,
          metric: "hit@1",
          queryInstruction: instructions[0],
          targetInstruction: instructions[1],
          temperatureGroup: "text",
          queries,
          corpus: new Map(ids.map((id, i) => [id, items[i]!])),
          ...(labelled.length > 0 && { labels: new Map(labelled) }),
        };
      }),
  );

/** A small image task with two queries and three candidates, to be bent by tests. */
export function smallTask(change: Partial<BuiltTask> = {}): BuiltTask {
  return {
    name: "small",
    modality: "image",
    metaTask: "I-CLS",
    kind: "real",
    split: "test",
    domain: "IND",
    scope: "local",
    metric: "hit@1",
    queryInstruction: "Classify.",
    targetInstruction: "",
    temperatureGroup: "image-classification",
    queries: [
      {
        id: "q1",
        item: { image: MEDIA[0]! },
        positives: new Map([["cat", 1]]),
        candidates: ["dog", "cat"],
        label: "cat",
      },
      {
        id: "q2",
        item: { image: MEDIA[1]! },
        positives: new Map([["dog", 1]]),
        candidates: ["cat", "dog", "owl"],
      },
    ],
    corpus: new Map([
      ["cat", { text: "a cat" }],
      ["dog", { text: "a dog" }],
      ["owl", { text: "an owl" }],
    ]),
    labels: new Map([["cat", "cat"]]),
    ...change,
  };
}
