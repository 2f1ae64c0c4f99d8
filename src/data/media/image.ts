/** @file Pictures and animations -> pixels of a given size. */
import { readFile } from "node:fs/promises";
import { DataError } from "../error.ts";
import { reason } from "../formats/parquet.ts";
import type { Pixels } from "../types.ts";
import { frameFiles, sampleIndicesPadded } from "./frames.ts";
import { decodeRgb, type Rgb } from "./raw.ts";
import { resizeRgb, type RgbImage } from "./resample.ts";

export type ImageSize = {
  readonly width: number;
  readonly height: number;
  /**
   * `contain` keeps the aspect ratio and fills the rest with `background` (default); `fill` stretches.
   */
  readonly fit?: "contain" | "fill";
  /** Behind transparent pixels and beside letterboxed ones. Default white. */
  readonly background?: Rgb;
};

export type ClipSize = ImageSize & {
  /** Frames taken, evenly spread; a shorter clip repeats its last. */
  readonly frames: number;
};

const WHITE = { r: 255, g: 255, b: 255 };

/** A still picture: of an animation its first frame. EXIF orientation is applied. */
export async function decodeImage(path: string, size: ImageSize): Promise<Pixels> {
  return decodeBytes(await read(path), size, path);
}

/** The same from bytes; `name` is what errors call it. */
export async function decodeBytes(
  bytes: Uint8Array,
  size: ImageSize,
  name: string,
): Promise<Pixels> {
  const data = await orFail(name, () => fitted(bytes, size));
  return { frames: 1, height: size.height, width: size.width, data };
}

/** An animated WebP or GIF: `size.frames` of its frames. A still picture gives it that many times. */
export async function decodeAnimation(path: string, size: ClipSize): Promise<Pixels> {
  const bytes = await read(path);
  return orFail(path, async () => {
    const { default: sharp } = await import("sharp");
    const { pages = 1 } = await sharp(bytes, { failOn: "error" }).metadata();
    const wanted = sampleIndicesPadded(pages, size.frames);
    const decoded = new Map<number, Uint8Array>();
    for (const page of new Set(wanted)) {
      decoded.set(page, await fitted(bytes, size, page));
    }
    return stack(
      wanted.map((page) => decoded.get(page)!),
      size,
    );
  });
}

/** Frame files in temporal order, or a folder of them: `size.frames` of them. */
export async function decodeFrames(
  frames: readonly string[] | string,
  size: ClipSize,
): Promise<Pixels> {
  const files = typeof frames === "string" ? await frameFiles(frames) : frames;
  if (files.length === 0) throw new DataError({ file: "clip", expected: "at least one frame" });
  const decoded: Uint8Array[] = [];
  let last: { index: number; data: Uint8Array } = { index: -1, data: new Uint8Array() };
  for (const index of sampleIndicesPadded(files.length, size.frames)) {
    if (index !== last.index) last = { index, data: (await decodeImage(files[index]!, size)).data };
    decoded.push(last.data);
  }
  return stack(decoded, size);
}

/** [frames, height, width, 3] from frames of [height, width, 3]. */
export function stack(frames: readonly Uint8Array[], { width, height }: ImageSize): Pixels {
  const data = new Uint8Array(frames.length * height * width * 3);
  for (const [i, frame] of frames.entries()) data.set(frame, i * height * width * 3);
  return { frames: frames.length, height, width, data };
}

/** RGB bytes [height, width, 3]. */
async function fitted(bytes: Uint8Array, size: ImageSize, page = 0): Promise<Uint8Array> {
  const { width, height, fit = "contain", background = WHITE } = size;
  const image = await decodeRgb(bytes, background, page);
  if (fit === "fill") return resizeRgb(image, width, height).data;
  const scale = Math.min(width / image.width, height / image.height);
  const inner = resizeRgb(
    image,
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * scale)),
  );
  return letterbox(inner, { width, height, background });
}

/** The image in the middle of a larger one. */
function letterbox(
  image: RgbImage,
  { width, height, background }: { width: number; height: number; background: Rgb },
): Uint8Array {
  if (image.width === width && image.height === height) return image.data;
  const out = new Uint8Array(width * height * 3);
  const { r, g, b } = background;
  for (let i = 0; i < out.length; i += 3) {
    out[i] = r;
    out[i + 1] = g;
    out[i + 2] = b;
  }
  const left = Math.floor((width - image.width) / 2);
  const top = Math.floor((height - image.height) / 2);
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
    out.set(row, ((top + y) * width + left) * 3);
  }
  return out;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DataError({ file: path, expected: `a readable file (${reason(cause)})`, cause });
  }
}

async function orFail<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError({
      file: name,
      expected: `a picture that decodes (${reason(cause)})`,
      cause,
    });
  }
}
