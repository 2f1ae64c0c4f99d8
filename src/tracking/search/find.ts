/** @file Finding runs: conditions begin at an index where few meet them, orders by a metric run along one. */
import type { Connection } from "../database.ts";
import type { Sql } from "../search.ts";
import { filterSql, orderSql, type Probe } from "./compile.ts";
import { type OrderBy, parseOrder } from "./parse.ts";
import { RUNS } from "./runs.ts";

export type RunQuery = {
  readonly experimentIds: readonly number[];
  /** A condition on the run `r`, such as its lifecycle. */
  readonly view: string;
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly offset: number;
};

/** Numbers of candidates up to which these count as few, and as some. */
export type Amounts = { readonly few: number; readonly some: number };
const AMOUNTS: Amounts = { few: 2_000, some: 5_000 };

/** What is wrong with the query, thrown before a reader is bothered. */
export function checkQuery({ filter, orderBy }: Pick<RunQuery, "filter" | "orderBy">): void {
  filterSql(filter, RUNS);
  orderSql(orderBy, RUNS);
}

/** Serial numbers in order; newest first among equals. Call it inside a snapshot. */
export function findRuns(
  connection: Connection,
  query: RunQuery,
  amounts: Amounts = AMOUNTS,
): number[] {
  const { experimentIds, filter, orderBy, limit, offset } = query;
  const one = experimentIds.length === 1;
  const condition = filterSql(filter, RUNS, probeOf(connection, amounts));
  const where: Sql = {
    // Runs of one experiment come from their index newest first, and the first page ends the search.
    text: `r.experiment ${one ? "= ?" : "IN (SELECT value FROM json_each(?))"} AND ${query.view} AND ${condition.text}`,
    values: [one ? experimentIds[0]! : JSON.stringify(experimentIds), ...condition.values],
  };
  const find = (text: string, values: Sql["values"]): number[] =>
    connection
      .prepare<unknown[], number>(text)
      .pluck()
      .all(...values, limit, offset);
  if (!condition.few && orderBy.length > 0) {
    const along = alongIndex(parseOrder(orderBy[0]!), where, orderSql(orderBy.slice(1), RUNS));
    // A page that is not full goes on with the runs whose value is no number.
    const found = along && find(along.text, along.values);
    if (found?.length === limit) return found;
  }
  const order = orderSql(orderBy, RUNS);
  return find(
    `SELECT r.serial FROM runs r WHERE ${where.text} ORDER BY ${byNewest(order)} LIMIT ? OFFSET ?`,
    [...where.values, ...order.values],
  );
}

function probeOf(connection: Connection, { few, some }: Amounts): Probe {
  return ({ text, values }) => {
    const count = connection
      .prepare<unknown[], number>(`SELECT count(*) FROM (${text} LIMIT ${some + 1})`)
      .pluck()
      .get(...values)!;
    return count <= few ? "few" : count <= some ? "some" : "many";
  };
}

/** Runs that have a number there, in the order of the index on these numbers. */
function alongIndex({ name, descending }: OrderBy, where: Sql, then: Sql): Sql | undefined {
  if (name.over) return undefined;
  const direction = descending ? "DESC" : "ASC";
  const values = [name.key, ...where.values, ...then.values];
  const end = `${byNewest(then)} LIMIT ? OFFSET ?`;
  if (/^metrics?$/.test(name.entity) && (name.aggregate ?? "latest") === "latest") {
    const text = `SELECT r.serial FROM series s INDEXED BY series_by_value CROSS JOIN runs r ON r.serial = s.run
      WHERE s.key = ? AND s.latest_value < '' AND NOT EXISTS (
          SELECT 1 FROM series t WHERE t.run = s.run AND t.key = s.key AND t.id <> s.id
            AND (t.latest_step, t.latest_timestamp, t.latest_value, t.id)
              > (s.latest_step, s.latest_timestamp, s.latest_value, s.id))
        AND ${where.text}
      ORDER BY s.latest_value ${direction}, ${end}`;
    return { text, values };
  }
  if (/^param(?:eter)?s?$/.test(name.entity)) {
    const text = `SELECT r.serial FROM params p INDEXED BY params_by_number CROSS JOIN runs r ON r.serial = p.run
      WHERE p.key = ? AND p.number IS NOT NULL AND ${where.text}
      ORDER BY p.number ${direction}, p.value ${direction}, ${end}`;
    return { text, values };
  }
  return undefined;
}

function byNewest({ text }: Sql): string {
  return `${text === "" ? "" : `${text}, `}r.start_time DESC, r.id`;
}
