/** @file Every picture, clip and page of some tasks, decoded once to given sizes and kept on disk. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import sharp from "sharp";
import { reason } from "./formats/parquet.ts";
import { mediaOf } from "./formats/normal.ts";
import { sampleIndicesPadded } from "./media/frames.ts";
import { decodeBytes, stack, type ClipSize, type ImageSize } from "./media/image.ts";
import { PixelCache, type CachedPixels, type FileStamp } from "./pixel-cache.ts";
import type { Item, Pixels, Task } from "./types.ts";

/** The size each kind of medium is seen at. */
export type PixelSizes = {
  readonly image: ImageSize;
  readonly video: ClipSize;
  readonly page: ImageSize;
  /** For documents more than three times as wide as high: single lines of text. Default: as pages. */
  readonly line?: ImageSize;
};

export type PixelProgress = {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
};

export type OpenPixelsOptions = {
  readonly sizes: PixelSizes;
  readonly onProgress?: (progress: PixelProgress) => void;
  readonly signal?: AbortSignal;
};

/** A medium that could not be decoded: its item's key, and why. */
export type PixelFailure = { readonly id: string; readonly error: Error };

const LINE_ASPECT = 3;
/** Decoding runs on libuv's threads; a few in flight keep them busy. */
const IN_FLIGHT = 6;

/** What an item shows, as one string: its media's paths. Undefined for text. */
export function pixelKey(item: Item): string | undefined {
  const paths = mediaOf(item);
  return paths.length === 0 ? undefined : paths.join("\n");
}

/** Decoded pixels by item; views into one buffer. */
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

  has(item: Item): boolean {
    return this.#pixels.has(pixelKey(item) ?? "");
  }

  /** Pixels of the item's picture, clip or page; do not write to them. */
  get(item: Item): Pixels {
    const key = pixelKey(item);
    if (key === undefined)
      throw new RangeError(`PixelStore.get: ${JSON.stringify(item)} has no pixels`);
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

/**
 * Opens the pixels of `tasks` below `root`, decoding what `<root>/cache` lacks. The cache is keyed by
 * the sha256 of the media's bytes and the size; a file of known size and modification time is not
 * read again. Several processes may open the same root at once.
 */
export async function openPixels(
  root: string,
  tasks: readonly Task[],
  { sizes, onProgress, signal }: OpenPixelsOptions,
): Promise<PixelStore> {
  const base = resolve(root);
  const items = distinctItems(tasks);
  const cache = await PixelCache.open(base, JSON.stringify(sizes));
  const found = new Map<string, CachedPixels>();
  const failures: PixelFailure[] = [];
  const writer = cache.writer();
  const has = (key: string): boolean => cache.find(key) !== undefined || writer.has(key);
  const find = async (key: string): Promise<CachedPixels> =>
    cache.find(key) ?? (await writer.find(key));
  let done = 0;
  const total = items.size;
  onProgress?.({ stage: "decode pixels", done, total });
  const work = async ([id, item]: [string, Item]): Promise<void> => {
    const decoded = await attempt(() => contentOf(item, { base, cache, sizes, has }));
    if (decoded instanceof Error) failures.push({ id, error: decoded });
    else {
      const { key, stamps, pixels } = decoded;
      writer.stamp(stamps);
      found.set(id, pixels ? await writer.add(key, pixels) : await find(key));
    }
    onProgress?.({ stage: "decode pixels", done: ++done, total });
  };
  try {
    await inLanes([...items], work, signal);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.commit();
  return new PixelStore(await cache.load(found), failures);
}

async function attempt<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(reason(error));
  }
}

async function inLanes<T>(
  list: readonly T[],
  work: (each: T) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < list.length; i = next++) {
      signal?.throwIfAborted();
      await work(list[i]!);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, lane));
  for (const each of lanes) if (each.status === "rejected") throw each.reason;
  signal?.throwIfAborted();
}

function distinctItems(tasks: readonly Task[]): Map<string, Item> {
  const items = new Map<string, Item>();
  const add = (item: Item): void => {
    const key = pixelKey(item);
    if (key !== undefined) items.set(key, item);
  };
  for (const { queries, corpus } of tasks) {
    for (const { item } of queries) add(item);
    for (const item of corpus.values()) add(item);
  }
  return items;
}

type Content = {
  readonly key: string;
  readonly stamps: readonly FileStamp[];
  /** Absent where pixels of that key are there already. */
  readonly pixels?: Pixels;
};

type ContentContext = {
  readonly base: string;
  readonly cache: PixelCache;
  readonly sizes: PixelSizes;
  readonly has: (key: string) => boolean;
};

async function contentOf(
  item: Item,
  { base, cache, sizes, has }: ContentContext,
): Promise<Content> {
  const media = await readMedia(item, base, cache);
  const { stamps, digests } = media;
  const key = contentKey(item, digests);
  if (has(key)) return { key, stamps };
  return { key, stamps, pixels: await decodeItem(item, media, sizes) };
}

type Media = {
  readonly paths: readonly string[];
  readonly digests: readonly string[];
  readonly stamps: readonly FileStamp[];
  /** Bytes of those files that had to be read to know their digest. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
};

async function readMedia(item: Item, base: string, cache: PixelCache): Promise<Media> {
  const paths = mediaOf(item);
  const digests: string[] = [];
  const stamps: FileStamp[] = [];
  const bytes = new Map<string, Uint8Array>();
  for (const path of paths) {
    // 3 us; the asynchronous form takes five times as long, over tens of thousands of frames.
    const { size, mtimeMs } = statSync(path);
    const name = relative(base, path);
    const known = cache.digestOf({ path: name, size, mtimeMs });
    if (known === undefined) bytes.set(path, await readFile(path));
    const digest = known ?? sha256(bytes.get(path)!);
    digests.push(digest);
    stamps.push({ path: name, size, mtimeMs, digest });
  }
  return { paths, digests, stamps, bytes };
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function kindOf(item: Item): "image" | "video" | "page" {
  if (item.video) return "video";
  return item.document === undefined ? "image" : "page";
}

function contentKey(item: Item, digests: readonly string[]): string {
  const [only] = digests;
  return `${kindOf(item)} ${digests.length === 1 ? only : sha256(digests.join("\n"))}`;
}

async function decodeItem(item: Item, media: Media, sizes: PixelSizes): Promise<Pixels> {
  const { paths } = media;
  const bytesOf = async (path: string): Promise<Uint8Array> =>
    media.bytes.get(path) ?? (await readFile(path));
  const kind = kindOf(item);
  if (kind === "video") {
    const size = sizes.video;
    const frames: Uint8Array[] = [];
    for (const i of sampleIndicesPadded(paths.length, size.frames)) {
      frames.push((await decodeBytes(await bytesOf(paths[i]!), size, paths[i]!)).data);
    }
    return stack(frames, size);
  }
  const [path] = paths;
  const bytes = await bytesOf(path!);
  if (kind === "image") return decodeBytes(bytes, sizes.image, path!);
  const size = sizes.line && (await isLine(bytes)) ? sizes.line : sizes.page;
  return decodeBytes(bytes, size, path!);
}

async function isLine(bytes: Uint8Array): Promise<boolean> {
  const { width, height } = await sharp(bytes).metadata();
  return width > LINE_ASPECT * height;
}
