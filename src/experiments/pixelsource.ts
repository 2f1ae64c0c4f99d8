/** @file Files of an item -> pixels at the size the encoder sees, decoded once a process. */
import sharp from "sharp";
import type { Item, Pixels } from "../data/types.ts";

export interface PixelSource {
  /** Pixels of an item's picture, clip or page; undefined for text. */
  load(item: Item): Promise<Pixels | undefined>;
}

/** What a scale sees of each kind, in pixels. */
export type ViewSizes = {
  /** Side of a picture; others are fitted into the square. */
  readonly image: number;
  readonly frame: number;
  /** Pages and word lines are shrunk by this whole factor, so that letters keep their size. */
  readonly documentShrink: number;
};

export const NANO_VIEW: ViewSizes = { image: 64, frame: 48, documentShrink: 4 };

/** A file that can't be decoded, named. */
export class MediaError extends Error {
  override readonly name = "MediaError";
  readonly code = "BAD_MEDIA";
}

/**
 * Decodes with sharp and keeps every result: 12 kB a picture, 55 kB a clip, 41 kB a page at nano
 * size. `limitBytes` bounds it; what came first then goes first.
 */
export class DecodedPixels implements PixelSource {
  readonly #view: ViewSizes;
  readonly #limitBytes: number;
  readonly #known = new Map<string, Promise<Pixels>>();
  /** Bytes of what is decoded, oldest first. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(view: ViewSizes = NANO_VIEW, limitBytes = 1.5 * 2 ** 30) {
    this.#view = view;
    this.#limitBytes = limitBytes;
  }

  async load({ image, video, document }: Item): Promise<Pixels | undefined> {
    const { image: side, frame, documentShrink } = this.#view;
    if (image !== undefined) return this.#once(image, () => decode(image, () => [side, side]));
    if (document !== undefined) {
      const shrunk = (length: number): number => Math.round(length / documentShrink);
      return this.#once(document, () => decode(document, (w, h) => [shrunk(w), shrunk(h)]));
    }
    if (video === undefined) return undefined;
    return this.#once(video.join("\n"), () => clip(video, frame));
  }

  #once(key: string, make: () => Promise<Pixels>): Promise<Pixels> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, made);
    made.then(
      ({ data }) => this.#account(key, data.length),
      () => this.#known.delete(key),
    );
    return made;
  }

  #account(key: string, bytes: number): void {
    this.#sizes.set(key, bytes);
    this.#bytes += bytes;
    for (const [oldest, size] of this.#sizes) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#known.delete(oldest);
      this.#sizes.delete(oldest);
      this.#bytes -= size;
    }
  }
}

async function clip(files: readonly string[], side: number): Promise<Pixels> {
  const frames = await Promise.all(files.map((file) => decode(file, () => [side, side])));
  const { height, width } = frames[0]!;
  const data = new Uint8Array(frames.length * height * width * 3);
  for (const [i, frame] of frames.entries()) data.set(frame.data, i * height * width * 3);
  return { frames: frames.length, height, width, data };
}

async function decode(
  file: string,
  size: (width: number, height: number) => readonly [width: number, height: number],
): Promise<Pixels> {
  try {
    const image = sharp(file);
    const meta = await image.metadata();
    const [width, height] = size(meta.width, meta.height);
    const same = width === meta.width && height === meta.height;
    const fitted = same
      ? image
      : image.resize(width, height, { fit: "contain", background: "#fff", kernel: "lanczos3" });
    const { data, info } = await fitted
      .flatten({ background: "#fff" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`expected 3 channels, got ${info.channels}`);
    return {
      frames: 1,
      height,
      width,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (error) {
    throw new MediaError(`${file} can't be decoded: ${(error as Error).message}`, { cause: error });
  }
}
