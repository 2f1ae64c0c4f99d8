/** @file The files behind `openPixels`: append-only segments of raw pixels, each with an index. */
import { createHash, randomUUID } from "node:crypto";
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  type FileHandle,
} from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Pixels } from "./types.ts";

/** Raised when decoding changes, so that old segments are left alone. */
const VERSION = 2;
/** A segment whose index was not written within this time belongs to a process that died. */
const ORPHAN_MS = 3_600_000;
/** Entries this close together are read in one go. */
const READ_GAP = 1 << 20;

/** A media file as it was when its digest was taken. */
export type FileStamp = {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly digest: string;
};

/** Where pixels stand. */
export type CachedPixels = {
  readonly segment: string;
  readonly offset: number;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
};

const count = z.int().nonnegative();
const Index = z.strictObject({
  entries: z.array(z.tuple([z.string(), count, count, count, count])),
  files: z.array(z.tuple([z.string(), count, z.number(), z.string()])),
});

/** Indexes read before, by file: an index is written once and never changes. */
const indexes = new Map<string, z.output<typeof Index>>();

export class PixelCache {
  readonly #folder: string;
  readonly #entries = new Map<string, CachedPixels>();
  readonly #stamps = new Map<string, FileStamp>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The cache of one root and one way of decoding. Segments without a sound index do not count. */
  static async open(root: string, recipe: string): Promise<PixelCache> {
    const name = createHash("sha256").update(`${VERSION} ${recipe}`).digest("hex").slice(0, 12);
    const cache = new PixelCache(join(root, "cache", `pixels-${name}`));
    await mkdir(cache.#folder, { recursive: true });
    const names = new Set(await readdir(cache.#folder));
    for (const bin of [...names].filter((file) => file.endsWith(".bin")).toSorted()) {
      const segment = bin.slice(0, -".bin".length);
      if (names.has(`${segment}.json`)) await cache.#readIndex(segment);
      else await cache.#removeOrphan(bin);
    }
    return cache;
  }

  async #readIndex(segment: string): Promise<void> {
    const file = join(this.#folder, `${segment}.json`);
    const index = indexes.get(file) ?? parseIndex(await readFile(file, "utf8"));
    if (!index) return;
    indexes.set(file, index);
    const { size: stored } = await stat(join(this.#folder, `${segment}.bin`));
    for (const [key, offset, frames, height, width] of index.entries) {
      if (offset + frames * height * width * 3 > stored) continue;
      this.#entries.set(key, { segment, offset, frames, height, width });
    }
    for (const [path, size, mtimeMs, digest] of index.files) {
      this.#stamps.set(path, { path, size, mtimeMs, digest });
    }
  }

  async #removeOrphan(bin: string): Promise<void> {
    const file = join(this.#folder, bin);
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > ORPHAN_MS) await rm(file, { force: true });
  }

  find(key: string): CachedPixels | undefined {
    return this.#entries.get(key);
  }

  /** The digest of a file that has not changed since it was taken. */
  digestOf({ path, size, mtimeMs }: Omit<FileStamp, "digest">): string | undefined {
    const known = this.#stamps.get(path);
    return known?.size === size && known.mtimeMs === mtimeMs ? known.digest : undefined;
  }

  writer(): SegmentWriter {
    return new SegmentWriter(this.#folder, (stamp) => this.digestOf(stamp) === stamp.digest);
  }

  /** Reads entries into one buffer; the values are views into it. */
  async load(wanted: ReadonlyMap<string, CachedPixels>): Promise<Map<string, Pixels>> {
    const places = new Map<string, CachedPixels>();
    for (const each of wanted.values()) places.set(`${each.segment} ${each.offset}`, each);
    const sorted = [...places.values()].toSorted(
      (a, b) => (a.segment < b.segment ? -1 : Number(a.segment > b.segment)) || a.offset - b.offset,
    );
    const buffer = new Uint8Array(sorted.reduce((sum, each) => sum + byteLength(each), 0));
    const views = new Map<string, Uint8Array>();
    let at = 0;
    for (const each of sorted) {
      const end = at + byteLength(each);
      views.set(`${each.segment} ${each.offset}`, buffer.subarray(at, end));
      at = end;
    }
    await this.#fill(sorted, views);
    const pixels = new Map<string, Pixels>();
    for (const [id, { segment, offset, frames, height, width }] of wanted) {
      pixels.set(id, { frames, height, width, data: views.get(`${segment} ${offset}`)! });
    }
    return pixels;
  }

  async #fill(
    sorted: readonly CachedPixels[],
    views: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    for (let start = 0; start < sorted.length;) {
      const first = sorted[start]!;
      let end = start + 1;
      const limit = first.offset + 64 * READ_GAP;
      while (end < sorted.length && joins(sorted[end - 1]!, sorted[end]!, limit)) end++;
      const run = sorted.slice(start, end);
      const last = run.at(-1)!;
      const bytes = new Uint8Array(last.offset + byteLength(last) - first.offset);
      const file = await open(join(this.#folder, `${first.segment}.bin`));
      try {
        await readFully(file, bytes, first.offset);
      } finally {
        await file.close();
      }
      for (const each of run) {
        const from = each.offset - first.offset;
        views
          .get(`${each.segment} ${each.offset}`)!
          .set(bytes.subarray(from, from + byteLength(each)));
      }
      start = end;
    }
  }
}

/** Undefined for an index that is damaged: its segment is decoded anew. */
function parseIndex(text: string): z.output<typeof Index> | undefined {
  try {
    return Index.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function byteLength({ frames, height, width }: CachedPixels): number {
  return frames * height * width * 3;
}

/** Whether `next` is read together with `previous`: same segment, no wide gap, not past `limit`. */
function joins(previous: CachedPixels, next: CachedPixels, limit: number): boolean {
  const gap = next.offset - previous.offset - byteLength(previous);
  return next.segment === previous.segment && gap < READ_GAP && next.offset < limit;
}

async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0)
      throw new Error(`PixelCache: a segment ends at ${position + done}, too early`);
    done += bytesRead;
  }
}

/** One new segment. It counts from `commit` on, all of it or nothing. */
export class SegmentWriter {
  readonly #folder: string;
  readonly #isKnown: (stamp: FileStamp) => boolean;
  readonly #segment = randomUUID();
  readonly #entries = new Map<string, Promise<CachedPixels>>();
  readonly #stamps = new Map<string, FileStamp>();
  #file: Promise<FileHandle> | undefined;
  #offset = 0;

  constructor(folder: string, isKnown: (stamp: FileStamp) => boolean) {
    this.#folder = folder;
    this.#isKnown = isKnown;
  }

  /** Remembers digests of files. */
  stamp(stamps: readonly FileStamp[]): void {
    for (const stamp of stamps) if (!this.#isKnown(stamp)) this.#stamps.set(stamp.path, stamp);
  }

  /** Pixels of that key added to this segment. */
  /** Pixels of a key that was added already are not written again. */
  add(key: string, pixels: Pixels): Promise<CachedPixels> {
    const known = this.#entries.get(key);
    if (known) return known;
    const { frames, height, width, data } = pixels;
    const offset = this.#offset;
    this.#offset += data.byteLength;
    const entry = { segment: this.#segment, offset, frames, height, width };
    this.#file ??= open(join(this.#folder, `${this.#segment}.bin`), "wx");
    const written = this.#file.then(async (file) => {
      for (let done = 0; done < data.length;) {
        done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
      }
      return entry;
    });
    this.#entries.set(key, written);
    return written;
  }

  /** Makes the segment durable and visible. Nothing is written when nothing is new. */
  async commit(): Promise<void> {
    if (this.#entries.size === 0 && this.#stamps.size === 0) return;
    this.#file ??= open(join(this.#folder, `${this.#segment}.bin`), "wx");
    const file = await this.#file;
    const entries: z.input<typeof Index>["entries"] = [];
    for (const [key, written] of this.#entries) {
      const { offset, frames, height, width } = await written;
      entries.push([key, offset, frames, height, width]);
    }
    await file.sync();
    await file.close();
    const files = [...this.#stamps.values()].map(
      ({ path, size, mtimeMs, digest }) =>
        [path, size, mtimeMs, digest] as [string, number, number, string],
    );
    const target = join(this.#folder, `${this.#segment}.json`);
    const index = await open(`${target}.tmp`, "w");
    await index.writeFile(JSON.stringify({ entries, files }));
    await index.sync();
    await index.close();
    await rename(`${target}.tmp`, target);
  }

  /** Removes what was written. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#entries.values());
    if (!this.#file) return;
    await (await this.#file).close();
    await rm(join(this.#folder, `${this.#segment}.bin`), { force: true });
  }
}
