/** @file Any runs' configurations against one of them: paired by seed and data set, refused where they don't pair. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NewEvaluation, RunWriter } from "../../src/tracking/index.ts";
import { pairedPage } from "../../src/ui/server/paired.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-paired-"));
let store: RunWriter;
let experimentId: number;
let made = 0;

/** A run scored on two image sets, a video set and a text set. */
function run(recipe: string, seed: number, score: number, rest: Partial<NewEvaluation> = {}): void {
  const id = store.insertRun({
    experimentId,
    name: `${recipe} ${seed}`,
    startTime: ++made,
    params: { recipe, seed },
  });
  const sets = ["image-a image", "image-b image", "video-a video", "text-a text"];
  store.logEvaluation(
    id,
    sets.map((set, i): NewEvaluation => {
      const [task, modality] = set.split(" ") as [string, string];
      const value = score + i / 100 + seed / 1000;
      const what = { task, modality, metaTask: "t", domain: null, kind: "k" } as const;
      return { ...what, split: "test", metric: "hit@1", value, n: 10, digest: "d", ...rest };
    }),
  );
}

beforeAll(() => {
  store = RunWriter.open(join(home, "store"));
  experimentId = store.getOrCreateExperiment("pairs");
  for (const seed of [0, 1, 2]) {
    run("base", seed, 0.3);
    run("+HW", seed, 0.35 + seed / 100);
  }
  run("alone", 7, 0.9);
  run("other data", 0, 0.9, { digest: "e" });
  run("other set", 0, 0.9, { task: "new" });
});
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const serials = (): number[] =>
  store.connection
    .prepare<[], number>("SELECT serial FROM runs ORDER BY start_time DESC")
    .pluck()
    .all();

test("differences are the means of pairs, by modality; text counts in no overall", () => {
  const page = pairedPage(store, serials());
  expect(page.against).toBe("base");
  expect(page.names).toEqual(["base", "+HW", "alone", "other data", "other set"]);
  expect(page.modalities).toEqual(["image", "text", "video"]);
  const row = page.rows.find(({ name }) => name === "+HW")!;
  expect([row.seeds, row.problem]).toEqual([3, null]);
  expect(row.overall!.mean).toBeCloseTo(0.06, 10);
  expect(row.overall!.n).toBe(9);
  expect(row.modalities["image"]).toMatchObject({ n: 6, pHolm: null });
  expect(row.modalities["image"]!.low).toBeGreaterThan(0.05);
  expect(row.modalities["image"]!.high).toBeLessThan(0.07);
  expect(row.modalities["text"]!.n).toBe(3);
  // The only difference of the family: Holm's correction leaves it as it is.
  expect(row.overall!.pHolm).toBe(row.overall!.p);
});

test("against another, signs turn", () => {
  const row = pairedPage(store, serials(), "+HW").rows.find(({ name }) => name === "base")!;
  expect(row.overall!.mean).toBeCloseTo(-0.06, 10);
  expect(pairedPage(store, serials(), "gone").against).toBe("base");
});

test("what doesn't pair is refused, with the reason", () => {
  const { rows } = pairedPage(store, serials());
  const problems = Object.fromEntries(rows.map(({ name, problem }) => [name, problem]));
  expect(problems).toMatchObject({
    alone: "no seed in common",
    "other data": "data set image-a had other contents",
    "other set":
      "scored on different data sets: only one has new, image-a, image-b, text-a, video-a",
  });
  expect(pairedPage(store, [])).toMatchObject({ names: [], against: "", rows: [], left: 0 });
});
