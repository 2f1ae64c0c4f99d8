/** @file Which frames of a clip are looked at, and folders of frame files. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../error.ts";

/**
 * Indices of `wanted` of `total` frames, evenly spread, first and last included:
 * floor(linspace(0, total - 1, wanted)), as MMEB's evaluator does. All of them, in order, where
 * there are no more than wanted.
 */
export function sampleIndices(total: number, wanted: number): number[] {
  if (!(Number.isInteger(wanted) && wanted > 0)) {
    throw new RangeError(`sampleIndices: frames wanted must be a positive integer, got ${wanted}`);
  }
  if (total <= wanted) return Array.from({ length: total }, (_, i) => i);
  if (wanted === 1) return [0];
  // numpy's order of operations: i * step may round to just below a whole number, and then does there.
  const step = (total - 1) / (wanted - 1);
  const indices = Array.from({ length: wanted }, (_, i) => Math.floor(i * step));
  indices[wanted - 1] = total - 1;
  return indices;
}

/** The same, but always `wanted` indices: a short clip's last frame is repeated. */
export function sampleIndicesPadded(total: number, wanted: number): number[] {
  const indices = sampleIndices(total, wanted);
  while (indices.length < wanted) indices.push(total - 1);
  return indices;
}

const FRAME = /\.(?:jpe?g|png|webp)$/i;

/** The frame files of a folder in natural order (frame_2 before frame_10). Throws when there are none. */
export async function frameFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new DataError({ file: folder, expected: "a folder of frames", cause });
  }
  const frames = names.filter((name) => FRAME.test(name)).toSorted(naturalOrder);
  if (frames.length === 0) {
    throw new DataError({ file: folder, expected: "at least one .jpg, .png or .webp frame" });
  }
  return frames.map((name) => join(folder, name));
}

/** Runs of digits compare as numbers, the rest by lower-cased code unit; ties by the name itself. */
export function naturalOrder(a: string, b: string): number {
  const left = a.toLowerCase().split(/(\d+)/);
  const right = b.toLowerCase().split(/(\d+)/);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (i % 2 === 1 && Number(x) !== Number(y)) return Number(x) - Number(y);
    if (i % 2 === 0 && x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : Number(a > b));
}
