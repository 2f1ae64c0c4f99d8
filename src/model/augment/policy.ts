/** @file Which random changes a training picture may undergo, and how likely. */
import type { Pixels } from "../../data/types.ts";
import type { Random } from "../../engine/index.ts";
import { changeBackground } from "./background.ts";
import {
  channelPermutation,
  composeColour,
  contrast,
  hueRotation,
  IDENTITY_COLOUR,
  INVERSION,
  recolour,
  saturation,
} from "./colour.ts";
import type { ColourMap } from "./colour.ts";
import { mirrored, move } from "./geometry.ts";
import { outline } from "./outline.ts";

/** Probabilities in [0, 1] and the ranges of what they switch on. A missing probability is 0. */
export type AugmentPolicy = {
  readonly mirror?: number;
  /** Zoom within `zoomRange`, shift by up to `shiftRange` of the side, turn by up to `angleRange`. */
  readonly move?: number;
  readonly zoomRange?: readonly [number, number]; // default 0.7 to 1.15
  readonly shiftRange?: number; // share of the side, default 0.1
  readonly angleRange?: number; // radians, default 0
  readonly background?: number;
  readonly outline?: number;
  readonly grey?: number;
  /** Hue turned by any angle, or channels permuted. */
  readonly hue?: number;
  /** Contrast 0.7 to 1.3, brightness +-32 of 255, saturation 0.5 to 1.5. */
  readonly tone?: number;
  readonly invert?: number;
};

/** Policies by name; a task picks what leaves its answer true. */
export const AUGMENT_POLICIES = {
  none: {},
  /** Naming things, whatever their place, size, colour and drawing style. */
  object: {
    mirror: 0.5,
    move: 0.6,
    zoomRange: [0.85, 1.1],
    shiftRange: 0.06,
    grey: 0.1,
    hue: 0.1,
    tone: 0.4,
    outline: 0.05,
  },
  /** Left, right, up, down, order and text must stay: clocks, places, motion, pages. */
  photometric: { grey: 0.15, hue: 0.25, tone: 0.6, background: 0.2 },
  /** Colours must stay: skin tones, colour questions. */
  geometric: { mirror: 0.5, move: 0.8, angleRange: 0.1 },
  /** Both must stay: small tone changes and shifts only. */
  careful: { move: 0.5, zoomRange: [0.9, 1.1], shiftRange: 0.05 },
} as const satisfies Record<string, AugmentPolicy>;

export type AugmentPolicyName = keyof typeof AUGMENT_POLICIES;

/** A random variant of `pixels`, which stay as they are; all frames of a clip change alike. */
export function augment(pixels: Pixels, policy: AugmentPolicy, random: Random): Pixels {
  const happens = (probability = 0): boolean => probability > 0 && random.uniform() < probability;
  let result = pixels;
  if (happens(policy.background)) result = changeBackground(result, randomColour(random));
  if (happens(policy.outline)) result = outline(result, between(random, 1.5, 3));
  const mirror = happens(policy.mirror);
  if (happens(policy.move))
    result = move(result, { mirror, ...randomMovement(pixels, policy, random) });
  else if (mirror) result = mirrored(result);
  const colours = randomColours(policy, happens, random);
  return colours === IDENTITY_COLOUR ? result : recolour(result, colours);
}

function randomMovement(
  { width, height }: Pixels,
  { zoomRange = [0.7, 1.15], shiftRange = 0.1, angleRange = 0 }: AugmentPolicy,
  random: Random,
): { zoom: number; shiftX: number; shiftY: number; angle: number } {
  return {
    zoom: between(random, ...zoomRange),
    shiftX: between(random, -shiftRange, shiftRange) * width,
    shiftY: between(random, -shiftRange, shiftRange) * height,
    angle: between(random, -angleRange, angleRange),
  };
}

const PERMUTATIONS = [
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

function randomColours(
  policy: AugmentPolicy,
  happens: (probability?: number) => boolean,
  random: Random,
): ColourMap {
  let map = IDENTITY_COLOUR;
  if (happens(policy.hue)) {
    const turn = random.uniform() < 0.5;
    const hue = turn
      ? hueRotation(between(random, 0.3, 2 * Math.PI - 0.3))
      : channelPermutation(PERMUTATIONS[random.int(PERMUTATIONS.length)]!);
    map = composeColour(map, hue);
  }
  if (happens(policy.tone)) {
    map = composeColour(map, saturation(between(random, 0.5, 1.5)));
    map = composeColour(map, contrast(between(random, 0.7, 1.3), between(random, -32, 32)));
  }
  if (happens(policy.grey)) map = composeColour(map, saturation(0));
  if (happens(policy.invert)) map = composeColour(map, INVERSION);
  return map;
}

function randomColour(random: Random): [number, number, number] {
  return [random.int(256), random.int(256), random.int(256)];
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}
