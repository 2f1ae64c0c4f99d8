import { expect, test } from "vitest";
import { MMEB_V2, mainScores, parseScoreFile } from "../../src/eval/index.ts";
import type { Evaluation } from "../../src/tracking/index.ts";
import { type Scored, leaderboardFile } from "../../src/ui/server/leaderboard.ts";

const row = (task: string, metric: string, value: number): Evaluation => ({
  runId: "r1",
  benchmark: "MMEB-V2",
  task,
  split: "test",
  metric,
  value,
  n: 100,
  modality: "image",
  metaTask: "I-CLS",
  domain: null,
  kind: "real",
  digest: null,
  perQuery: null,
});
const [first, second] = MMEB_V2;
const tags = {
  "mmeb.model_backbone": "Qwen2-VL",
  "mmeb.model_size": "2.21B",
  "mmeb.model_release_date": "2026-11-23",
  "mmeb.url": "https://example.org",
  "mmeb.embedding_dimension": "1536",
  "mmeb.max_length_tokens": "4096",
};
const run: Scored = {
  id: "r1",
  name: "ours",
  tags,
  rows: [
    row(first!.name, first!.metric, 0.5),
    row(second!.name, second!.metric, 0.25),
    row("emoji-small", "hit@1", 1),
  ],
  date: "2026-11-23T00:00:00.000Z",
};

test("the file is one that the reader of score files takes, with the scores that were recorded", () => {
  const file = parseScoreFile(JSON.parse(JSON.stringify(leaderboardFile(run))));
  expect(file.modelName).toBe("ours");
  expect(file.entries.map(({ task }) => task.name)).toEqual([first!.name, second!.name]);
  expect(mainScores(file).map(({ score }) => score)).toEqual([0.5, 0.25]);
  expect(file.unavailable.size).toBe(MMEB_V2.length - 2);
});

test("what a file needs and the run lacks is named", () => {
  const made = (change: Partial<Scored>) => () => leaderboardFile({ ...run, ...change });
  expect(made({ rows: [row("emoji-small", "hit@1", 1)] })).toThrow(
    "run r1 can't be a leaderboard file: it has no score on any of MMEB-V2's 78 data sets",
  );
  const { "mmeb.url": _, ...rest } = tags;
  expect(made({ tags: rest })).toThrow(
    "run r1 can't be a leaderboard file: set its tags mmeb.url first",
  );
  expect(made({ tags: { ...tags, "mmeb.embedding_dimension": "many" } })).toThrow(
    'its tag mmeb.embedding_dimension is "many", expected a whole number above 0',
  );
});
