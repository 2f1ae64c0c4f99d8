/** @file A folder that is either a finished build or not there. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DataError } from "../error.ts";
import { withLock } from "./lock.ts";

/** What a build says about itself; the rest is the builder's. */
export type Manifest = { readonly key: string; readonly tasks: readonly unknown[] };

export type CachedFolderOptions = {
  /** Equal keys mean equal content. */
  readonly key: string;
  /** Fills an empty folder and returns its manifest. */
  readonly build: (folder: string) => Promise<Manifest>;
};

/** The manifest of a finished build, or undefined where nothing stands. Refuses a folder that is not one. */
async function readManifest(root: string): Promise<Manifest | undefined> {
  if (!existsSync(root)) return undefined;
  const file = join(root, "manifest.json");
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(await readFile(file, "utf8")) as Partial<Manifest>;
  } catch (cause) {
    if ((await readdir(root)).length === 0) return undefined;
    const expected = `the manifest of a mini-MMEB build, or no folder ${root}`;
    throw new DataError({ file, expected, cause });
  }
  if (typeof manifest?.key !== "string" || !Array.isArray(manifest.tasks)) {
    const expected = "key and tasks, as the manifest of a mini-MMEB build has";
    throw new DataError({ file, expected });
  }
  return manifest as Manifest;
}

/**
 * Returns the build under `root` if its key is the same, or builds it. An older build is replaced; a
 * folder that holds something else is refused, never deleted.
 *
 * The work happens in `<root>.partial`, whose manifest is written last and which is then renamed: an
 * interrupted build never looks finished, and the next one starts afresh. Of several processes that
 * ask at once, one builds and the others wait.
 */
export async function cachedFolder(
  root: string,
  { key, build }: CachedFolderOptions,
): Promise<{ folder: string; manifest: Manifest }> {
  const folder = resolve(root);
  const present = await readManifest(folder);
  if (present?.key === key) return { folder, manifest: present };
  await mkdir(dirname(folder), { recursive: true });
  return withLock(`${folder}.lock`, async () => {
    const meanwhile = await readManifest(folder);
    if (meanwhile?.key === key) return { folder, manifest: meanwhile };
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    const manifest = await build(partial);
    await writeFile(join(partial, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return { folder, manifest };
  });
}
