/** @file Files of the runs table: every row and value of the view, read back by what people read them with. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunWriter } from "../../src/tracking/index.ts";
import { uiOver } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-export-"));
const RUNS = 1_203;
const NAMES = ['with "quotes"', "a, comma", "two\nlines", "umlaut \u00e4"];
let store: RunWriter;
let app: FastifyInstance;

/** More runs than are read at once. The first four have names that need care; the last three values that do. */
beforeAll(async () => {
  store = RunWriter.open(join(home, "store"));
  const experimentId = store.getOrCreateExperiment("some & more");
  store.connection.transact("fill", () => {
    for (let i = 0; i < RUNS; i++) {
      const special = [NaN, Infinity, -Infinity][i - (RUNS - 3)];
      const id = store.insertRun({
        experimentId,
        name: NAMES[i] ?? `run ${i}`,
        status: "FINISHED",
        startTime: 1_000_000 + i,
        params: { seed: i, mixed: i === 1_100 ? "text" : i, blank: " " },
      });
      if (i !== 5) store.logMetrics(id, [{ key: "score", value: special ?? i / 8, step: 1 }]);
    }
  });
  app = await uiOver(store);
});
afterAll(async () => {
  await app.close();
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const ask = (format: string, query: Readonly<Record<string, string>> = {}) =>
  app.inject({
    url: `/api/ui/experiments/some%20%26%20more/runs/export/${format}?${new URLSearchParams(query).toString()}`,
    headers: { host: "localhost" },
  });
const COLUMNS =
  "name,status,startTime,params.seed,params.mixed,params.blank,metrics.score,tags.none";

test("CSV has every run in the view's order, quoted where it has to be", async () => {
  const reply = await ask("csv", { columns: "name,startTime,metrics.score", sort: "startTime" });
  expect(reply.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(reply.headers["content-disposition"]).toBe(
    "attachment; filename*=UTF-8''some%20%26%20more-runs.csv",
  );
  const lines = reply.payload.split("\n");
  expect(lines.slice(0, 7)).toEqual([
    "name,startTime,metrics.score",
    '"with ""quotes""",1970-01-01T00:16:40.000Z,0',
    '"a, comma",1970-01-01T00:16:40.001Z,0.125',
    '"two',
    'lines",1970-01-01T00:16:40.002Z,0.25',
    "umlaut \u00e4,1970-01-01T00:16:40.003Z,0.375",
    "run 4,1970-01-01T00:16:40.004Z,0.5",
  ]);
  expect(lines[7]).toBe("run 5,1970-01-01T00:16:40.005Z,");
  expect(lines.slice(-4, -1).map((line) => line.split(",")[2])).toEqual([
    "NaN",
    "Infinity",
    "-Infinity",
  ]);
  expect(lines).toHaveLength(RUNS + 3); // a header, a name of two lines, an end
});

test("JSON has whole runs; what JSON can't say is text", async () => {
  const reply = await ask("json", { sort: "-startTime" });
  const runs = reply.json<{ metrics: Record<string, unknown> }[]>();
  expect(runs).toHaveLength(RUNS);
  expect(runs.slice(0, 3).map((run) => run.metrics["score"])).toEqual([
    "-Infinity",
    "Infinity",
    "NaN",
  ]);
  expect(runs.at(-1)).toMatchObject({ name: NAMES[0], params: { seed: "0", mixed: "0" } });
});

test("Parquet has columns of one type, over all its row groups", async () => {
  const { rawPayload } = await ask("parquet", { columns: COLUMNS, sort: "startTime" });
  const rows = await parquetReadObjects({ file: new Uint8Array(rawPayload).buffer });
  expect(rows).toHaveLength(RUNS);
  expect(rows.slice(0, 4).map((row) => row["name"])).toEqual(NAMES);
  expect(rows[700]).toEqual({
    name: "run 700",
    status: "FINISHED",
    startTime: new Date(1_000_700),
    "params.seed": 700,
    // A text comes far behind, so all are.
    "params.mixed": "700",
    "params.blank": " ",
    "metrics.score": 87.5,
    "tags.none": null,
  });
  expect(rows[1_100]!["params.mixed"]).toBe("text");
  expect(rows[5]!["metrics.score"]).toBe(null);
  expect(rows.slice(-3).map((row) => row["metrics.score"])).toEqual([NaN, Infinity, -Infinity]);
});

test("without columns all there are; a filter lets few through, or none", async () => {
  const some = await ask("csv", { filter: "params.seed < 2", sort: "startTime" });
  const [header, ...lines] = some.payload.trimEnd().split("\n");
  expect(header!.split(",")).toEqual(
    expect.arrayContaining(["name", "id", "params.mixed", "metrics.score"]),
  );
  expect(lines).toHaveLength(2);
  const none = { filter: "params.seed < 0" };
  expect((await ask("csv", { ...none, columns: "name" })).payload).toBe("name\n");
  expect((await ask("json", none)).json()).toEqual([]);
  const { rawPayload } = await ask("parquet", { ...none, columns: COLUMNS });
  expect(await parquetReadObjects({ file: new Uint8Array(rawPayload).buffer })).toEqual([]);
});

test("refusals name what they refuse", async () => {
  const format = await ask("xlsx");
  expect(format.statusCode).toBe(400);
  expect(format.json()).toEqual({
    error: 'format: expected one of csv, json, parquet, got "xlsx"',
  });
  expect((await ask("__proto__")).statusCode).toBe(400);
  const filter = await ask("csv", { filter: "params.seed <" });
  expect(filter.statusCode).toBe(400);
  expect(filter.json<{ error: string }>().error).toBe(
    "search, column 14: expected a number or a text in quotes, got the end",
  );
});
