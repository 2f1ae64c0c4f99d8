import { expect, test } from "vitest";
import { RunWriter } from "../../../src/tracking/index.ts";
import {
  filterSql,
  findRuns,
  installRegexp,
  orderSql,
  RUNS,
} from "../../../src/tracking/search/index.ts";
import { freshFolder } from "../support.ts";
import { type Json, refused, startServer, type TestServer } from "./support.ts";

/**
 * a: loss 0.1, lr 0.001, seed 0; b: loss 0.3, lr 0.001, seed 1; c: loss NaN, lr 0.01, seed 0;
 * d: loss 0.8, lr "auto", no seed, failed, on data set coco; e: nothing. Started in that order.
 */
async function fiveRuns(): Promise<TestServer> {
  const server = await startServer();
  const make = async (
    name: string,
    start_time: number,
    values: Record<string, string>,
    loss?: number | string,
  ) => {
    const run_id = await server.run({
      run_name: name,
      start_time,
      user_id: name === "d" ? "bo" : "eva",
    });
    const params = Object.entries(values).map(([key, value]) => ({ key, value }));
    const metrics =
      loss === undefined
        ? []
        : [
            { key: "loss", value: 0.5, timestamp: 1, step: 0 },
            { key: "loss", value: loss, timestamp: 1, step: 1 },
            { key: "val loss", value: loss, timestamp: 1 },
            { key: "mmeb/image.hit-1", value: loss, timestamp: 1 },
          ];
    await server.ok("/runs/log-batch", { run_id, params, metrics });
    return run_id;
  };
  await make("a", 1, { lr: "0.001", seed: "0" }, 0.1);
  await make("b", 2, { lr: "0.001", seed: "1" }, 0.3);
  await make("c", 3, { lr: "0.01", seed: "0" }, "NaN");
  const d = await make("d", 4, { lr: "auto" }, 0.8);
  await make("e", 5, {});
  await server.ok("/runs/update", { run_id: d, status: "FAILED", end_time: 9 });
  await server.ok("/runs/set-tag", { run_id: d, key: "mlflow.note", value: "It's 100%" });
  const dataset = { name: "coco", digest: "x1", source_type: "local", source: "s" };
  const tags = [{ key: "mlflow.data.context", value: "eval" }];
  await server.ok("/runs/log-inputs", { run_id: d, datasets: [{ dataset, tags }] });
  return server;
}

const names = async (server: TestServer, body: object): Promise<string> =>
  ((await server.ok("/runs/search", { experiment_ids: ["0"], ...body })).runs ?? [])
    .map((run: Json) => run.info.run_name)
    .join("");

const FILTERS: readonly (readonly [string, string])[] = [
  // MLflow's own language
  ["", "edcba"],
  ["metrics.loss < 0.5", "ba"],
  ["metrics.loss != 0.1", "db"],
  ["metric.loss >= 1e-1 and metrics.loss <= .3", "ba"],
  ['metrics.`val loss` > 0.2 AND metrics."val loss" < 0.5', "b"],
  ["metrics.mmeb/image.hit-1 = 0.8", "d"],
  ["params.lr = '0.001'", "ba"],
  ["params.lr != '0.001'", "dc"],
  ["parameters.lr LIKE '0.%'", "cba"],
  ["params.lr ILIKE 'AU_O'", "d"],
  ["params.lr LIKE 'AU_O'", ""],
  ['tags.mlflow.note = "It\'s 100%"', "d"],
  ["tags.`mlflow.note` LIKE '%''s 100_'", "d"],
  ["tag.\"mlflow.note\" LIKE '%*%'", ""],
  ["attributes.status = 'FAILED'", "d"],
  ["status != 'FAILED'", "ecba"],
  ["run_name IN ('a', 'c')", "ca"],
  ["attr.run_name NOT IN ('a', 'c')", "edb"],
  ["run.start_time > 3", "ed"],
  ["created <= 2", "ba"],
  ["end_time = 9", "d"],
  ["user_id = 'bo'", "d"],
  ["datasets.name = 'coco' AND dataset.digest LIKE 'x%'", "d"],
  ["datasets.context IN ('eval')", "d"],
  ["params.seed IS NULL", "ed"],
  ["tags.mlflow.note IS NOT NULL", "d"],
  // what is new
  ["metrics.loss < 0.2 OR metrics.loss > 0.7", "da"],
  ["(metrics.loss < 0.2 OR metrics.loss > 0.7) AND params.lr = '0.001'", "a"],
  ["metrics.loss < 0.2 OR metrics.loss > 0.7 AND params.lr = '0.001'", "a"],
  ["NOT metrics.loss > 0.2", "eca"],
  ["NOT (status = 'FAILED' OR run_name = 'a')", "ecb"],
  ["params.lr < 0.005", "ba"],
  ["params.lr IN (0.01, 1)", "c"],
  ["run_name RLIKE '^[ab]$'", "ba"],
  ["params.lr NOT LIKE '0.%'", "d"],
  ["metrics.loss IS NULL", "e"],
  ["datasets.name IS NULL", "ecba"],
  ["min(metrics.loss) < 0.4", "ba"],
  ["max(loss) >= 0.8", "d"],
  ["latest(metrics.`val loss`) == 0.3", "b"],
  ["mean(loss) OVER seed > 0.15", "dba"],
  ["mean(metrics.loss) over (params.seed, host) < 0.25", "ba"],
  ["count(loss) OVER seed = 2", "ba"],
  ["min(loss) OVER seed < 0.2 AND run_name <> 'a'", "b"],
];

test("filters find what they say", async () => {
  const server = await fiveRuns();
  for (const [filter, found] of FILTERS) {
    expect([filter, await names(server, { filter })]).toEqual([filter, found]);
  }
});

const ORDERS: readonly (readonly [readonly string[], string])[] = [
  [[], "edcba"],
  [["metrics.loss"], "abdce"],
  [["metrics.loss DESC"], "dbace"],
  [["metrics.`val loss` asc"], "abdce"],
  [["attributes.start_time ASC"], "abcde"],
  [["params.lr"], "bacde"],
  [["params.lr DESC", "run_name"], "cabde"],
  [["end_time", "run_name DESC"], "decba"],
  [["status desc", "start_time"], "abced"],
  [["max(loss) DESC"], "dcbae"],
];

test("orders put numbers first, then NaN, then nothing, in both directions; ties: newest first", async () => {
  const server = await fiveRuns();
  for (const [order_by, found] of ORDERS) {
    expect([order_by, await names(server, { order_by })]).toEqual([order_by, found]);
  }
});

const WRONG_FILTERS: readonly (readonly [string, string])[] = [
  ["metrics.loss", "search, column 13: expected a comparison such as =, <, LIKE, IN, got the end"],
  ["metrics.loss > ", "search, column 16: expected a number or a text in quotes, got the end"],
  [
    "metrics.loss > 'high'",
    'search, column 16: "loss" is compared with a number without quotes, got "high"',
  ],
  ["tags.a = 5", 'search, column 10: "a" is compared with a text in quotes, got 5'],
  ["metrics.loss > 1 AND", "search, column 21: expected a name such as metrics.loss, got the end"],
  [
    "metrics.loss > 1 params.x = 'a'",
    'search, column 18: expected AND, OR or the end, got "params.x"',
  ],
  ["(metrics.loss > 1", "search, column 18: expected ) , got the end"],
  [
    "colour.x = 'a'",
    'search, column 1: unknown entity "colour", expected one of metrics, params, tags',
  ],
  ["attributes.size > 1", 'search, column 1: unknown attribute "size", expected one of run_id'],
  ["constructor = 'a'", 'search, column 1: unknown attribute "constructor"'],
  ["datasets.size = 'a'", 'search, column 1: unknown data set field "size"'],
  ["params.x = 'a", "search, column 12: the quote ' is never closed"],
  ["params.x = 'a' ; DROP TABLE runs", 'search, column 16: unexpected ";"'],
  ["run_name NOT > 'a'", "search, column 14: expected IN, LIKE, ILIKE or RLIKE, got"],
  [
    "run_name IN ('a', 1)",
    'search, column 19: "run_name" is compared with a text in quotes, got 1',
  ],
  ["params.x IN ('a', 1)", "search, column 14: a list holds numbers or texts, not both"],
  ["params.x IS 5", 'search, column 13: expected NULL, got "5"'],
  ["params.x LIKE 5", "search, column 15: LIKE expects a text in quotes"],
  ["run_name RLIKE '('", "search, column 16: not a regular expression we can run in linear time"],
  [
    "run_name RLIKE '(a)\\1'",
    "search, column 16: not a regular expression we can run in linear time",
  ],
  ["mean(loss) > 1", "search, column 1: mean(...) needs OVER, such as OVER seed"],
  ["latest(loss) OVER seed > 1", "search, column 1: latest(...) takes no OVER"],
  [`${"(".repeat(200)}a = 'b'`, "search, column 102: at most 100 clauses may be nested"],
];

test("a filter at fault is refused with its place", async () => {
  const server = await startServer();
  for (const [filter, message] of WRONG_FILTERS) {
    const answer = refused(await server.post("/runs/search", { experiment_ids: ["0"], filter }));
    expect(answer).toContain(`400 INVALID_PARAMETER_VALUE: ${message}`);
  }
});

const WRONG_ORDERS: readonly (readonly [readonly string[], string])[] = [
  [
    ["metrics.loss", "metrics.loss DESC"],
    'search, column 1: order_by names "metrics.loss DESC" twice',
  ],
  [["metrics.loss UP"], 'search, column 14: expected AND, OR or the end, got "UP"'],
  [["datasets.name"], 'search, column 1: cannot order by "datasets.name"'],
];

test("an order at fault is refused", async () => {
  const server = await startServer();
  for (const [order_by, message] of WRONG_ORDERS) {
    const answer = refused(await server.post("/runs/search", { experiment_ids: ["0"], order_by }));
    expect(answer).toContain(message);
  }
});

test("a pattern that would take a backtracking engine for ever is quick", async () => {
  const server = await startServer();
  await server.run({ run_name: "a".repeat(400) });
  const start = performance.now();
  expect(await names(server, { filter: "run_name RLIKE '^(a+)+$b'" })).toBe("");
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("searches: stages, experiments, limits, and a full last page that still has a token", async () => {
  const server = await fiveRuns();
  const { experiment_id } = await server.ok("/experiments/create", { name: "other" });
  const run_id = await server.run({ experiment_id, run_name: "f", start_time: 6 });
  await server.ok("/runs/delete", { run_id });
  const experiment_ids = ["0", experiment_id, "77", "none"];
  expect(await names(server, { experiment_ids })).toBe("edcba");
  expect(await names(server, { experiment_ids, run_view_type: "ALL" })).toBe("fedcba");
  expect(await names(server, { experiment_ids, run_view_type: "DELETED_ONLY" })).toBe("f");
  expect(await names(server, { experiment_ids: "0" })).toBe("edcba");
  const full = await server.ok("/runs/search", { experiment_ids, max_results: 5 });
  const next = await server.ok("/runs/search", {
    experiment_ids,
    max_results: 5,
    page_token: full.next_page_token,
  });
  expect(next).toEqual({});
  for (const max_results of [0, -1, 50_001]) {
    expect((await server.post("/runs/search", { experiment_ids, max_results })).status).toBe(400);
  }
});

/** 120 runs with few distinct values, so that orders have ties; every kind of value is there. */
function manyRuns(store: RunWriter): void {
  store.connection.transact("many runs", () => {
    for (let i = 0; i < 120; i++) {
      const id = store.insertRun({
        experimentId: i % 10 === 9 ? store.getOrCreateExperiment("other") : 0,
        startTime: (i * 7) % 31,
        params: { ...(i % 4 !== 0 && { lr: i % 3 === 0 ? "auto" : `${i % 5}` }), seed: `${i % 2}` },
        tags: { group: `g${i % 6}` },
      });
      const value = [NaN, 1, -Infinity, 0.5, Infinity, 2][i % 6]!;
      if (i % 7 !== 0) store.logMetrics(id, [{ key: "loss", step: 1, timestamp: 1, value }]);
      // A later value on a data set is the run's latest.
      const dataset = { name: "coco", digest: "1" };
      if (i % 5 === 0) {
        store.logMetrics(id, [{ key: "loss", step: i % 3, timestamp: 1, value: i % 4, dataset }]);
      }
    }
  });
}

const QUERIES = {
  filter: [
    "",
    "metrics.loss = 1",
    "metrics.loss > 0.5 AND params.seed = '1'",
    "params.lr IN ('auto', '1') OR tags.group = 'g2'",
    "NOT params.lr = 'auto' AND metrics.loss < 2",
    "params.lr >= 2 AND tags.group IN ('g1', 'g3')",
    "metrics.loss != 1 AND tags.group != 'g1'",
  ],
  orderBy: [
    [],
    ["metrics.loss DESC"],
    ["latest(loss)", "params.seed DESC"],
    ["params.lr"],
    ["params.lr DESC", "metrics.loss"],
    ["tags.group"],
  ],
} as const;

test("indexes change how runs are found, never which nor in what order", () => {
  using store = RunWriter.open(freshFolder());
  store.connection
    .prepare("INSERT INTO experiments (id, name, created_at, updated_at) VALUES (0, 'd', 0, 0)")
    .run();
  installRegexp(store.connection);
  manyRuns(store);
  let found = 0;
  for (const filter of QUERIES.filter) {
    for (const orderBy of QUERIES.orderBy) {
      const plain = filterSql(filter, RUNS);
      const order = orderSql(orderBy, RUNS);
      const expected = store.connection.sql
        .prepare(
          `SELECT r.serial FROM runs r WHERE ${plain.text}
           ORDER BY ${order.text === "" ? "" : `${order.text}, `}r.start_time DESC, r.id`,
        )
        .pluck()
        .all(...plain.values, ...order.values) as number[];
      const experiments = new Map(
        store.connection.sql.prepare("SELECT serial, experiment FROM runs").raw().all() as [
          number,
          number,
        ][],
      );
      for (const experimentIds of [[0], [0, 1]]) {
        const all = expected.filter((serial) => experimentIds.includes(experiments.get(serial)!));
        for (const amounts of [
          { few: 0, some: 0 },
          { few: 0, some: 1_000 },
          { few: 1_000, some: 1_000 },
        ]) {
          for (const [offset, limit] of [
            [0, 10],
            [30, 40],
            [0, 500],
          ] as const) {
            const query = { experimentIds, view: "1", filter, orderBy, limit, offset };
            const got = findRuns(store.connection, query, amounts);
            expect(got, JSON.stringify([query, amounts])).toEqual(
              all.slice(offset, offset + limit),
            );
            found += got.length;
          }
        }
      }
    }
  }
  expect(found).toBeGreaterThan(10_000);
});
