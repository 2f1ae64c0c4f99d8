/** @file When the ablation page's report is made again: with every change of a member, old ones too, else not. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Report } from "../../src/plot/index.ts";
import { RunWriter } from "../../src/tracking/index.ts";
import { uiOver } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ablation-"));
const MEMBERS = 1_200;
let store: RunWriter;
let app: FastifyInstance;
let oldest: string;
let made = 0;
let failing = false;

beforeAll(async () => {
  store = RunWriter.open(join(home, "store"));
  const experimentId = store.getOrCreateExperiment("many");
  const ids = Array.from({ length: MEMBERS }, (_, i) =>
    store.insertRun({
      experimentId,
      startTime: 1_000 + i,
      status: "FINISHED",
      tags: { "rzenlab.member/many/quick": "{}" },
    }),
  );
  oldest = ids[0]!;
  app = await uiOver(store, async () => {
    if (failing) throw new Error("no statistics today");
    return { made: ++made } as unknown as Report;
  });
});
afterAll(async () => {
  await app.close();
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const page = async (): Promise<{ made?: number; error?: string }> =>
  (
    await app.inject({
      url: "/api/ui/experiments/many/ablation",
      headers: { host: "localhost" },
    })
  ).json();

test("a change of the oldest of 1,200 members is seen, one elsewhere makes nothing again", async () => {
  expect(await page()).toEqual({ made: 1 });
  expect(await page()).toEqual({ made: 1 });
  store.setTags(oldest, { "rzenlab.note": "scored once more" });
  expect(await page()).toEqual({ made: 2 });
  store.logEvaluation(oldest, [
    {
      task: "t",
      split: "test",
      metric: "hit@1",
      value: 0.5,
      n: 4,
      modality: "text",
      metaTask: "QA",
      domain: null,
      kind: "real",
    },
  ]);
  expect(await page()).toEqual({ made: 3 });
  store.insertRun({ experimentId: store.getOrCreateExperiment("another") });
  expect(await page()).toEqual({ made: 3 });
  store.deleteRun(oldest);
  expect(await page()).toEqual({ made: 4 });
});

test("a member that lies in another experiment counts, written by another process", async () => {
  using elsewhere = RunWriter.open(join(home, "store"));
  const experimentId = elsewhere.getOrCreateExperiment("another");
  elsewhere.insertRun({ experimentId, tags: { "rzenlab.member/many/ladder": "{}" } });
  expect(await page()).toEqual({ made: 5 });
  expect(await page()).toEqual({ made: 5 });
});

test("a report that failed is tried again", async () => {
  failing = true;
  store.restoreRun(oldest);
  expect(await page()).toEqual({ error: "no statistics today" });
  failing = false;
  expect(await page()).toEqual({ made: 6 });
});
