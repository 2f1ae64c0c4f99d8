/** @file What the runs table is served: pages of rows, in any order, of any filter, and what is refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RunWriter } from "../../src/tracking/index.ts";
import { encodeRuns } from "../../src/ui/run-code.ts";
import type { Curves, ExperimentCard, RunTable } from "../../src/ui/server/types.ts";
import { uiOver } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-table-"));
let store: RunWriter;
let app: FastifyInstance;
let ids: string[];

/** Ten runs of alpha 0 to 9; run 4 has a NaN and run 5 no score, run 9 another experiment's name. */
beforeAll(async () => {
  store = RunWriter.open(join(home, "store"));
  const experimentId = store.getOrCreateExperiment("ten");
  ids = Array.from({ length: 10 }, (_, i) => {
    const id = store.insertRun({
      experimentId,
      name: `run ${i}`,
      startTime: 1_000 + i,
      status: i === 3 ? "FAILED" : "FINISHED",
      params: { alpha: i, "learning rate": "x", half: i < 5 ? "low" : "high" },
      tags: { note: `n${i % 2}`, "rzenlab.member/ten/quick": "{}" },
    });
    if (i !== 5) store.logMetrics(id, [{ key: "score", value: i === 4 ? NaN : i / 10, step: 1 }]);
    return id;
  });
  app = await uiOver(store);
});
afterAll(async () => {
  await app.close();
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const ask = (what: string, query: Record<string, string> = {}) =>
  app.inject({
    url: `/api/ui/experiments/ten/${what}?${new URLSearchParams(query).toString()}`,
    headers: { host: "localhost" },
  });
const table = async (query: Record<string, string>): Promise<RunTable> =>
  (await ask("runs", query)).json();
const names = async (query: Record<string, string>): Promise<string> =>
  (await table(query)).rows.map(({ name }) => name.replace("run ", "")).join(" ");

describe("rows", () => {
  test("come in pages, newest first, with the columns asked for and no others", async () => {
    const page = await table({ offset: "2", limit: "3", columns: "params.alpha,metrics.score" });
    expect([page.total, page.of, page.offset, page.groups]).toEqual([10, 10, 2, null]);
    expect(page.rows.map(({ params }) => params)).toEqual([
      { alpha: "7" },
      { alpha: "6" },
      { alpha: "5" },
    ]);
    expect(page.rows.map(({ metrics }) => metrics)).toEqual([{ score: 0.7 }, { score: 0.6 }, {}]);
    expect(page.rows[0]!.tags).toEqual({});
    const [whole] = (await table({ columns: "*", limit: "1" })).rows;
    expect(Object.keys(whole!.params)).toEqual(["alpha", "half", "learning rate"]);
    expect(whole!.tags["note"]).toBe("n1");
  });

  test("in any order, what is no number after all numbers", async () => {
    expect(await names({ sort: "params.alpha" })).toBe("0 1 2 3 4 5 6 7 8 9");
    expect(await names({ sort: "-metrics.score" })).toBe("9 8 7 6 3 2 1 0 4 5");
    expect(await names({ sort: "metrics.score" })).toBe("0 1 2 3 6 7 8 9 4 5");
    expect(await names({ sort: "params.learning rate", limit: "2" })).toBe("9 8");
    const nan = (await table({ filter: "run_name = 'run 4'", columns: "metrics.score" })).rows[0];
    expect(nan!.metrics).toEqual({ score: null });
  });

  test("that pass a filter, or are named by id or by code", async () => {
    expect(await names({ filter: "params.alpha < 3 OR status = 'FAILED'" })).toBe("3 2 1 0");
    expect(await names({ runs: `${ids[2]},${ids[7]}` })).toBe("7 2");
    const serials = (await ask("serials", { filter: "params.alpha < 3" })).json<number[]>();
    expect(serials).toHaveLength(3);
    expect(await names({ runs: encodeRuns(serials), filter: "params.alpha > 0" })).toBe("2 1");
    expect((await ask("serials", { offset: "1", limit: "1" })).json()).toHaveLength(1);
  });

  test("in groups one after another, with mean and deviation of what is in view", async () => {
    const page = await table({ group: "params.half", columns: "metrics.score", limit: "6" });
    expect(page.rows.map(({ name }) => name)).toEqual([9, 8, 7, 6, 5, 4].map((i) => `run ${i}`));
    expect(page.groups).toEqual([
      {
        value: "high",
        count: 5,
        means: {
          "metrics.score": {
            n: 4,
            mean: expect.closeTo(0.75) as number,
            sd: expect.closeTo(0.1291, 4) as number,
          },
        },
      },
      {
        value: "low",
        count: 5,
        means: {
          "metrics.score": {
            n: 4,
            mean: expect.closeTo(0.15) as number,
            sd: expect.closeTo(0.1291, 4) as number,
          },
        },
      },
    ]);
    expect((await table({ group: "params.half", offset: "6" })).groups).toBeNull();
  });

  test("of what was deleted, and no longer of what is there", async () => {
    store.deleteRun(ids[0]!);
    expect(await names({ lifecycle: "deleted" })).toBe("0");
    expect((await table({})).total).toBe(9);
    store.restoreRun(ids[0]!);
    expect((await table({})).total).toBe(10);
  });
});

test("curves of the runs that pass come in one answer, the loss unless another is asked for", async () => {
  for (const i of [1, 2]) {
    store.logMetrics(
      ids[i]!,
      [1, 2].flatMap((step) => [
        { key: "loss", value: i / step, step, timestamp: 2_000 },
        { key: "accuracy", value: step, step },
      ]),
    );
  }
  const filter = "params.alpha < 5";
  const curves = (await ask("curves", { filter })).json<Curves>();
  expect([curves.keys, curves.key, curves.runs, curves.of]).toEqual([
    ["loss", "accuracy"],
    "loss",
    5,
    5,
  ]);
  expect(curves.curves.map(({ steps, values, seconds }) => [steps, values, seconds])).toEqual([
    [
      [1, 2],
      [1, 0.5],
      [0.999, 0.999],
    ],
    [
      [1, 2],
      [2, 1],
      [0.998, 0.998],
    ],
  ]);
  const other = (await ask("curves", { filter, key: "accuracy" })).json<Curves>();
  expect(other.curves.map(({ values }) => values)).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect((await ask("curves", { filter: "params.alpha > 5" })).json()).toMatchObject({ key: "" });
});

test("columns and values are those that runs have", async () => {
  const columns = (await ask("columns")).json<string[]>();
  expect(columns).toEqual([
    ..."name status startTime user id metrics.accuracy metrics.loss metrics.score".split(" "),
    "params.alpha",
    "params.half",
    "params.learning rate",
    "tags.mlflow.runName",
    "tags.note",
  ]);
  expect((await ask("values", { column: "params.half" })).json()).toEqual(["high", "low"]);
  expect((await ask("values", { column: "status" })).json()).toEqual(["FAILED", "FINISHED"]);
  expect((await ask("values", { column: "constructor" })).json()).toEqual([]);
  expect((await ask("members")).json()).toHaveLength(10);
});

test("experiments are counted, those without runs left out", async () => {
  const { body } = await app.inject({ url: "/api/ui/experiments", headers: { host: "localhost" } });
  expect(JSON.parse(body) as ExperimentCard[]).toMatchObject([
    { name: "ten", runs: 10, running: 0, failed: 1, hasAblation: true },
  ]);
});

test.each([
  [{ filter: "status = FINISHED" }, "search, column 10: expected a number or a text in quotes"],
  [{ filter: "nmae = 'x'" }, 'search, column 1: unknown attribute "nmae"'],
  [{ sort: "-constructor" }, 'unknown entity "constructor"'],
  [{ offset: "-1" }, 'offset: expected a whole number from 0, got "-1"'],
  [{ runs: "~!" }, "runs: expected run ids with commas between"],
])("%j is refused", async (query, message) => {
  const { statusCode, body } = await ask("runs", query);
  expect([statusCode, (JSON.parse(body) as { error: string }).error]).toEqual([
    400,
    expect.stringContaining(message),
  ]);
});
