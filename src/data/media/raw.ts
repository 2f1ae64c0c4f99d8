/** @file Encoded pictures -> RGB at their own size. The decoders are large and load with the first picture. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { RgbImage } from "./resample.ts";

export type Rgb = { readonly r: number; readonly g: number; readonly b: number };

/**
 * Decodes a still picture, transparent pixels on `background`; of an animation its first frame, or
 * `page`. EXIF orientation and colour profiles are applied.
 *
 * Plain PNG and WebP files, which have neither, go through Skia: it takes a fraction of the time that
 * sharp does, and a benchmark has tens of thousands.
 */
export async function decodeRgb(bytes: Uint8Array, background: Rgb, page = 0): Promise<RgbImage> {
  if (page === 0 && isPlain(bytes)) return decodeBySkia(bytes, background);
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(bytes, { failOn: "error", page, pages: 1 })
    .autoOrient()
    .flatten({ background })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, data };
  // Grey pictures stay grey through sharp's raw output.
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.fill(data[i * channels] ?? 0, i * 3, i * 3 + 3);
  return { width, height, data: rgb };
}

async function decodeBySkia(bytes: Uint8Array, { r, g, b }: Rgb): Promise<RgbImage> {
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  const image = await loadImage(bytes);
  const { width, height } = image;
  if (!(width > 0 && height > 0)) throw new Error("the picture has no pixels");
  const context = createCanvas(width, height).getContext("2d");
  context.fillStyle = `rgb(${r}, ${g}, ${b})`;
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    data[to] = rgba[from]!;
    data[to + 1] = rgba[from + 1]!;
    data[to + 2] = rgba[from + 2]!;
  }
  return { width, height, data };
}

/** Whether the bytes are a whole still PNG or WebP of 8 bits without EXIF, gamma or profile but
 * Skia's own sRGB. */
export function isPlain(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isPlainPng(view) || isPlainWebp(view);
}

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
/** Chunks that change no pixel. Anything else is left to sharp. */
const PLAIN_CHUNKS = new Set([
  "IHDR",
  "PLTE",
  "tRNS",
  "IDAT",
  "IEND",
  "sRGB",
  "pHYs",
  "tEXt",
  "tIME",
  "bKGD",
  "sBIT",
]);

/** Skia draws what it can of a damaged file, so checksums are looked at here. */
function isPlainPng(bytes: Buffer): boolean {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(PNG) || bytes[24] !== 8) return false;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const end = at + 12 + length;
    if (!PLAIN_CHUNKS.has(type) || end > bytes.length) return false;
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return false;
    if (type === "IEND") return end === bytes.length;
    at = end;
  }
  return false;
}

const VP8X_EXIF_ANIMATION = 0b0000_1010;
const VP8X_ICC = 0b0010_0000;
/** sha256 of the sRGB profile that Skia puts into every WebP it writes: applying it changes nothing. */
const SKIA_SRGB = "12afb4d9953adee0607d347daee5b78b18d6b3cab2d572b88970703f5edb37bc";

function isPlainWebp(bytes: Buffer): boolean {
  if (bytes.length < 30) return false;
  const tag = (at: number): string => bytes.toString("latin1", at, at + 4);
  if (tag(0) !== "RIFF" || tag(8) !== "WEBP" || bytes.readUInt32LE(4) + 8 !== bytes.length)
    return false;
  const kind = tag(12);
  if (kind === "VP8L" || kind === "VP8 ") return true;
  if (kind !== "VP8X" || (bytes[20]! & VP8X_EXIF_ANIMATION) !== 0) return false;
  return (bytes[20]! & VP8X_ICC) === 0 || hasSkiaProfile(bytes);
}

function hasSkiaProfile(bytes: Buffer): boolean {
  if (bytes.length < 38 || bytes.toString("latin1", 30, 34) !== "ICCP") return false;
  const profile = bytes.subarray(38, 38 + bytes.readUInt32LE(34));
  return createHash("sha256").update(profile).digest("hex") === SKIA_SRGB;
}
