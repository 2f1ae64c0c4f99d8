/** @file Fewer points that look the same. */
import { type Columns, emptyColumns } from "./columns.ts";

/** Part of the result that goes to buckets: least, greatest and first NaN of each. */
const BUCKET_SHARE = 0.3;

/**
 * At most `limit` of the points (>= 8), which must be in order: the first, the last, the least,
 * greatest and first NaN of each of 0.3 limit equal stretches, and with what is left the points
 * furthest from their stretch's mean. So two spikes that share a stretch are both kept, where
 * min-max per pixel would drop the lower one.
 */
export function thin(columns: Columns, limit: number): Columns {
  const { values } = columns;
  const length = values.length;
  if (length <= limit) return columns;
  const kept = new Uint8Array(length);
  const distance = new Float64Array(length);
  kept[0] = kept[length - 1] = 1;
  const buckets = Math.max(1, Math.floor(limit * BUCKET_SHARE));
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * length) / buckets);
    keepOfStretch(values, start, Math.floor(((bucket + 1) * length) / buckets), kept, distance);
  }
  let room = limit - countOf(kept);
  const threshold = nthLargest(distance, kept, room);
  for (let i = 0; i < length && room > 0; i++) {
    if (kept[i] === 1 || !(distance[i]! >= threshold)) continue;
    kept[i] = 1;
    room--;
  }
  return pick(columns, kept);
}

function keepOfStretch(
  values: Float64Array,
  start: number,
  end: number,
  kept: Uint8Array,
  distance: Float64Array,
): void {
  let least = -1;
  let greatest = -1;
  let nan = -1;
  let sum = 0;
  let finite = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      if (nan < 0) nan = i;
      continue;
    }
    if (least < 0 || value < values[least]!) least = i;
    if (greatest < 0 || value > values[greatest]!) greatest = i;
    if (!Number.isFinite(value)) continue;
    sum += value;
    finite++;
  }
  for (const i of [least, greatest, nan]) if (i >= 0) kept[i] = 1;
  const mean = finite > 0 ? sum / finite : 0;
  for (let i = start; i < end; i++) {
    distance[i] = Number.isNaN(values[i]!) ? -1 : Math.abs(values[i]! - mean);
  }
}

/** The `n`-th largest distance of the points that are not kept yet. */
function nthLargest(distance: Float64Array, kept: Uint8Array, n: number): number {
  if (n <= 0) return Infinity;
  const open = new Float64Array(distance.length);
  let length = 0;
  for (let i = 0; i < distance.length; i++) {
    if (kept[i] === 0) open[length++] = distance[i]!;
  }
  return length === 0 ? -Infinity : select(open, length, Math.max(0, length - n));
}

/** The value that sorting the first `length` would put at `place` (Hoare's selection, in place). */
function select(numbers: Float64Array, length: number, place: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >>> 1]!;
    let left = low;
    let right = high;
    while (left <= right) {
      while (numbers[left]! < pivot) left++;
      while (numbers[right]! > pivot) right--;
      if (left > right) break;
      const swapped = numbers[left]!;
      numbers[left++] = numbers[right]!;
      numbers[right--] = swapped;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else break;
  }
  return numbers[place]!;
}

function pick({ steps, times, values }: Columns, kept: Uint8Array): Columns {
  const result = emptyColumns(countOf(kept));
  let to = 0;
  for (let from = 0; from < kept.length; from++) {
    if (kept[from] === 0) continue;
    result.steps[to] = steps[from]!;
    result.times[to] = times[from]!;
    result.values[to++] = values[from]!;
  }
  return result;
}

function countOf(kept: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < kept.length; i++) count += kept[i]!;
  return count;
}
