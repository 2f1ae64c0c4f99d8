/** @file The runs of an experiment in pages: the order is worked out once for each view, rows are read as they come in sight. */
import type { FastifyInstance } from "fastify";
import { MEMBER_TAG } from "../../experiments/tags.ts";
import type { RunReader } from "../../tracking/index.ts";
import { curvesOf } from "./curves.ts";
import { pairedPage } from "./paired.ts";
import { runExportRoute } from "./run-export.ts";
import { type Members, Orders } from "./run-order.ts";
import { columnValues, knownColumns, runRows } from "./run-rows.ts";
import type { Curves, PairedPage, RunChoice, RunGroup, RunRow, RunTable } from "./types.ts";

const PAGE = 100;
/** Pages that compare many runs ask for as many at once. */
const MOST_ROWS = 5_000;
const MOST_VALUES = 1_000;
type ByName = { Params: { name: string } };
type Query = RunChoice & { readonly columns?: string; readonly offset?: string; limit?: string };

export function runTableRoutes(app: FastifyInstance, store: RunReader): void {
  const orders = new Orders(store);
  const { connection } = store;
  runExportRoute(app, store, orders);
  app.get<ByName & { Querystring: Query }>(
    "/api/ui/experiments/:name/runs",
    ({ params, query }): RunTable => {
      const { id } = store.experiment(params.name);
      const offset = count("offset", query.offset, 0);
      const limit = Math.min(MOST_ROWS, count("limit", query.limit, PAGE));
      const columns = listed(query.columns);
      return connection.snapshot("runs", () => {
        const { serials, groups } = orders.of(id, query);
        return {
          total: serials.length,
          of: countRuns(store, id, query.lifecycle),
          offset,
          rows: runRows(connection, serials.slice(offset, offset + limit), columns),
          groups: groups && offset === 0 ? summaries(store, id, groups, columns) : null,
        };
      });
    },
  );
  app.get<ByName & { Querystring: Query }>(
    "/api/ui/experiments/:name/serials",
    ({ params, query }): number[] => {
      const { serials } = orders.of(store.experiment(params.name).id, query);
      const offset = count("offset", query.offset, 0);
      return serials.slice(offset, offset + count("limit", query.limit, serials.length));
    },
  );
  app.get<ByName & { Querystring: RunChoice & { key?: string } }>(
    "/api/ui/experiments/:name/curves",
    ({ params, query }): Curves => {
      const { serials } = orders.of(store.experiment(params.name).id, query);
      return connection.snapshot("curves", () => curvesOf(store, serials, query.key));
    },
  );
  app.get<ByName & { Querystring: RunChoice & { against?: string } }>(
    "/api/ui/experiments/:name/paired",
    ({ params, query }): PairedPage => {
      const { serials } = orders.of(store.experiment(params.name).id, query);
      return connection.snapshot("paired", () => pairedPage(store, serials, query.against));
    },
  );
  app.get<ByName>("/api/ui/experiments/:name/columns", ({ params }): string[] =>
    knownColumns(connection, store.experiment(params.name).id),
  );
  app.get<ByName & { Querystring: { column?: string } }>(
    "/api/ui/experiments/:name/values",
    ({ params, query: { column = "" } }): string[] => {
      const values = columnValues(connection, store.experiment(params.name).id, column).values();
      const some = new Set(values.map(String));
      return [...some]
        .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
        .slice(0, MOST_VALUES);
    },
  );
  app.get<ByName>("/api/ui/experiments/:name/members", ({ params }): RunRow[] =>
    membersOf(store, store.experiment(params.name).id),
  );
}

function countRuns({ connection }: RunReader, experiment: number, lifecycle = "active"): number {
  return connection
    .prepare<[number, string], number>(
      "SELECT count(*) FROM runs WHERE experiment = ? AND lifecycle = ?",
    )
    .pluck()
    .get(experiment, lifecycle)!;
}

/** Mean and sample standard deviation of every metric in view; NaN takes no part. */
function summaries(
  { connection }: RunReader,
  experiment: number,
  groups: readonly Members[],
  columns: readonly string[],
): RunGroup[] {
  const metrics = columns
    .filter((id) => id.startsWith("metrics."))
    .map((id) => [id, columnValues(connection, experiment, id)] as const);
  return groups.map(({ value, serials }) => {
    const means = metrics.flatMap(([id, values]) => {
      const known = serials
        .map((serial) => values.get(serial))
        .filter((one): one is number => Number.isFinite(one));
      return known.length === 0 ? [] : [[id, spread(known)] as const];
    });
    return { value, count: serials.length, means: Object.fromEntries(means) };
  });
}

function spread(values: readonly number[]): { n: number; mean: number; sd: number | null } {
  const n = values.length;
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  if (n === 1) return { n, mean, sd: null };
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { n, mean, sd: Math.sqrt(squares / (n - 1)) };
}

/** Runs that answer a cell of some grid. */
function membersOf({ connection }: RunReader, experiment: number): RunRow[] {
  const serials = connection
    .prepare<[string, string, number], number>(
      `SELECT DISTINCT t.run FROM tags t CROSS JOIN runs r ON r.serial = t.run
       WHERE t.key >= ? AND t.key < ? AND r.experiment = ? AND r.lifecycle = 'active' ORDER BY t.run`,
    )
    .pluck()
    .all(MEMBER_TAG, `${MEMBER_TAG}\u{10ffff}`, experiment);
  return runRows(connection, serials, ["*"]);
}

function listed(text: string | undefined): string[] {
  return text === undefined || text === "" ? [] : text.split(",");
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`${name}: expected a whole number from 0, got "${text}"`);
}
