/** @file Hand-made features of pictures: a small colour picture and gradient directions per cell. */
import type { Pixels } from "../../data/types.ts";

export type Grid = { readonly columns: number; readonly rows: number };

const DIRECTIONS = 8;
/** Gradients are taken on this many samples a cell and side. */
const SAMPLES = 4;
/** Numbers a cell: RGB and the directions. */
const PER_CELL = 3 + DIRECTIONS;
/** Frames taken of a clip. */
const FRAMES = 4;

/** Grids of the baseline: pictures and frames 12 x 12, pages 24 x 36, single lines 48 x 8. */
export function gridOf(kind: "image" | "video" | "document", pixels: Pixels): Grid {
  if (kind !== "document") return { columns: 12, rows: 12 };
  return pixels.width > 3 * pixels.height ? { columns: 48, rows: 8 } : { columns: 24, rows: 36 };
}

/** Length of `pixelFeatures` of a picture, or of a clip. */
export function featureCount(
  { columns, rows }: Grid,
  kind: "image" | "video" | "document",
): number {
  return columns * rows * PER_CELL * (kind === "video" ? FRAMES : 1);
}

/**
 * Mean colour of each cell, in [0, 1], then the summed gradient strength in each of 8 directions, its
 * square root taken. A clip is 4 frames, evenly spaced, one after another.
 */
export function pixelFeatures(pixels: Pixels, grid: Grid, frameCount = 1): Float32Array {
  const perFrame = grid.columns * grid.rows * PER_CELL;
  const out = new Float32Array(perFrame * frameCount);
  for (let f = 0; f < frameCount; f++) {
    const place = frameCount === 1 ? 0 : (f * (pixels.frames - 1)) / (frameCount - 1);
    writeFrame(out.subarray(f * perFrame, (f + 1) * perFrame), pixels, Math.round(place), grid);
  }
  return out;
}

/** Features of an item's pixels on the grid of its kind. */
export function visualFeatures(pixels: Pixels, kind: "image" | "video" | "document"): Float32Array {
  return pixelFeatures(pixels, gridOf(kind, pixels), kind === "video" ? FRAMES : 1);
}

function writeFrame(out: Float32Array, pixels: Pixels, frame: number, grid: Grid): void {
  const cells = grid.columns * grid.rows;
  const width = grid.columns * SAMPLES;
  const height = grid.rows * SAMPLES;
  const rgb = resample(pixels, frame, width, height); // [height, width, 3]
  const luma = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / SAMPLES) * grid.columns;
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const cell = (row + Math.floor(x / SAMPLES)) * 3;
      for (let c = 0; c < 3; c++) {
        out[cell + c] = out[cell + c]! + rgb[at + c]! / (SAMPLES * SAMPLES);
      }
      luma[y * width + x] = 0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;
    }
  }
  writeDirections(out.subarray(cells * 3), luma, width, height, grid);
}

/** Central differences, each shared between the two nearest of 8 directions. */
function writeDirections(
  out: Float32Array,
  luma: Float32Array,
  width: number,
  height: number,
  grid: Grid,
): void {
  for (let y = 0; y < height; y++) {
    const up = Math.max(0, y - 1) * width;
    const down = Math.min(height - 1, y + 1) * width;
    const row = Math.floor(y / SAMPLES) * grid.columns;
    for (let x = 0; x < width; x++) {
      const dx =
        luma[y * width + Math.min(width - 1, x + 1)]! - luma[y * width + Math.max(0, x - 1)]!;
      const dy = luma[down + x]! - luma[up + x]!;
      const strength = Math.hypot(dx, dy);
      if (strength === 0) continue;
      const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1) * DIRECTIONS;
      const first = Math.floor(turn);
      const cell = (row + Math.floor(x / SAMPLES)) * DIRECTIONS;
      const a = cell + (first % DIRECTIONS);
      const b = cell + ((first + 1) % DIRECTIONS);
      out[a] = out[a]! + strength * (1 - (turn - first));
      out[b] = out[b]! + strength * (turn - first);
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i]!);
}

/** Box average to [height, width, 3] in [0, 1]; a smaller source is repeated. */
function resample(pixels: Pixels, frame: number, width: number, height: number): Float32Array {
  const out = new Float32Array(width * height * 3);
  const start = frame * pixels.width * pixels.height * 3;
  const spans = (from: number, to: number): [number, number][] =>
    Array.from({ length: to }, (_, i) => {
      const low = Math.floor((i * from) / to);
      return [low, Math.max(low + 1, Math.ceil(((i + 1) * from) / to))];
    });
  const xs = spans(pixels.width, width);
  for (const [y, [top, bottom]] of spans(pixels.height, height).entries()) {
    for (const [x, [left, right]] of xs.entries()) {
      const at = (y * width + x) * 3;
      const scale = 1 / (255 * (bottom - top) * (right - left));
      for (let sy = top; sy < bottom; sy++) {
        for (let sx = left; sx < right; sx++) {
          const from = start + (sy * pixels.width + sx) * 3;
          for (let c = 0; c < 3; c++) out[at + c] = out[at + c]! + pixels.data[from + c]! * scale;
        }
      }
    }
  }
  return out;
}
