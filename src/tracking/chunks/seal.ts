/** @file From rows to chunks. Call these inside a transaction. */
import type { Connection } from "../database.ts";
import { toNumber } from "../rows.ts";
import { encodeIntegers, encodeValues } from "./codec.ts";
import { type Columns, emptyColumns } from "./columns.ts";
import { buildPyramid } from "./pyramid.ts";

/** Points in a full chunk. */
export const CHUNK = 4_096;
/** Rows a growing series keeps after sealing, so that late points find their place among rows. */
const KEPT_ROWS = 1_024;

/** Which series are worth sealing: of `limit` at most, the longest first. */
export function seriesToSeal(connection: Connection, minRows: number, limit: number): number[] {
  return connection
    .prepare<[number, number], number>(
      `SELECT id FROM series WHERE count - sealed >= 512 AND count - sealed >= ?
       ORDER BY count - sealed DESC LIMIT ?`,
    )
    .pluck()
    .all(minRows, limit);
}

/** Moves a series' oldest rows into chunks; with `whole`, all of them. Returns the points moved. */
export function sealSeries(connection: Connection, series: number, whole: boolean): number {
  const rows = connection
    .prepare<[number], [number, number, number | string]>(
      `SELECT step, timestamp, value FROM points WHERE series = ?
       ORDER BY step, timestamp, value`,
    )
    .raw()
    .all(series);
  const moved = whole
    ? rows.length
    : Math.max(0, Math.floor((rows.length - KEPT_ROWS) / CHUNK) * CHUNK);
  if (moved === 0) return 0;
  let number = connection
    .prepare<[number], number>("SELECT coalesce(max(number), -1) FROM chunks WHERE series = ?")
    .pluck()
    .get(series)!;
  for (let from = 0; from < moved; from += CHUNK) {
    number++;
    insertChunk(
      connection,
      series,
      number,
      columnsOf(rows.slice(from, Math.min(from + CHUNK, moved))),
    );
  }
  const last = rows[moved - 1]!;
  connection
    .prepare("DELETE FROM points WHERE series = ? AND (step, timestamp, value) <= (?, ?, ?)")
    .run(series, ...last);
  // Late points may make a chunk that ends before an older one does: the border only moves up.
  connection
    .prepare(
      `UPDATE series SET sealed = sealed + @moved,
         (sealed_step, sealed_time) = (SELECT last_step, last_time FROM chunks
           WHERE series = @series ORDER BY last_step DESC, last_time DESC LIMIT 1)
       WHERE id = @series`,
    )
    .run({ series, moved });
  return moved;
}

function columnsOf(rows: readonly [number, number, number | string][]): Columns {
  const columns = emptyColumns(rows.length);
  for (const [i, [step, time, value]] of rows.entries()) {
    columns.steps[i] = step;
    columns.times[i] = time;
    columns.values[i] = toNumber(value);
  }
  return columns;
}

function insertChunk(
  connection: Connection,
  series: number,
  number: number,
  columns: Columns,
): void {
  const { steps, times, values } = columns;
  const last = steps.length - 1;
  const inTimeOrder = times.every((time, i) => i === 0 || time >= times[i - 1]!);
  connection
    .prepare(
      `INSERT INTO chunks (series, number, count, first_step, first_time, last_step, last_time,
         in_time_order, pyramid, steps, times, measured)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      series,
      number,
      steps.length,
      steps[0],
      times[0],
      steps[last],
      times[last],
      Number(inTimeOrder),
      buildPyramid(columns),
      encodeIntegers(steps),
      encodeIntegers(times),
      encodeValues(values),
    );
}
