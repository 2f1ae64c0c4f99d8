/** @file What is kept of every 64 points beside them: enough to draw a long series without reading it. */
import { type Columns, emptyColumns } from "./columns.ts";

/** Points a bucket stands for. */
export const BUCKET = 64;
/** Least, greatest, first NaN and last point, in the order of the points, an absent one all NaN. */
const KEPT = 4;
/** Step, time, value. */
const FIELDS = 3;

export function buildPyramid({ steps, times, values }: Columns): Buffer {
  const buckets = Math.ceil(values.length / BUCKET);
  const pyramid = new Float64Array(buckets * KEPT * FIELDS).fill(NaN);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = Math.min((bucket + 1) * BUCKET, values.length);
    let least = -1;
    let greatest = -1;
    let nan = -1;
    for (let i = bucket * BUCKET; i < end; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) nan = nan < 0 ? i : nan;
      else {
        if (least < 0 || value < values[least]!) least = i;
        if (greatest < 0 || value > values[greatest]!) greatest = i;
      }
    }
    const kept = new Set([least, greatest, nan, end - 1].toSorted((a, b) => a - b));
    kept.delete(-1);
    let at = bucket * KEPT * FIELDS;
    for (const i of kept) {
      pyramid.set([steps[i]!, times[i]!, values[i]!], at);
      at += FIELDS;
    }
  }
  return Buffer.from(pyramid.buffer);
}

/** The points of a pyramid, in their order. */
export function pyramidPoints(bytes: Uint8Array): Columns {
  const pyramid = new Float64Array(new Uint8Array(bytes).buffer);
  let count = 0;
  for (let at = 0; at < pyramid.length; at += FIELDS) if (!Number.isNaN(pyramid[at]!)) count++;
  const points = emptyColumns(count);
  let to = 0;
  for (let at = 0; at < pyramid.length; at += FIELDS) {
    if (Number.isNaN(pyramid[at]!)) continue;
    points.steps[to] = pyramid[at]!;
    points.times[to] = pyramid[at + 1]!;
    points.values[to++] = pyramid[at + 2]!;
  }
  return points;
}
