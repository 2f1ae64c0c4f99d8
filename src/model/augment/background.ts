/** @file Another colour behind a drawing that stands on a plain ground. */
import type { Pixels } from "../../data/types.ts";
import { cornerColour } from "./geometry.ts";

/** Colour distance up to which a pixel connected to the border is ground, and blends with it. */
const REACH = 96;

export type Colour = readonly [red: number, green: number, blue: number];

/**
 * The ground (what is connected to the border and near the corners' colour) in `colour`. Pixels
 * between ground and drawing keep their share, so edges stay smooth; enclosed areas stay.
 */
export function changeBackground(pixels: Pixels, colour: Colour): Pixels {
  const { width, height, frames } = pixels;
  const ground = cornerColour(pixels);
  const out = Uint8Array.from(pixels.data);
  const size = width * height;
  for (let frame = 0; frame < frames; frame++) {
    repaint(out.subarray(frame * size * 3, (frame + 1) * size * 3), {
      width,
      height,
      ground,
      colour,
    });
  }
  return { ...pixels, data: out };
}

type Paint = {
  readonly width: number;
  readonly height: number;
  readonly ground: Colour;
  readonly colour: Colour;
};

/**
 * Flood fill from the border, four neighbours; stops at pixels beyond `REACH`, which stay. Places
 * count in a frame with a margin of one that is seen from the start, so no step needs a bound.
 */
function repaint(data: Uint8Array, { width, height, ground, colour }: Paint): void {
  const [red, green, blue] = ground;
  const [newRed, newGreen, newBlue] = colour;
  const stride = width + 2;
  const seen = new Uint8Array(stride * (height + 2)).fill(1);
  for (let y = 1; y <= height; y++) seen.fill(0, y * stride + 1, y * stride + 1 + width);
  const queue = new Int32Array(width * height);
  let end = 0;
  const visit = (place: number): void => {
    if (seen[place] === 1) return;
    seen[place] = 1;
    queue[end++] = place;
  };
  for (let x = 1; x <= width; x++) {
    visit(stride + x);
    visit(height * stride + x);
  }
  for (let y = 1; y <= height; y++) {
    visit(y * stride + 1);
    visit(y * stride + width);
  }
  for (let next = 0; next < end; next++) {
    const place = queue[next]!;
    const y = (place / stride) | 0;
    const at = 3 * (place - 1 - 2 * (y - 1) - stride);
    const distance =
      Math.abs(data[at]! - red) + Math.abs(data[at + 1]! - green) + Math.abs(data[at + 2]! - blue);
    if (distance >= REACH) continue;
    const share = 1 - distance / REACH;
    data[at] = clamp(data[at]! + share * (newRed - red));
    data[at + 1] = clamp(data[at + 1]! + share * (newGreen - green));
    data[at + 2] = clamp(data[at + 2]! + share * (newBlue - blue));
    visit(place - 1);
    visit(place + 1);
    visit(place - stride);
    visit(place + stride);
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : (value + 0.5) | 0;
}
