/** @file Digests of media and tasks: sha256 over everything that can change a score. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../error.ts";
import type { Item } from "../types.ts";
import { headerOf, mediaOf, type BuiltTask } from "./normal.ts";

/** Files read at once. */
const IN_FLIGHT = 16;

/** What tells one medium from another. */
export interface MediaIdentity {
  add(paths: Iterable<string>, usedBy: string): Promise<void>;
  get(path: string): string;
}

/**
 * Path and size instead of bytes, for collections too large to be read for a digest: MMEB-V2's video
 * sets have half a million frames.
 */
export class MediaSizes implements MediaIdentity {
  readonly #root: string;
  readonly #known = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  async add(paths: Iterable<string>, usedBy: string): Promise<void> {
    for (const path of paths) {
      if (this.#known.has(path)) continue;
      const file = join(this.#root, path);
      try {
        this.#known.set(path, `${path} ${(await stat(file)).size}`);
      } catch (cause) {
        throw new DataError({ file, expected: `a readable file, used by ${usedBy}`, cause });
      }
    }
  }

  get(path: string): string {
    const known = this.#known.get(path);
    if (known === undefined) throw new RangeError(`MediaSizes.get: ${path} was not added`);
    return known;
  }
}

/** sha256 of media files below `root`, each read once. Share one over many tasks. */
export class MediaDigests implements MediaIdentity {
  readonly root: string;
  readonly #known = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
  }

  /** Hashes those of `paths` (relative to the root) that are not known yet. */
  async add(paths: Iterable<string>, usedBy: string): Promise<void> {
    const todo = [...new Set(paths)].filter((path) => !this.#known.has(path));
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < todo.length; i = next++) {
        const path = todo[i]!;
        this.#known.set(path, await this.#hash(path, usedBy));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  }

  /** The digest of a path that was added. */
  get(path: string): string {
    const digest = this.#known.get(path);
    if (digest === undefined) throw new RangeError(`MediaDigests.get: ${path} was not added`);
    return digest;
  }

  async #hash(path: string, usedBy: string): Promise<string> {
    const file = join(this.root, path);
    try {
      return createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
    } catch (cause) {
      throw new DataError({ file, expected: `a readable file, used by ${usedBy}`, cause });
    }
  }
}

/**
 * The digest of a task in canonical form (`normalise`) whose paths are relative to the root that
 * `digests` knows. With MediaDigests paths do not count, the bytes behind them do; so do ids, since ties are broken by them, and the
 * order of queries and positives, since samplers follow it.
 */
export async function taskDigest(task: BuiltTask, digests: MediaIdentity): Promise<string> {
  const { queries, corpus, labels } = task;
  const items = [...queries.map((query) => query.item), ...corpus.values()];
  await digests.add(items.flatMap(mediaOf), `${task.name}/${task.split}`);
  const hash = createHash("sha256");
  const line = (value: unknown): void => {
    hash.update(`${JSON.stringify(value)}\n`);
  };
  line(["task", 1, headerOf(task)]);
  for (const { id, item, positives, candidates, label, instruction } of queries) {
    line(["query", id, content(item, digests), [...positives], candidates, label, instruction]);
  }
  for (const [id, item] of corpus) {
    line(["candidate", id, content(item, digests), labels?.get(id)]);
  }
  return hash.digest("hex");
}

function content(item: Item, digests: MediaIdentity): unknown[] {
  const kind = (["image", "video", "document"] as const).find((field) => item[field] !== undefined);
  return [item.text, kind, mediaOf(item).map((path) => digests.get(path))];
}
