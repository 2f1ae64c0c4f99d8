/** @file A task's parts must fit, and chance is what a random ranking scores. */
import { expect, test } from "vitest";
import { chanceOf } from "../../../src/data/mini/chance.ts";
import { miniTask } from "../../../src/data/mini/index.ts";
import { Stream } from "../../../src/data/mini/random.ts";
import { TaskBuilder } from "../../../src/data/mini/task-builder.ts";
import type { Query } from "../../../src/data/types.ts";

function builder(): TaskBuilder {
  return new TaskBuilder("scene-where", "dev")
    .candidate("a", { text: "a" })
    .candidate("b", { text: "b" });
}

test("a built task carries its table row", () => {
  const task = builder()
    .query({ id: "q", item: { text: "?" }, positives: ["a", "b"], candidates: ["a", "b"] })
    .build();
  expect(task).toMatchObject({
    name: "scene-where",
    split: "dev",
    metaTask: "I-QA",
    kind: "composed",
    metric: "hit@1",
  });
  expect(task.queries[0]!.positives).toEqual(
    new Map([
      ["a", 1],
      ["b", 1],
    ]),
  );
});

test("parts that do not fit are named", () => {
  const item = { text: "?" };
  expect(() => builder().candidate("a", { text: "other" })).toThrow(
    'scene-where/dev: candidate a is both {"text":"a"} and {"text":"other"}',
  );
  expect(() =>
    builder().query({ id: "q", item, positives: "a" }).query({ id: "q", item, positives: "b" }),
  ).toThrow("scene-where/dev: query q appears twice");
  expect(() => builder().query({ id: "q", item, positives: [] }).build()).toThrow(
    "scene-where/dev: query q has no positive",
  );
  expect(() => builder().query({ id: "q", item, positives: "c" }).build()).toThrow(
    "scene-where/dev: positive c of q is not in the corpus",
  );
  expect(() =>
    builder()
      .query({ id: "q", item, positives: "a", candidates: ["b"] })
      .build(),
  ).toThrow("scene-where/dev: positive a of q is not among its candidates");
  expect(() =>
    builder()
      .query({ id: "q", item, positives: "a", candidates: ["a", "c"] })
      .build(),
  ).toThrow("scene-where/dev: candidate c of q is not in the corpus");
});

test("a task that is not in the table is refused", () => {
  expect(() => miniTask("emoji")).toThrow(
    "no mini-MMEB task emoji; there are emoji-group, emoji-subgroup",
  );
});

test("chance of hit@1 is the share of positives in the pool", () => {
  const corpus = new Map("abcdefgh".split("").map((id) => [id, { text: id }]));
  const query = (positives: string[], candidates?: string[]): Query => ({
    id: positives.join(""),
    item: { text: "?" },
    positives: new Map(positives.map((id) => [id, 1])),
    ...(candidates && { candidates }),
  });
  expect(
    chanceOf({
      metric: "hit@1",
      corpus,
      queries: [query(["a"]), query(["a", "b"], ["a", "b", "c", "d"])],
    }),
  ).toBe((1 / 8 + 1 / 2) / 2);
});

test("chance of nDCG@5 is the mean over random rankings", () => {
  const corpus = new Map(Array.from({ length: 12 }, (_, i) => [`p${i}`, { text: `${i}` }]));
  const grades = new Map([
    ["p1", 2],
    ["p4", 1],
    ["p5", 1],
  ]);
  const chance = chanceOf({
    metric: "ndcg_linear@5",
    corpus,
    queries: [{ id: "q", item: { text: "?" }, positives: grades }],
  });
  const stream = new Stream("rankings");
  const dcg = (ranked: number[]): number =>
    ranked.slice(0, 5).reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);
  let total = 0;
  const rounds = 20_000;
  for (let i = 0; i < rounds; i++) {
    const ranked = stream.shuffle([...corpus.keys()]).map((id) => grades.get(id) ?? 0);
    total += dcg(ranked) / dcg([2, 1, 1]);
  }
  expect(chance).toBeCloseTo(total / rounds, 2); // standard error 0.002
});
