/** @file Prepares mini-MMEB, the embedded benchmark built from npm packages alone. */
import { createHash } from "node:crypto";
import { MediaDigests, writeTask } from "../formats/index.ts";
import type { Split } from "../types.ts";
import { cachedFolder } from "./cache.ts";
import { chanceOf } from "./chance.ts";
import { licenceOf } from "./licences.ts";
import { Output, type BuiltTask, type MiniProgress } from "./output.ts";
import { readReadmes, type Readme } from "./readmes.ts";
import { packageVersions } from "./sources.ts";
import { miniTask } from "./pretraining-tasks.ts";

export { miniTask, PRETRAINING_TASKS } from "./pretraining-tasks.ts";
export { MINI_TASKS, type MiniTask } from "./tasks.ts";
export type { BuiltTask, MiniProgress } from "./output.ts";

/** Raised whenever the builder's output changes; part of the cache key. */
export const BUILDER_VERSION = 5;

export type MiniManifest = {
  readonly builderVersion: number;
  /** Digest over builder version, package versions and README files. */
  readonly key: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly tasks: readonly MiniManifestTask[];
};

export type MiniManifestTask = {
  readonly name: string;
  readonly split: Split;
  readonly queries: number;
  readonly candidates: number;
  /** Expected score of a random ranking under the task's metric, in 0 ... 1. */
  readonly chance: number;
  readonly digest: string;
};

export type PrepareMiniOptions = {
  /** Whether to build the pretraining pool, too: what stage 1 alone reads. Default false. */
  readonly pretraining?: boolean;
  readonly onProgress?: (progress: MiniProgress) => void;
};

/** The same key means the same build: everything the content depends on goes in. */
function buildKey(
  packages: Readonly<Record<string, string>>,
  readmes: readonly Readme[],
  pretraining: boolean,
): string {
  const content = JSON.stringify([BUILDER_VERSION, packages, readmes, pretraining]);
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Builds the benchmark under `root`, or returns at once if the same build stands there. An older
 * build is replaced; a folder that holds something else is refused. See `cachedFolder`.
 */
export async function prepareMini(
  root: string,
  { pretraining = false, onProgress = () => {} }: PrepareMiniOptions = {},
): Promise<{ root: string; manifest: MiniManifest }> {
  const packages = packageVersions();
  const readmes = readReadmes();
  const key = buildKey(packages, readmes, pretraining);
  const { folder, manifest } = await cachedFolder(root, {
    key,
    build: async (partial) => {
      const tasks = await build(new Output(partial, onProgress), readmes, pretraining);
      return { builderVersion: BUILDER_VERSION, key, packages, tasks } satisfies MiniManifest;
    },
  });
  return { root: folder, manifest: manifest as MiniManifest };
}

/** Builds and writes every task. */
async function build(
  out: Output,
  readmes: readonly Readme[],
  pretraining: boolean,
): Promise<MiniManifestTask[]> {
  const digests = new MediaDigests(out.root);
  const tasks: MiniManifestTask[] = [];
  const { default: sharp } = await import("sharp");
  // Drawing takes most of this folder's modules and two native libraries.
  const { buildMini } = await import("./build.ts");
  const threads = sharp.concurrency();
  sharp.concurrency(1); // the pictures are small and several are in flight
  try {
    const emit = async (task: BuiltTask): Promise<void> => {
      const { source } = miniTask(task.name);
      const digest = await writeTask(out.root, task, {
        digests,
        source: source.join(", ") || "drawn by RzenLab",
        licence: licenceOf(source),
      });
      tasks.push(manifestRow(task, digest));
    };
    const concepts = await buildMini(out, readmes, emit);
    if (pretraining) {
      const { buildPretraining } = await import("./pretraining.ts");
      await buildPretraining(out, concepts, emit);
    }
  } finally {
    sharp.concurrency(threads);
  }
  return tasks;
}

function manifestRow(task: BuiltTask, digest: string): MiniManifestTask {
  const { name, split, queries, corpus } = task;
  const counts = { queries: queries.length, candidates: corpus.size };
  return { name, split, ...counts, chance: chanceOf(task), digest };
}
