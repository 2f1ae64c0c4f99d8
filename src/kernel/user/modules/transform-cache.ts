/** @file Project files as they were transformed, kept on disk by content: the next kernel need not parse them again. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir, stat, unlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, platform } from "node:os";
import { join } from "node:path";
import process from "node:process";

export type CachedModule = {
  /** What it imports, as written. */
  readonly specifiers: readonly string[];
  readonly code: string;
};

/** What nobody wrote or needed to write again for so long is removed. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

export class TransformCache {
  readonly #folder: string;
  #pruned = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param what everything that the result depends on, besides the transform itself */
  key(...what: readonly string[]): string {
    const hash = createHash("sha256").update(transformVersion());
    for (const each of what) hash.update("\0").update(each);
    return hash.digest("hex");
  }

  get(key: string): CachedModule | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, key), "utf8")) as CachedModule;
    } catch {
      // None yet, or one that was not written whole: it is made anew.
      return undefined;
    }
  }

  set(key: string, module: CachedModule): void {
    const file = join(this.#folder, key);
    try {
      mkdirSync(this.#folder, { recursive: true });
      // Kernels start beside each other: nobody must see half a file.
      const partial = `${file}.${process.pid}`;
      writeFileSync(partial, JSON.stringify(module));
      renameSync(partial, file);
    } catch {
      // A full or read-only disk costs time at the next start, nothing else.
      return;
    }
    if (!this.#pruned) void this.#prune();
    this.#pruned = true;
  }

  async #prune(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = join(this.#folder, name);
      try {
        if (Date.now() - (await stat(file)).mtimeMs > KEPT_MS) await unlink(file);
      } catch {
        // Another kernel was faster.
      }
    }
  }
}

/** The system's folder for what can be made again. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(systemCache(env), "rzenlab", "kernel-modules");
}

function systemCache(env: NodeJS.ProcessEnv): string {
  if (platform() === "darwin") return join(homedir(), "Library", "Caches");
  if (platform() === "win32") return env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  return env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
}

let version: string | undefined;

/** Digest of the code that transforms, ours and oxc's. */
function transformVersion(): string {
  if (version !== undefined) return version;
  const hash = createHash("sha256");
  const folder = join(import.meta.dirname, "../../transform");
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)));
  const require = createRequire(import.meta.url);
  for (const name of ["oxc-transform", "oxc-parser", "typescript"]) {
    try {
      hash.update((require(`${name}/package.json`) as { version: string }).version);
    } catch (error) {
      // TypeScript is needed for decorators only.
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  version = hash.digest("hex");
  return version;
}
