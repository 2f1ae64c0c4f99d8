/** @file Page canvases: fonts from npm, a 48-pixel baseline grid, wrapping and shrinking text. */
import { createCanvas, GlobalFonts, type Canvas, type SKRSContext2D } from "@napi-rs/canvas";
import { join } from "node:path";
import { packageFolder } from "./sources.ts";

export const PAGE_WIDTH = 384;
export const PAGE_HEIGHT = 576;
/** Distance of baselines; 12 pixels at the nano model's 96 x 144. */
export const LINE = 48;
/** Type of a page's text; 10 pixels at nano scale. Dense pages go below. */
export const BODY = 40;
/** The smallest type that a text may shrink to. */
export const LEAST = 26;
export const MARGIN = 12;
export const LINES = PAGE_HEIGHT / LINE;

/** Faces by family name; all from dejavu-fonts-ttf. */
export const FACES: Readonly<Record<string, string>> = {
  Sans: "DejaVuSans.ttf",
  "Sans Bold": "DejaVuSans-Bold.ttf",
  "Sans Oblique": "DejaVuSans-Oblique.ttf",
  Condensed: "DejaVuSansCondensed.ttf",
  "Condensed Bold": "DejaVuSansCondensed-Bold.ttf",
  "Condensed Oblique": "DejaVuSansCondensed-Oblique.ttf",
  Serif: "DejaVuSerif.ttf",
  "Serif Bold": "DejaVuSerif-Bold.ttf",
  "Serif Condensed": "DejaVuSerifCondensed.ttf",
  "Serif Condensed Bold": "DejaVuSerifCondensed-Bold.ttf",
  "Serif Condensed Italic": "DejaVuSerifCondensed-Italic.ttf",
  Mono: "DejaVuSansMono.ttf",
  "Mono Bold": "DejaVuSansMono-Bold.ttf",
};
export type Face = string;

/** Loads the faces of a folder under names of our own, so that system fonts never stand in. */
export function registerFaces(folder: string): void {
  for (const [name, file] of Object.entries(FACES)) {
    const path = join(folder, file);
    if (!GlobalFonts.registerFromPath(path, `Mini ${name}`)) {
      throw new Error(`mini-MMEB: cannot load the font ${path}`);
    }
  }
}

let registered = false;

export function fontOf(face: Face, size: number): string {
  if (!(face in FACES))
    throw new Error(`mini-MMEB: no face ${face}; there are ${Object.keys(FACES).join(", ")}`);
  return `${size}px "Mini ${face}"`;
}

/** A canvas filled with `background`. */
export function blank(
  width: number,
  height: number,
  background = "#ffffff",
): { canvas: Canvas; context: SKRSContext2D } {
  if (!registered) registerFaces(join(packageFolder("dejavu-fonts-ttf"), "ttf"));
  registered = true;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#111111";
  return { canvas, context };
}

/** Lossless WebP: a fifth of PNG's time and size on pages. */
export function encode(canvas: Canvas): Promise<Uint8Array> {
  return canvas.encode("webp", 100);
}

/** Breaks `text` into lines no wider than `width` in the context's font; a longer word is cut. */
export function wrap(context: SKRSContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (context.measureText(longer).width <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (context.measureText(line).width > width && line.length > 1) {
      let fit = line.length - 1;
      while (fit > 1 && context.measureText(line.slice(0, fit)).width > width) fit--;
      lines.push(line.slice(0, fit));
      line = line.slice(fit);
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** The largest size at or below `size` (and at least `least`) at which `text` fits `width`. */
export function fitSize(
  context: SKRSContext2D,
  face: Face,
  text: string,
  width: number,
  size: number,
  least: number,
): number {
  for (let s = size; s > least; s--) {
    context.font = fontOf(face, s);
    if (context.measureText(text).width <= width) return s;
  }
  context.font = fontOf(face, least);
  return least;
}
