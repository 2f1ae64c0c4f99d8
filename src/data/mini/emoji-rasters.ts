/** @file Rasterises the emoji drawings: 96 x 96 on white for tasks, with alpha for sprites. */
import { createHash } from "node:crypto";
import sharp from "sharp";
import { files3d, iconNames, STYLES, type Concept, type Style } from "./concepts.ts";
import type { Output } from "./output.ts";
import { packageJson } from "./sources.ts";

/** Stored side in pixels; the nano model sees 64. */
export const RASTER_SIDE = 96;

export type IconifySet = {
  width?: number;
  height?: number;
  left?: number;
  top?: number;
  icons: Record<
    string,
    { body: string; width?: number; height?: number; left?: number; top?: number }
  >;
};

/** Source picture of one drawing: SVG text as bytes, or a WebP file. */
export type Drawing = Buffer | string;

/** Finds the drawing of any style and hex. */
export function openDrawings(): (style: Style, hex: string) => Drawing {
  const threeD = files3d();
  const sets = new Map(
    STYLES.filter((style) => style.id !== "3d").map((style) => [
      style.id,
      { names: iconNames(style), set: openIconSet(style.packageName) },
    ]),
  );
  return (style, hex) => {
    if (style.id === "3d") {
      const file = threeD.get(hex);
      if (file === undefined) throw new Error(`mini-MMEB: style 3d does not draw ${hex}`);
      return file;
    }
    const { names, set } = sets.get(style.id)!;
    const name = names.get(hex);
    const drawing = name === undefined ? undefined : iconDrawing(set, name);
    if (!drawing) throw new Error(`mini-MMEB: style ${style.id} does not draw ${hex}`);
    return drawing;
  };
}

export function openIconSet(packageName: string): IconifySet {
  return packageJson(packageName, "icons.json") as IconifySet;
}

/** SVG of an icon, or undefined if the set has none of that name. */
export function iconDrawing(set: IconifySet, name: string): Buffer | undefined {
  const icon = Object.hasOwn(set.icons, name) ? set.icons[name] : undefined;
  if (!icon) return undefined;
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  const left = icon.left ?? set.left ?? 0;
  const top = icon.top ?? set.top ?? 0;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
      `width="${RASTER_SIDE}" height="${RASTER_SIDE}" viewBox="${left} ${top} ${width} ${height}">` +
      `${icon.body.replaceAll("currentColor", "#202020")}</svg>`,
  );
}

/** RGBA bytes [side, side, 4] of a drawing, fitted into a square. */
export async function rasterRgba(drawing: Drawing, side: number): Promise<Buffer> {
  return sharp(drawing)
    .resize(side, side, { fit: "contain", background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .ensureAlpha()
    .raw()
    .toBuffer();
}

/** Path of the stored picture of a hex in a style. */
export function rasterPath(style: Style["id"], hex: string): string {
  return `media/image/${style}/${hex}.png`;
}

/** Writes one picture on white and returns the digest of its pixels. */
export async function writeRaster(out: Output, drawing: Drawing, path: string): Promise<string> {
  const raw = { width: RASTER_SIDE, height: RASTER_SIDE, channels: 3 } as const;
  const pixels = await sharp(drawing)
    .resize(RASTER_SIDE, RASTER_SIDE, {
      fit: "contain",
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer();
  await out.media(path, await sharp(pixels, { raw }).png({ compressionLevel: 3 }).toBuffer());
  return createHash("sha256").update(pixels).digest("hex");
}

/**
 * Writes every concept in every style and returns the concepts to keep: of those that some style
 * draws alike to the pixel only the first stays, so no raster stands under two labels or splits.
 */
export async function writeRasters(out: Output, concepts: readonly Concept[]): Promise<Concept[]> {
  const drawingOf = openDrawings();
  const jobs = concepts.flatMap((concept) => STYLES.map((style) => ({ concept, style })));
  const digests = await out.each("emoji pictures", jobs, ({ concept, style }) =>
    writeRaster(out, drawingOf(style, concept.hex), rasterPath(style.id, concept.hex)),
  );
  const owner = new Map<string, string>();
  const dropped = new Set<string>();
  for (const [i, { concept }] of jobs.entries()) {
    const first = owner.get(digests[i]!);
    if (first === undefined) owner.set(digests[i]!, concept.hex);
    else if (first !== concept.hex) dropped.add(concept.hex);
  }
  return concepts.filter((concept) => !dropped.has(concept.hex));
}

/** Writes the five tones of a concept in a style. */
export async function writeTones(
  out: Output,
  pairs: readonly { readonly concept: Concept; readonly style: Style }[],
): Promise<void> {
  const drawingOf = openDrawings();
  const jobs = pairs.flatMap(({ concept, style }) => concept.tones.map((hex) => ({ style, hex })));
  await out.each("skin tones", jobs, ({ style, hex }) =>
    writeRaster(out, drawingOf(style, hex), rasterPath(style.id, hex)),
  );
}
