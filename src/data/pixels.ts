/** @file Every picture, clip and page of some tasks, decoded once to given sizes and kept on disk. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import { mediaOf } from "./formats/normal.ts";
import { reason } from "./formats/parquet.ts";
import {
  PixelCache,
  type CachedPixels,
  type FileStamp,
  type SegmentWriter,
} from "./pixel-cache.ts";
import { sha256, type Decoded, type MediaKind, type PixelSizes } from "./pixel-decode.ts";
import { DecodePool } from "./pixel-pool.ts";
import { PixelStore, pixelKey, type PixelFailure } from "./pixel-store.ts";
import type { Item, Task } from "./types.ts";

export type PixelProgress = {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
};

export type OpenPixelsOptions = {
  readonly sizes: PixelSizes;
  /** Threads that decode. Default: one for each core, none for a few media. */
  readonly threads?: number;
  readonly onProgress?: (progress: PixelProgress) => void;
  readonly signal?: AbortSignal;
};

/** Below this many media, starting threads takes longer than decoding. */
const FEW = 200;
const MAX_THREADS = 8;
/** Jobs given to a thread at once: reading files overlaps with decoding others. */
const IN_FLIGHT = 4;

/**
 * Opens the pixels of `tasks` below `root`, decoding what `<root>/cache` lacks. The cache is keyed by
 * the sha256 of the media's bytes and the size; a file of known size and modification time is not
 * read again. Several processes may open the same root at once.
 */
export async function openPixels(
  root: string,
  tasks: readonly Task[],
  { sizes, threads, onProgress, signal }: OpenPixelsOptions,
): Promise<PixelStore> {
  const base = resolve(root);
  const cache = await PixelCache.open(base, JSON.stringify(sizes));
  const found = new Map<string, CachedPixels>();
  const missing: Medium[] = [];
  const failures: PixelFailure[] = [];
  const media = distinctMedia(tasks);
  for (const medium of media) {
    const known = cached(medium, base, cache);
    if (known instanceof Error) failures.push({ id: medium.id, error: known });
    else if (known) found.set(medium.id, known);
    else missing.push(medium);
  }
  const total = media.length;
  let done = total - missing.length;
  const report = (): void => onProgress?.({ stage: "decode pixels", done, total });
  report();
  const finished = (): void => {
    done++;
    report();
  };
  const decoding = { base, cache, sizes, found, failures, finished, signal };
  await decodeMissing(missing, threads ?? defaultThreads(missing.length), decoding);
  signal?.throwIfAborted();
  return new PixelStore(await cache.load(found), failures);
}

function defaultThreads(count: number): number {
  return count < FEW ? 0 : Math.min(availableParallelism(), MAX_THREADS);
}

/** What is to be decoded once. */
type Medium = { readonly id: string; readonly kind: MediaKind; readonly paths: readonly string[] };

function distinctMedia(tasks: readonly Task[]): Medium[] {
  const media = new Map<string, Medium>();
  const add = (item: Item): void => {
    const id = pixelKey(item);
    if (id === undefined || media.has(id)) return;
    media.set(id, { id, kind: kindOf(item), paths: mediaOf(item) });
  };
  for (const { queries, corpus } of tasks) {
    for (const { item } of queries) add(item);
    for (const item of corpus.values()) add(item);
  }
  return [...media.values()];
}

function kindOf(item: Item): MediaKind {
  if (item.video) return "video";
  return item.document === undefined ? "image" : "page";
}

/** What the cache has of files that did not change; an error for a file that is not there. */
function cached(
  { kind, paths }: Medium,
  base: string,
  cache: PixelCache,
): CachedPixels | Error | undefined {
  try {
    const digests = paths.map((path) => cache.digestOf(stampOf(path, base)));
    if (digests.includes(undefined)) return undefined;
    return cache.find(contentKey(kind, digests as string[]));
  } catch (error) {
    return error instanceof Error ? error : new Error(reason(error));
  }
}

/** Size and time of a file. 3 us; the asynchronous form takes five times as long. */
function stampOf(path: string, base: string): Omit<FileStamp, "digest"> {
  const { size, mtimeMs } = statSync(path);
  return { path: relative(base, path), size, mtimeMs };
}

function contentKey(kind: MediaKind, digests: readonly string[]): string {
  const [only] = digests;
  return `${kind} ${digests.length === 1 ? only : sha256(digests.join("\n"))}`;
}

type Decoding = {
  readonly base: string;
  readonly cache: PixelCache;
  readonly sizes: PixelSizes;
  readonly found: Map<string, CachedPixels>;
  readonly failures: PixelFailure[];
  readonly finished: () => void;
  readonly signal: AbortSignal | undefined;
};

/** Decodes into one new segment of the cache: all of it, or on an abort nothing. */
async function decodeMissing(
  missing: readonly Medium[],
  threads: number,
  decoding: Decoding,
): Promise<void> {
  if (missing.length === 0) return;
  const pool = new DecodePool(threads);
  const writer = decoding.cache.writer();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < missing.length; i = next++) {
      decoding.signal?.throwIfAborted();
      await decodeOne(missing[i]!, { ...decoding, pool, writer });
      decoding.finished();
    }
  };
  const lanes = Array.from({ length: Math.max(1, threads) * IN_FLIGHT }, lane);
  const results = await Promise.allSettled(lanes);
  await pool.close();
  const failed = results.find((result) => result.status === "rejected");
  if (failed || decoding.signal?.aborted) {
    await writer.abandon();
    throw failed ? failed.reason : decoding.signal!.reason;
  }
  await writer.commit();
}

/** A medium that does not decode is a failure of its own; a disk that is full ends everything. */
async function decodeOne(
  { id, kind, paths }: Medium,
  context: Decoding & { readonly pool: DecodePool; readonly writer: SegmentWriter },
): Promise<void> {
  const { base, cache, sizes, found, failures, pool, writer } = context;
  let decoded: Decoded;
  try {
    const stamps = paths.map((path) => stampOf(path, base));
    decoded = await pool.decode({ kind, paths, sizes });
    writer.stamp(stamps.map((stamp, i) => ({ ...stamp, digest: decoded.digests[i]! })));
  } catch (error) {
    failures.push({ id, error: error instanceof Error ? error : new Error(reason(error)) });
    return;
  }
  const key = contentKey(kind, decoded.digests);
  found.set(id, cache.find(key) ?? (await writer.add(key, decoded.pixels)));
}
