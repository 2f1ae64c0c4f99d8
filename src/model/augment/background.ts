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

/** Flood fill from the border, four neighbours; stops at pixels beyond `REACH`, which stay. */
function repaint(data: Uint8Array, { width, height, ground, colour }: Paint): void {
  const size = width * height;
  const seen = new Uint8Array(size);
  const queue = new Int32Array(size);
  const [red, green, blue] = ground.map(Math.round) as [number, number, number];
  const change = colour.map((value, channel) => value - ground[channel]!) as [
    number,
    number,
    number,
  ];
  let end = 0;
  const visit = (pixel: number): void => {
    if (seen[pixel] === 1) return;
    seen[pixel] = 1;
    queue[end++] = pixel;
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit(size - 1 - x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  for (let next = 0; next < end; next++) {
    const pixel = queue[next]!;
    const at = pixel * 3;
    const distance =
      Math.abs(data[at]! - red) + Math.abs(data[at + 1]! - green) + Math.abs(data[at + 2]! - blue);
    if (distance >= REACH) continue;
    const share = 1 - distance / REACH;
    data[at] = clamp(data[at]! + share * change[0]);
    data[at + 1] = clamp(data[at + 1]! + share * change[1]);
    data[at + 2] = clamp(data[at + 2]! + share * change[2]);
    const x = pixel % width;
    if (x > 0) visit(pixel - 1);
    if (x < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < size - width) visit(pixel + width);
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
}
