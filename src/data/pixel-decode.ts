/** @file Decoding one item's media: what a worker of `openPixels` does. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { sampleIndicesPadded } from "./media/frames.ts";
import { decodeBytes, stack, type ClipSize, type ImageSize } from "./media/image.ts";
import type { Pixels } from "./types.ts";

/** The size each kind of medium is seen at. */
export type PixelSizes = {
  readonly image: ImageSize;
  readonly video: ClipSize;
  readonly page: ImageSize;
  /** For documents more than three times as wide as high: single lines of text. Default: as pages. */
  readonly line?: ImageSize;
  /** For other documents wider than high: a few lines. Default: as pages. */
  readonly block?: ImageSize;
};

export type MediaKind = "image" | "video" | "page";

export type DecodeJob = {
  readonly kind: MediaKind;
  /** Files, in order. */
  readonly paths: readonly string[];
  readonly sizes: PixelSizes;
};

export type Decoded = {
  /** sha256 of each file. */
  readonly digests: readonly string[];
  readonly pixels: Pixels;
};

const LINE_ASPECT = 3;

export async function decodeMedia({ kind, paths, sizes }: DecodeJob): Promise<Decoded> {
  const files: Uint8Array[] = [];
  for (const path of paths) files.push(await readFile(path));
  const digests = files.map(sha256);
  if (kind === "video") {
    const size = sizes.video;
    const frames: Uint8Array[] = [];
    for (const i of sampleIndicesPadded(paths.length, size.frames)) {
      frames.push((await decodeBytes(files[i]!, size, paths[i]!)).data);
    }
    return { digests, pixels: stack(frames, size) };
  }
  const [bytes] = files;
  const size = await stillSize(kind, bytes!, sizes);
  return { digests, pixels: await decodeBytes(bytes!, size, paths[0]!) };
}

async function stillSize(
  kind: "image" | "page",
  bytes: Uint8Array,
  { image, page, line = page, block = page }: PixelSizes,
): Promise<ImageSize> {
  if (kind === "image") return image;
  if (line === page && block === page) return page;
  // A picture that has no readable header fails with its name where it is decoded.
  const { default: sharp } = await import("sharp");
  const header = await sharp(bytes)
    .metadata()
    .catch(() => undefined);
  if (header === undefined || header.width <= header.height) return page;
  return header.width > LINE_ASPECT * header.height ? line : block;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
