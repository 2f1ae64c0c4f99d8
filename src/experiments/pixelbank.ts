/** @file Decoded pixels of the tasks a process works on, opened as they are needed. */
import type { PixelSizes, PixelStore } from "../data/index.ts";
import { openPixels, pixelKey } from "../data/index.ts";
import type { Item, Pixels, Task } from "../data/types.ts";
import type { OnProgress, Progress } from "./progress.ts";

export interface PixelSource {
  /** Makes the pixels of these tasks loadable. */
  ensure(tasks: readonly Task[], onProgress?: OnProgress): Promise<void>;
  /** Pixels of an item's picture, clip or page; undefined for text. */
  load(item: Item): Promise<Pixels | undefined>;
  /**
   * Forgets what is in memory, except what was read together with one of `kept`. It is read again when a task
   * that shows it is ensured.
   */
  release(kept?: readonly Item[]): void;
}

/** What the nano encoder sees: lines on pages are 12 pixels apart. */
export const NANO_PIXELS: PixelSizes = {
  image: { width: 64, height: 64 },
  video: { width: 48, height: 48, frames: 8 },
  page: { width: 96, height: 144 },
  line: { width: 96, height: 16 },
  block: { width: 96, height: 48 },
};

/** Pixels from the data's own cache; a task's are in memory once it was ensured. */
export class PixelBank implements PixelSource {
  readonly #root: string;
  readonly #sizes: PixelSizes;
  #stores: PixelStore[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(root: string, sizes: PixelSizes) {
    this.#root = root;
    this.#sizes = sizes;
  }

  /** Decodes, or reads from the cache, what `tasks` show and is not in memory yet. */
  ensure(tasks: readonly Task[], onProgress?: OnProgress): Promise<void> {
    const next = this.#queue.then(async () => {
      // One task at a time: what is decoded is on disk even if the next one is interrupted.
      for (const task of tasks) {
        const rest = this.#rest(task);
        if (rest === null) continue;
        const options = {
          sizes: this.#sizes,
          onProgress: ({ done, total }: Progress) =>
            onProgress?.({ stage: `pixels of ${task.name}/${task.split}`, done, total }),
        };
        this.#stores.push(await openPixels(this.#root, [rest], options));
      }
    });
    this.#queue = next.catch(() => undefined);
    return next;
  }

  release(kept: readonly Item[] = []): void {
    const keys = new Set(kept.map(pixelKey));
    this.#stores = this.#stores.filter((store) => store.keys().some((key) => keys.has(key)));
  }

  /** What of a task is not in memory yet: pictures that several tasks show are held once. */
  #rest(task: Task): Task | null {
    const lacks = (item: Item): boolean =>
      pixelKey(item) !== undefined && !this.#stores.some((store) => store.has(item));
    const queries = task.queries.filter(({ item }) => lacks(item));
    const corpus = new Map([...task.corpus].filter(([, item]) => lacks(item)));
    return queries.length + corpus.size === 0 ? null : { ...task, queries, corpus };
  }

  load(item: Item): Promise<Pixels | undefined> {
    if (pixelKey(item) === undefined) return Promise.resolve(undefined);
    const store = this.#stores.find((one) => one.has(item)) ?? this.#stores[0];
    if (store !== undefined) return store.load(item);
    throw new RangeError(`pixels: no task was ensured, asked for ${pixelKey(item)}`);
  }
}
