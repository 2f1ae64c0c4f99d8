/** @file Colour changes as one affine map of RGB. */
import type { Pixels } from "../../data/types.ts";

/** Row-major 3x4: out = M [r g b 1], in 0..255. */
export type ColourMap = readonly number[];

export const IDENTITY_COLOUR: ColourMap = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

/** First `a`, then `b`. */
export function composeColour(a: ColourMap, b: ColourMap): ColourMap {
  const out: number[] = [];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = column === 3 ? b[row * 4 + 3]! : 0;
      for (let k = 0; k < 3; k++) sum += b[row * 4 + k]! * a[k * 4 + column]!;
      out.push(sum);
    }
  }
  return out;
}

/** Mix of each pixel and its luma: 0 is grey, 1 unchanged, above 1 stronger. */
export function saturation(amount: number): ColourMap {
  const luma = [0.299, 0.587, 0.114];
  return [0, 1, 2].flatMap((row) => [
    ...luma.map((weight, column) => weight * (1 - amount) + (row === column ? amount : 0)),
    0,
  ]);
}

/** Rotation of colours about the grey axis, in radians. */
export function hueRotation(angle: number): ColourMap {
  const same = Math.cos(angle) + (1 - Math.cos(angle)) / 3;
  const up = (1 - Math.cos(angle)) / 3 + Math.sin(angle) / Math.sqrt(3);
  const down = (1 - Math.cos(angle)) / 3 - Math.sin(angle) / Math.sqrt(3);
  return [same, down, up, 0, up, same, down, 0, down, up, same, 0];
}

/** Channels in another order, e.g. [2, 0, 1]. */
export function channelPermutation(order: readonly [number, number, number]): ColourMap {
  return order.flatMap((from) => [0, 1, 2, 3].map((column) => (column === from ? 1 : 0)));
}

/** Contrast about mid-grey, then brightness added (in 0..255). */
export function contrast(factor: number, brightness = 0): ColourMap {
  const offset = 127.5 * (1 - factor) + brightness;
  return [factor, 0, 0, offset, 0, factor, 0, offset, 0, 0, factor, offset];
}

export const INVERSION: ColourMap = [-1, 0, 0, 255, 0, -1, 0, 255, 0, 0, -1, 255];

/** Every pixel mapped, results clamped to 0..255 and rounded. */
export function recolour(pixels: Pixels, map: ColourMap): Pixels {
  const [a, b, c, d, e, f, g, h, i, j, k, l] = map as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const from = pixels.data;
  const to = new Uint8ClampedArray(from.length);
  for (let at = 0; at < from.length; at += 3) {
    const red = from[at]!;
    const green = from[at + 1]!;
    const blue = from[at + 2]!;
    to[at] = a * red + b * green + c * blue + d;
    to[at + 1] = e * red + f * green + g * blue + h;
    to[at + 2] = i * red + j * green + k * blue + l;
  }
  return { ...pixels, data: new Uint8Array(to.buffer) };
}
