/** @file Decoded pixels by item. */
import { mediaOf } from "./formats/normal.ts";
import type { Item, Pixels } from "./types.ts";

/** A medium that could not be decoded: its item's key, and why. */
export type PixelFailure = { readonly id: string; readonly error: Error };

/** What an item shows, as one string: its media's paths. Undefined for text. */
export function pixelKey(item: Item): string | undefined {
  const paths = mediaOf(item);
  return paths.length === 0 ? undefined : paths.join("\n");
}

/** What `openPixels` gives: views into one buffer. */
export class PixelStore {
  readonly #pixels: ReadonlyMap<string, Pixels>;
  /** Media that did not decode. They are never left out silently: `get` throws for them. */
  readonly failures: readonly PixelFailure[];
  readonly byteLength: number;

  constructor(pixels: ReadonlyMap<string, Pixels>, failures: readonly PixelFailure[]) {
    this.#pixels = pixels;
    this.failures = failures;
    let bytes = 0;
    for (const { data } of pixels.values()) bytes += data.byteLength;
    this.byteLength = bytes;
  }

  get size(): number {
    return this.#pixels.size;
  }

  /** What `pixelKey` says of the items whose pixels are here. */
  keys(): IteratorObject<string> {
    return this.#pixels.keys();
  }

  has(item: Item): boolean {
    return this.#pixels.has(pixelKey(item) ?? "");
  }

  /** Pixels of the item's picture, clip or page; do not write to them. */
  get(item: Item): Pixels {
    const key = pixelKey(item);
    if (key === undefined) {
      throw new RangeError(`PixelStore.get: ${JSON.stringify(item)} has no pixels`);
    }
    const pixels = this.#pixels.get(key);
    if (pixels) return pixels;
    const failure = this.failures.find(({ id }) => id === key);
    if (failure) throw new Error(`PixelStore.get: ${key} did not decode`, { cause: failure.error });
    throw new RangeError(`PixelStore.get: ${key} is of no task the store was opened with`);
  }

  /** `get` for items with media, undefined for text. */
  async load(item: Item): Promise<Pixels | undefined> {
    return pixelKey(item) === undefined ? undefined : this.get(item);
  }
}
