/** @file Drawings with alpha that scenes and clips are composed of. */
import { createCanvas, type Canvas } from "@napi-rs/canvas";
import { SEEN_STYLES, type Concept } from "./concepts.ts";
import { openDrawings, rasterRgba } from "./emoji-rasters.ts";
import type { Output } from "./output.ts";
import { Stream } from "./random.ts";

const SPRITE_SIDE = 64;

/** Pale backgrounds, all light enough for every sprite. */
export const BACKGROUNDS = [
  "#ffffff",
  "#fdf3e1",
  "#e6f2fb",
  "#eaf6e6",
  "#f7e9f3",
  "#efeff4",
  "#fff9d9",
] as const;

export type Sprite = { readonly concept: Concept; readonly canvas: Canvas };

const SPRITE_GROUPS = new Set([
  "animals-nature",
  "food-drink",
  "travel-places",
  "activities",
  "objects",
]);

/** Things that can stand in a scene or move, with short names; one seen colour style each, by hash. */
export async function makeSprites(out: Output, concepts: readonly Concept[]): Promise<Sprite[]> {
  const drawingOf = openDrawings();
  const styles = SEEN_STYLES.filter((style) => style.id !== "mono");
  const usable = concepts.filter(
    (concept) =>
      SPRITE_GROUPS.has(concept.groupKey) &&
      !concept.gendered &&
      /^[a-z][a-z -]{2,20}$/.test(concept.label),
  );
  return out.each("sprites", usable, async (concept) => {
    const style = new Stream(`sprite ${concept.hex}`).pick(styles);
    const pixels = await rasterRgba(drawingOf(style, concept.hex), SPRITE_SIDE);
    const canvas = createCanvas(SPRITE_SIDE, SPRITE_SIDE);
    const context = canvas.getContext("2d");
    const image = context.createImageData(SPRITE_SIDE, SPRITE_SIDE);
    image.data.set(pixels);
    context.putImageData(image, 0, 0);
    return { concept, canvas };
  });
}
