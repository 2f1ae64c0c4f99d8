/** @file What is kept of every 64 points beside them: enough to draw a long series without reading it. */
import { type Columns, emptyColumns } from "./columns.ts";

/** Points a bucket stands for. */
export const BUCKET = 64;
/** Two least, two greatest, first NaN and last point, in the points' order; absent ones all NaN. */
const KEPT = 6;
/** Step, time, value. */
const FIELDS = 3;

export function buildPyramid({ steps, times, values }: Columns): Buffer {
  const buckets = Math.ceil(values.length / BUCKET);
  const pyramid = new Float64Array(buckets * KEPT * FIELDS).fill(NaN);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = Math.min((bucket + 1) * BUCKET, values.length);
    const ranked: number[] = [];
    let nan = -1;
    for (let i = bucket * BUCKET; i < end; i++) {
      if (!Number.isNaN(values[i]!)) ranked.push(i);
      else if (nan < 0) nan = i;
    }
    ranked.sort((a, b) => (values[a]! < values[b]! ? -1 : Number(values[a]! > values[b]!)));
    // Two of each: two spikes close together are both seen from afar.
    const chosen = [...ranked.slice(0, 2), ...ranked.slice(-2), nan, end - 1];
    const kept = new Set(chosen.toSorted((a, b) => a - b));
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
