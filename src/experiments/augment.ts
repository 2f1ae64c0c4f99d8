/** @file Random changes of training pixels that keep what a picture shows: shift, brightness, contrast. */
import type { Pixels } from "../data/types.ts";
import type { TrainConfig } from "./config.ts";

export type AugmentPolicy = TrainConfig["augment"];

/** What augmentation draws from; the engine's `Random` fits. */
export type Draws = { uniform(): number };

type Strength = {
  /** Largest shift as a share of the shorter side. */
  readonly shift: number;
  /** Contrast is scaled by up to 1 +- this. */
  readonly contrast: number;
  /** Brightness moves by up to +- this of the full range. */
  readonly brightness: number;
};

/**
 * No mirror images and no rotation: clock faces, written characters, text and "moves left" would change
 * their meaning. No change of hue: the colour is often the answer.
 */
const STRENGTHS: Readonly<Record<Exclude<AugmentPolicy, "none">, Strength>> = {
  light: { shift: 0.05, contrast: 0.15, brightness: 0.05 },
  strong: { shift: 0.1, contrast: 0.35, brightness: 0.12 },
};

/**
 * A changed copy of a picture or clip; all frames change alike, so motion stays what it was. What a
 * shift uncovers repeats the border. Draws the same number of times whatever the picture.
 */
export function augment(pixels: Pixels, policy: AugmentPolicy, random: Draws): Pixels {
  if (policy === "none") return pixels;
  const { shift, contrast, brightness } = STRENGTHS[policy];
  const { frames, height, width, data } = pixels;
  const reach = shift * Math.min(height, width);
  const dx = Math.round(signed(random) * reach);
  const dy = Math.round(signed(random) * reach);
  const level = levels(1 + signed(random) * contrast, signed(random) * brightness * 255);
  const out = new Uint8Array(data.length);
  const columns = Int32Array.from({ length: width }, (_, x) => 3 * clamp(x - dx, width));
  let at = 0;
  for (let f = 0; f < frames; f++) {
    for (let y = 0; y < height; y++) {
      const row = 3 * width * (f * height + clamp(y - dy, height));
      for (let x = 0; x < width; x++) {
        const from = row + columns[x]!;
        out[at] = level[data[from]!]!;
        out[at + 1] = level[data[from + 1]!]!;
        out[at + 2] = level[data[from + 2]!]!;
        at += 3;
      }
    }
  }
  return { frames, height, width, data: out };
}

/** Where each of the 256 levels goes: contrast about middle grey, then brightness, clamped. */
function levels(gain: number, offset: number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, v) => (v - 127.5) * gain + 127.5 + offset);
}

function signed(random: Draws): number {
  return 2 * random.uniform() - 1;
}

function clamp(i: number, size: number): number {
  return i < 0 ? 0 : i >= size ? size - 1 : i;
}
