/** @file Where the builder writes: media files, tasks, progress, and how much runs at once. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type MiniProgress = {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
};

export type { BuiltTask } from "../formats/index.ts";

/** Drawing is serial JavaScript, encoding runs on libuv's threads: a few in flight fill two cores. */
const IN_FLIGHT = 6;

export class Output {
  readonly root: string;
  readonly #onProgress: (progress: MiniProgress) => void;
  readonly #folders = new Set<string>();

  constructor(root: string, onProgress: (progress: MiniProgress) => void) {
    this.root = root;
    this.#onProgress = onProgress;
  }

  /** Writes a media file and returns its relative path. */
  async media(path: string, bytes: Uint8Array): Promise<string> {
    const file = join(this.root, path);
    const folder = dirname(file);
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true });
      this.#folders.add(folder);
    }
    await writeFile(file, bytes);
    return path;
  }

  /** Runs `work` over `items`, a few at once, and reports progress under `stage`. Results keep the order. */
  async each<T, R>(
    stage: string,
    items: readonly T[],
    work: (item: T, index: number) => Promise<R>,
  ): Promise<R[]> {
    const results: R[] = Array.from({ length: items.length });
    let next = 0;
    let done = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < items.length; i = next++) {
        results[i] = await work(items[i]!, i);
        this.#onProgress({ stage, done: ++done, total: items.length });
      }
    };
    this.#onProgress({ stage, done: 0, total: items.length });
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return results;
  }
}
