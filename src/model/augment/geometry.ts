/** @file Moving, scaling, turning and mirroring pictures; all frames of a clip alike. */
import type { Pixels } from "../../data/types.ts";

export type Movement = {
  /** Above 1 the content grows. */
  readonly zoom?: number;
  /** Pixels the content moves right and down. */
  readonly shiftX?: number;
  readonly shiftY?: number;
  /** Radians, clockwise as seen. */
  readonly angle?: number;
  readonly mirror?: boolean;
};

/** Mean colour of the four corners of the first frame. */
export function cornerColour({ width, height, data }: Pixels): [number, number, number] {
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  const mean = (channel: number) =>
    corners.reduce((sum, corner) => sum + data[corner * 3 + channel]!, 0) / 4;
  return [mean(0), mean(1), mean(2)];
}

/**
 * The picture moved about its centre, bilinear; what comes in from outside has the colour of the
 * corners. Order: mirror, turn, zoom, shift.
 */
export function move(
  pixels: Pixels,
  { zoom = 1, shiftX = 0, shiftY = 0, angle = 0, mirror = false }: Movement,
): Pixels {
  if (!(zoom > 0)) throw new RangeError(`move: zoom must be > 0, got ${zoom}`);
  const { width, height, frames } = pixels;
  const cos = Math.cos(angle) / zoom;
  const sin = Math.sin(angle) / zoom;
  const flip = mirror ? -1 : 1;
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const [fromX, fromY] = [-centreX - shiftX, -centreY - shiftY];
  const fill = cornerColour(pixels);
  const out = new Uint8Array(pixels.data.length);
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * width * height * 3;
    const source = pixels.data.subarray(start, start + width * height * 3);
    const sample = {
      source,
      width,
      height,
      fill,
      x: centreX + flip * (cos * fromX + sin * fromY),
      y: centreY - sin * fromX + cos * fromY,
      stepX: [flip * cos, -sin] as const,
      stepY: [flip * sin, cos] as const,
    };
    resample(sample, out.subarray(start, start + width * height * 3));
  }
  return { ...pixels, data: out };
}

type Sample = {
  readonly source: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly fill: readonly [number, number, number];
  /** Source place of the first pixel, and how it moves per pixel right and down. */
  readonly x: number;
  readonly y: number;
  readonly stepX: readonly [number, number];
  readonly stepY: readonly [number, number];
};

/** Places are kept in 1/65536 of a pixel and weights in 1/256, which halves the time of floats. */
function resample(
  { source, width, height, fill, x, y, stepX, stepY }: Sample,
  out: Uint8Array,
): void {
  const [red, green, blue] = fill;
  const right = Math.round(stepX[0] * 65536);
  const down = Math.round(stepX[1] * 65536);
  const stride = width * 3;
  for (let row = 0, to = 0; row < height; row++) {
    let u = Math.round((x + row * stepY[0]) * 65536);
    let v = Math.round((y + row * stepY[1]) * 65536);
    for (let column = 0; column < width; column++, to += 3, u += right, v += down) {
      const left = u >> 16;
      const top = v >> 16;
      if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
        const p = (u >> 8) & 255;
        const q = (v >> 8) & 255;
        const d = (p * q + 128) >> 8;
        const a = 256 - p - q + d;
        const at = top * stride + left * 3;
        const under = at + stride;
        for (let k = 0; k < 3; k++) {
          const above = a * source[at + k]! + (p - d) * source[at + 3 + k]!;
          const below = (q - d) * source[under + k]! + d * source[under + 3 + k]!;
          out[to + k] = (above + below + 128) >> 8;
        }
      } else {
        const nearX = (u + 32768) >> 16;
        const nearY = (v + 32768) >> 16;
        const inside = nearX >= 0 && nearY >= 0 && nearX < width && nearY < height;
        const at = nearY * stride + nearX * 3;
        out[to] = inside ? source[at]! : red;
        out[to + 1] = inside ? source[at + 1]! : green;
        out[to + 2] = inside ? source[at + 2]! : blue;
      }
    }
  }
}

/** Left and right swapped. */
export function mirrored(pixels: Pixels): Pixels {
  const { width, data } = pixels;
  const out = new Uint8Array(data.length);
  for (let row = 0; row < data.length; row += width * 3) {
    for (let x = 0; x < width; x++) {
      const from = row + (width - 1 - x) * 3;
      const to = row + x * 3;
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
  return { ...pixels, data: out };
}
