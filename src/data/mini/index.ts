/** @file Prepares mini-MMEB, the embedded benchmark built from npm packages alone. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { MediaDigests, writeTask } from "../formats/index.ts";
import { buildMini } from "./build.ts";
import { chanceOf } from "./chance.ts";
import { licenceOf } from "./licences.ts";
import { withLock } from "./lock.ts";
import { Output, type MiniProgress } from "./output.ts";
import { readReadmes, type Readme } from "./readmes.ts";
import { packageVersions } from "./sources.ts";
import { miniTask } from "./tasks.ts";

export { MINI_TASKS, miniTask, type MiniTask } from "./tasks.ts";
export { splitOf } from "./random.ts";
export type { BuiltTask, MiniProgress } from "./output.ts";

/** Raised whenever the builder's output changes; part of the cache key. */
export const BUILDER_VERSION = 1;

export type MiniManifest = {
  readonly builderVersion: number;
  /** Digest over builder version, package versions and README files. */
  readonly key: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly tasks: readonly MiniManifestTask[];
};

export type MiniManifestTask = {
  readonly name: string;
  readonly split: string;
  readonly queries: number;
  readonly candidates: number;
  /** Expected score of a random ranking under the task's metric, in 0 ... 1. */
  readonly chance: number;
  readonly digest: string;
};

export type PrepareMiniOptions = { readonly onProgress?: (progress: MiniProgress) => void };

/** The same key means the same build: everything the content depends on goes in. */
function buildKey(packages: Readonly<Record<string, string>>, readmes: readonly Readme[]): string {
  return createHash("sha256")
    .update(JSON.stringify([BUILDER_VERSION, packages, readmes]))
    .digest("hex");
}

/** The manifest of a finished build, or undefined where there is none. */
async function readManifest(root: string): Promise<MiniManifest | undefined> {
  const file = join(root, "manifest.json");
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, "utf8")) as MiniManifest;
  } catch (error) {
    throw new Error(`reading ${file}: delete the folder to build it again`, { cause: error });
  }
}

/**
 * Builds the benchmark under `root`, or returns at once if the same build stands there.
 *
 * The work happens in `<root>.partial`, whose manifest is written last and which is then renamed:
 * an interrupted build never looks finished and the next one starts afresh. Of several processes
 * that ask at once, one builds and the others wait.
 */
export async function prepareMini(
  root: string,
  { onProgress = () => {} }: PrepareMiniOptions = {},
): Promise<{ root: string; manifest: MiniManifest }> {
  const packages = packageVersions();
  const readmes = readReadmes();
  const key = buildKey(packages, readmes);
  const present = await readManifest(root);
  if (present?.key === key) return { root, manifest: present };
  await mkdir(dirname(root), { recursive: true });
  return withLock(`${root}.lock`, async () => {
    const meanwhile = await readManifest(root);
    if (meanwhile?.key === key) return { root, manifest: meanwhile };
    return { root, manifest: await build(root, { key, packages, readmes, onProgress }) };
  });
}

type BuildInput = Required<PrepareMiniOptions> & {
  readonly key: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly readmes: readonly Readme[];
};

async function build(
  root: string,
  { key, packages, readmes, onProgress }: BuildInput,
): Promise<MiniManifest> {
  const partial = `${root}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  sharp.concurrency(1);
  const digests = new MediaDigests(partial);
  const tasks: MiniManifestTask[] = [];
  await buildMini(new Output(partial, onProgress), readmes, async (task) => {
    const { name, split, queries, corpus } = task;
    const { source } = miniTask(name);
    const digest = await writeTask(partial, task, {
      digests,
      source: source.join(", ") || "drawn here",
      licence: licenceOf(source),
    });
    tasks.push({
      name,
      split,
      queries: queries.length,
      candidates: corpus.size,
      chance: chanceOf(task),
      digest,
    });
  });
  const manifest = { builderVersion: BUILDER_VERSION, key, packages, tasks };
  await writeFile(join(partial, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(root, { recursive: true, force: true });
  await rename(partial, root);
  return manifest;
}
