/** @file A drawing reduced to its lines, as black-only styles draw. */
import type { Pixels } from "../../data/types.ts";

/**
 * White paper, lines where luma changes: 255 - strength * |gradient|, in grey.
 *
 * @param strength 2 makes a step of half the range black.
 */
export function outline(pixels: Pixels, strength = 2): Pixels {
  const { width, height, frames, data } = pixels;
  const size = width * height;
  const out = new Uint8Array(data.length);
  const luma = new Int16Array(size);
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * size * 3;
    for (let i = 0, at = start; i < size; i++, at += 3) {
      luma[i] = (77 * data[at]! + 150 * data[at + 1]! + 29 * data[at + 2]!) >> 8;
    }
    for (let y = 0, to = start; y < height; y++) {
      const above = (y === 0 ? 0 : y - 1) * width;
      const below = (y === height - 1 ? y : y + 1) * width;
      for (let x = 0; x < width; x++, to += 3) {
        const dx =
          luma[y * width + (x === width - 1 ? x : x + 1)]! -
          luma[y * width + (x === 0 ? 0 : x - 1)]!;
        const dy = luma[below + x]! - luma[above + x]!;
        const ink = 255 - (strength * (Math.abs(dx) + Math.abs(dy))) / 1.5;
        out[to] = out[to + 1] = out[to + 2] = ink < 0 ? 0 : ink;
      }
    }
  }
  return { ...pixels, data: out };
}
