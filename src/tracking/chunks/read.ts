/** @file Points of one series out of rows and chunks. Call these inside a snapshot. */
import type { Connection } from "../database.ts";
import { toNumber } from "../rows.ts";
import { decodeIntegers, decodeValues } from "./codec.ts";
import {
  type Columns,
  emptyColumns,
  joinColumns,
  type PointOrder,
  sliceColumns,
  sortColumns,
} from "./columns.ts";
import { pyramidPoints } from "./pyramid.ts";
import { thin } from "./thin.ts";

export type StepRange = { readonly fromStep: number; readonly toStep: number };
export const ALL_STEPS: StepRange = {
  fromStep: Number.MIN_SAFE_INTEGER,
  toStep: Number.MAX_SAFE_INTEGER,
};

/** Up to so many points are read whole before thinning; above, their pyramid is. */
const READ_WHOLE = 100_000;

type Head = {
  readonly id: number;
  readonly count: number;
  readonly first_step: number;
  readonly first_time: number;
  readonly last_step: number;
  readonly last_time: number;
  readonly in_time_order: number;
};

/** The points of a range of steps, in order. */
export function readColumns(
  connection: Connection,
  series: number,
  range: StepRange,
  order: PointOrder,
): Columns {
  const parts = headsOf(connection, series, range).map((head) =>
    within(readChunk(connection, head), head, range),
  );
  return sortColumns(joinColumns([...parts, readRows(connection, series, range)]), order);
}

/** As `readColumns`, of which `limit` points from `offset` on; does not read what it skips. */
export function readPage(
  connection: Connection,
  series: number,
  range: StepRange,
  order: PointOrder,
  offset: number,
  limit: number,
): Columns {
  const heads = headsOf(connection, series, range);
  const rows = readRows(connection, series, range);
  const whole = heads.every(
    (head) => head.first_step >= range.fromStep && head.last_step <= range.toStep,
  );
  if (!whole || !inOrder(heads, rows, order)) {
    return sliceColumns(readColumns(connection, series, range, order), offset, offset + limit);
  }
  const parts: Columns[] = [];
  let at = 0;
  for (const head of heads) {
    const from = Math.max(0, offset - at);
    const to = Math.min(head.count, offset + limit - at);
    if (from < to) parts.push(sliceColumns(readChunk(connection, head), from, to));
    at += head.count;
  }
  parts.push(sliceColumns(rows, Math.max(0, offset - at), Math.max(0, offset + limit - at)));
  return joinColumns(parts);
}

/** At most `limit` points of a range that keep its shape: see `thin`. */
export function readThinned(
  connection: Connection,
  series: number,
  range: StepRange,
  limit: number,
): Columns {
  const heads = headsOf(connection, series, range);
  const rows = readRows(connection, series, range);
  const count = heads.reduce((sum, head) => sum + head.count, rows.steps.length);
  if (count <= READ_WHOLE) return thin(readColumns(connection, series, range, "step"), limit);
  const pyramid = connection
    .prepare<[number], Buffer>("SELECT pyramid FROM chunks WHERE id = ?")
    .pluck();
  const parts = heads.map((head) =>
    head.first_step >= range.fromStep && head.last_step <= range.toStep
      ? pyramidPoints(pyramid.get(head.id)!)
      : within(readChunk(connection, head), head, range),
  );
  return thin(sortColumns(joinColumns([...parts, rows]), "step"), limit);
}

/** Whether the very point is in a chunk. */
export function isSealed(
  connection: Connection,
  series: number,
  step: number,
  time: number,
  value: number,
): boolean {
  return headsOf(connection, series, { fromStep: step, toStep: step }).some((head) => {
    const { steps, times, values } = readChunk(connection, head);
    return steps.some((s, i) => s === step && times[i] === time && same(values[i]!, value));
  });
}

function headsOf(connection: Connection, series: number, range: StepRange): Head[] {
  return connection
    .prepare<[number, number, number], Head>(
      `SELECT id, count, first_step, first_time, last_step, last_time, in_time_order FROM chunks
       WHERE series = ? AND last_step >= ? AND first_step <= ? ORDER BY number`,
    )
    .all(series, range.fromStep, range.toStep);
}

function readChunk(connection: Connection, { id, count }: Head): Columns {
  const row = connection
    .prepare<[number], { steps: Buffer; times: Buffer; measured: Buffer }>(
      "SELECT steps, times, measured FROM chunks WHERE id = ?",
    )
    .get(id)!;
  return {
    steps: decodeIntegers(row.steps, count),
    times: decodeIntegers(row.times, count),
    values: decodeValues(row.measured, count),
  };
}

function readRows(connection: Connection, series: number, range: StepRange): Columns {
  const rows = connection
    .prepare<[number, number, number], [number, number, number | string]>(
      `SELECT step, timestamp, value FROM points WHERE series = ? AND step >= ? AND step <= ?
       ORDER BY step, timestamp, value`,
    )
    .raw()
    .all(series, range.fromStep, range.toStep);
  const columns = emptyColumns(rows.length);
  for (const [i, [step, time, value]] of rows.entries()) {
    columns.steps[i] = step;
    columns.times[i] = time;
    columns.values[i] = toNumber(value);
  }
  return columns;
}

/** The part of a chunk that is in the range; steps of a chunk ascend. */
function within(columns: Columns, head: Head, { fromStep, toStep }: StepRange): Columns {
  if (head.first_step >= fromStep && head.last_step <= toStep) return columns;
  const { steps } = columns;
  let from = 0;
  let to = steps.length;
  while (from < to && steps[from]! < fromStep) from++;
  while (to > from && steps[to - 1]! > toStep) to--;
  return sliceColumns(columns, from, to);
}

/** Whether chunk after chunk, then the rows, are in `order` as they stand. */
function inOrder(heads: readonly Head[], rows: Columns, order: PointOrder): boolean {
  const ends = [...heads];
  if (rows.steps.length > 0) {
    const last = rows.steps.length - 1;
    const inTime = rows.times.every((time, i) => i === 0 || time >= rows.times[i - 1]!);
    ends.push({
      id: -1,
      count: rows.steps.length,
      first_step: rows.steps[0]!,
      first_time: rows.times[0]!,
      last_step: rows.steps[last]!,
      last_time: rows.times[last]!,
      in_time_order: Number(inTime),
    });
  }
  return ends.every((end, i) => {
    if (order === "time" && end.in_time_order === 0) return false;
    const before = ends[i - 1];
    if (!before) return true;
    if (order === "time" && end.first_time < before.last_time) return false;
    const steps = end.first_step - before.last_step;
    return steps > 0 || (steps === 0 && end.first_time > before.last_time);
  });
}

/** SQLite keeps no sign of zero. */
function same(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
