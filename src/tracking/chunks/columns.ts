/** @file Points of one series in three columns, and their order. */

/** Row i of all three columns is one point. */
export type Columns = {
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
};

export function emptyColumns(length: number): Columns {
  return {
    steps: new Float64Array(length),
    times: new Float64Array(length),
    values: new Float64Array(length),
  };
}

/** One after the other, as they come. */
export function joinColumns(parts: readonly Columns[]): Columns {
  if (parts.length === 1) return parts[0]!;
  const joined = emptyColumns(parts.reduce((sum, part) => sum + part.steps.length, 0));
  let at = 0;
  for (const { steps, times, values } of parts) {
    joined.steps.set(steps, at);
    joined.times.set(times, at);
    joined.values.set(values, at);
    at += steps.length;
  }
  return joined;
}

export function sliceColumns({ steps, times, values }: Columns, from: number, to: number): Columns {
  return {
    steps: steps.subarray(from, to),
    times: times.subarray(from, to),
    values: values.subarray(from, to),
  };
}

/** `step`: by step, time, value. `time`: by time, step, value, as MLflow orders a history. */
export type PointOrder = "step" | "time";

/** In `order`; the columns themselves where they are in it already. NaN is above every number. */
export function sortColumns(columns: Columns, order: PointOrder): Columns {
  const [first, second] =
    order === "step" ? [columns.steps, columns.times] : [columns.times, columns.steps];
  const { values } = columns;
  const compare = (a: number, b: number): number =>
    first[a]! - first[b]! || second[a]! - second[b]! || compareValues(values[a]!, values[b]!);
  let sorted = true;
  for (let i = 1; i < first.length && sorted; i++) sorted = compare(i - 1, i) <= 0;
  if (sorted) return columns;
  const places = Uint32Array.from(first.keys()).sort(compare);
  const result = emptyColumns(places.length);
  for (const [to, from] of places.entries()) {
    result.steps[to] = columns.steps[from]!;
    result.times[to] = columns.times[from]!;
    result.values[to] = values[from]!;
  }
  return result;
}

function compareValues(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b); // a difference of two infinities is NaN
}
