/** @file Reads that can take long, as functions of a connection and plain values: any thread may do them. */
import { ALL_STEPS, readColumns, readPage, readThinned, type StepRange } from "../chunks/read.ts";
import { type Columns, joinColumns, sliceColumns, sortColumns } from "../chunks/columns.ts";
import { thin } from "../chunks/thin.ts";
import type { Connection } from "../database.ts";
import { findRuns, type RunQuery } from "../search/index.ts";
import { documentsOf } from "./documents.ts";
import { pageToken } from "./paging.ts";
import { runRow, wireNumber } from "./wire.ts";

export type HistoryQuery = {
  readonly run: string;
  readonly key: string;
  readonly offset: number;
  readonly limit: number;
};
export type BulkQuery = {
  readonly runs: readonly string[];
  readonly key: string;
  readonly limit: number;
};
export type IntervalQuery = BulkQuery & { readonly range: StepRange };

/** The body of an answer, and serial numbers of runs whose documents are worth keeping. */
export type Read = { readonly body: string; readonly missing?: readonly number[] };

export const READS = { search, history, bulk, interval };
export type Reads = typeof READS;

function search(connection: Connection, query: RunQuery): Read {
  const { texts, missing } = connection.snapshot("search runs", () =>
    documentsOf(connection, findRuns(connection, query)),
  );
  if (texts.length === 0) return { body: "{}" };
  // As MLflow does: a full page has a token, even if nothing follows.
  const full = texts.length === query.limit;
  const token = full ? `,"next_page_token":"${pageToken(query.offset + query.limit)}"` : "";
  return { body: `{"runs":[${texts.join(",")}]${token}}`, missing };
}

function history(connection: Connection, { run, key, offset, limit }: HistoryQuery): Read {
  const columns = connection.snapshot("history", () =>
    pageOf(connection, run, key, offset, limit + 1),
  );
  const more = columns.steps.length > limit;
  const shown = more ? sliceColumns(columns, 0, limit) : columns;
  return bodyOf({
    ...(shown.steps.length > 0 && { metrics: wirePoints(key, shown) }),
    ...(more && { next_page_token: pageToken(offset + limit) }),
  });
}

function bulk(connection: Connection, { runs, key, limit }: BulkQuery): Read {
  let left = limit;
  const metrics = connection.snapshot("bulk history", () =>
    runs.toSorted().flatMap((id) => {
      const points = wirePoints(key, pageOf(connection, id, key, 0, left), id);
      left -= points.length;
      return points;
    }),
  );
  return bodyOf(metrics.length > 0 ? { metrics } : {});
}

/** Each run's points, thinned so that every spike is seen, which an even stride would not show. */
function interval(connection: Connection, { runs, key, range, limit }: IntervalQuery): Read {
  // Thinning wants room for the extremes; fewer points are cut from those.
  const room = Math.max(limit, 8);
  const metrics = connection.snapshot("history interval", () =>
    runs.flatMap((id) => {
      const series = seriesOf(connection, id, key);
      const parts = series.map((one) => readThinned(connection, one, range, room));
      const columns =
        parts.length === 1 ? parts[0]! : thin(sortColumns(joinColumns(parts), "step"), room);
      return wirePoints(key, evenly(columns, limit), id);
    }),
  );
  return bodyOf(metrics.length > 0 ? { metrics } : {});
}

function bodyOf(answer: object): Read {
  return { body: JSON.stringify(answer) };
}

/** A key's series: one for each data set and model it was measured on. */
function seriesOf(connection: Connection, run: string, key: string): number[] {
  return connection
    .prepare<[number, string], number>(
      "SELECT id FROM series WHERE run = ? AND key = ? AND count > 0",
    )
    .pluck()
    .all(runRow(connection, run).serial, key);
}

/** By timestamp, step and value, as MLflow orders them. */
function pageOf(
  connection: Connection,
  run: string,
  key: string,
  offset: number,
  limit: number,
): Columns {
  const series = seriesOf(connection, run, key);
  if (series.length === 1) {
    return readPage(connection, series[0]!, ALL_STEPS, "time", offset, limit);
  }
  const all = series.map((id) => readColumns(connection, id, ALL_STEPS, "time"));
  return sliceColumns(sortColumns(joinColumns(all), "time"), offset, offset + limit);
}

function wirePoints(key: string, { steps, times, values }: Columns, run?: string): object[] {
  return Array.from(steps, (step, i) => ({
    key,
    value: wireNumber(values[i]!),
    timestamp: times[i]!,
    step,
    ...(run !== undefined && { run_id: run }),
  }));
}

/** First and last and what lies evenly between. */
function evenly(columns: Columns, limit: number): Columns {
  const { length } = columns.steps;
  if (length <= limit) return columns;
  const chosen = Array.from({ length: limit }, (_, i) =>
    limit === 1 ? length - 1 : Math.round((i * (length - 1)) / (limit - 1)),
  );
  const pick = (column: Float64Array): Float64Array => Float64Array.from(chosen, (i) => column[i]!);
  return { steps: pick(columns.steps), times: pick(columns.times), values: pick(columns.values) };
}
