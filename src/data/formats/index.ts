/** @file Tasks on disk, in MMEB-V2's own layouts: written, listed and read back. */
import { access, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DataError } from "../error.ts";
import type { Modality, Split, Task } from "../types.ts";
import { TaskAssembler } from "./assemble.ts";
import { readBeir, writeBeir } from "./beir.ts";
import { readCorpus } from "./corpus.ts";
import { MediaDigests, taskDigest } from "./digest.ts";
import { readImageRows, writeImageRows } from "./image.ts";
import { byCodeUnit, headerOf, mapMedia, normalise, type BuiltTask } from "./normal.ts";
import { readPairRows, writePairRows } from "./pairs.ts";
import {
  checkFiles,
  layoutOf,
  readTaskFile,
  taskFolder,
  writeTaskFile,
  type TaskInfo,
} from "./task-file.ts";
import { readVideoRows, writeVideoRows } from "./video.ts";

export { MediaDigests } from "./digest.ts";
export type { BuiltTask } from "./normal.ts";
export type { Layout, TaskInfo } from "./task-file.ts";

const MODALITIES: readonly Modality[] = ["image", "video", "visdoc", "text"];
const SPLITS: readonly Split[] = ["train", "dev", "test"];

export type WriteTaskOptions = {
  /** Shared over the tasks of one build, so that a picture in many tasks is read once. */
  readonly digests?: MediaDigests;
  readonly source?: string;
  readonly licence?: string;
};

/**
 * Writes one task of one split below `root` and returns its digest. Media paths are POSIX and
 * relative to `root`, and the files must be there: they are referred to, not copied. `task.json` is
 * written last, so a task that was cut short is not listed.
 */
export async function writeTask(
  root: string,
  task: BuiltTask,
  { digests = new MediaDigests(root), source, licence }: WriteTaskOptions = {},
): Promise<string> {
  const folder = taskFolder(root, task);
  const checked = normalise(task, `${task.name}/${task.split}`);
  await refuseOtherModality(root, task);
  const digest = await taskDigest(checked, digests);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const layout = layoutOf(task);
  const write = {
    image: writeImageRows,
    pairs: writePairRows,
    video: writeVideoRows,
    beir: writeBeir,
  };
  await write[layout](folder, checked);
  await writeTaskFile(folder, {
    layout,
    ...headerOf(checked),
    ...(source !== undefined && { source }),
    ...(licence !== undefined && { licence }),
    queries: checked.queries.length,
    candidates: checked.corpus.size,
    digest,
  });
  return digest;
}

/** A name is one task: reports and filters know tasks by name alone. */
async function refuseOtherModality(root: string, { name, modality }: BuiltTask): Promise<void> {
  for (const other of MODALITIES.filter((each) => each !== modality)) {
    const file = join(root, `${other}-tasks`, name);
    if (await exists(file)) {
      throw new DataError({
        file,
        expected: `no ${other} task of the name of this ${modality} task`,
      });
    }
  }
}

export type TaskFilter = {
  readonly split?: Split | readonly Split[];
  readonly modality?: Modality | readonly Modality[];
  readonly names?: readonly string[];
};

/** The tasks below `root`, sorted by modality (image, video, visdoc, text), name and split. */
export async function listTasks(root: string, filter: TaskFilter = {}): Promise<TaskInfo[]> {
  await mustExist(root);
  const splits = asList(filter.split) ?? SPLITS;
  const infos: TaskInfo[] = [];
  for (const modality of asList(filter.modality) ?? MODALITIES) {
    for (const name of await foldersIn(join(root, `${modality}-tasks`))) {
      if (filter.names && !filter.names.includes(name)) continue;
      const found = await foldersIn(join(root, `${modality}-tasks`, name));
      for (const split of splits.filter((split) => found.includes(split))) {
        const folder = taskFolder(root, { modality, name, split });
        if (await exists(join(folder, "task.json")))
          infos.push(await readInfo(folder, { modality, name, split }));
      }
    }
  }
  const missing = filter.names?.find((name) => !infos.some((info) => info.name === name));
  if (missing !== undefined) {
    throw new DataError({
      file: root,
      field: "task",
      value: missing,
      expected: "a task that is there",
    });
  }
  return infos;
}

/** Reads one task; paths come out absolute. */
export async function readTask(root: string, name: string, split: Split): Promise<Task> {
  const infos = await listTasks(root, { names: [name] });
  const info = infos.find((info) => info.split === split);
  if (!info) {
    const expected = `one of ${infos.map((info) => info.split).join(", ")}`;
    throw new DataError({ file: root, field: `split of ${name}`, value: split, expected });
  }
  return absolute(await readRelative(root, info), info.digest, root);
}

/** Reads every task that passes the filter. */
export async function loadTasks(root: string, filter: TaskFilter = {}): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const info of await listTasks(root, filter)) {
    tasks.push(absolute(await readRelative(root, info), info.digest, root));
  }
  return tasks;
}

/** A task as its files say, checked, its paths still relative to `root`. */
export async function readRelative(root: string, info: TaskInfo): Promise<BuiltTask> {
  const folder = taskFolder(root, info);
  const into = new TaskAssembler({ onConflict: "error" });
  const { queryInstruction: query, targetInstruction: target } = info;
  switch (info.layout) {
    case "image":
      await readImageRows(folder, into, { local: info.scope === "local", instruction: query });
      await readCorpus(folder, into);
      break;
    case "pairs":
      await readPairRows(folder, into, { query, target });
      break;
    case "video":
      await readVideoRows(folder, into, query);
      break;
    case "beir": {
      const file = (name: string): string => join(folder, `${name}.parquet`);
      await readBeir(
        { queries: file("queries"), corpus: file("corpus"), qrels: file("qrels") },
        into,
      );
      break;
    }
  }
  const task = into.finish(headerOf(info), folder);
  const counts = { queries: task.queries.length, candidates: task.corpus.size };
  for (const field of ["queries", "candidates"] as const) {
    if (counts[field] !== info[field]) {
      const file = join(folder, "task.json");
      throw new DataError({
        file,
        field,
        value: info[field],
        expected: `${counts[field]}, as the parquet files hold`,
      });
    }
  }
  await checkFiles(folder, info);
  return task;
}

/** The task with absolute paths. */
export function absolute(task: BuiltTask, digest: string, root: string): Task {
  const base = resolve(root);
  const map = (path: string): string => join(base, path);
  const queries = task.queries.map((query) => ({ ...query, item: mapMedia(query.item, map) }));
  const corpus = new Map([...task.corpus].map(([id, item]) => [id, mapMedia(item, map)]));
  return { ...task, queries, corpus, digest };
}

async function readInfo(
  folder: string,
  expected: Pick<TaskInfo, "modality" | "name" | "split">,
): Promise<TaskInfo> {
  const info = await readTaskFile(folder);
  for (const field of ["modality", "name", "split"] as const) {
    if (info[field] !== expected[field]) {
      const file = join(folder, "task.json");
      throw new DataError({
        file,
        field,
        value: info[field],
        expected: `${expected[field]}, as the folder is named`,
      });
    }
  }
  return info;
}

async function mustExist(root: string): Promise<void> {
  if (!(await exists(root))) throw new DataError({ file: root, expected: "a folder with tasks" });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function foldersIn(path: string): Promise<string[]> {
  if (!(await exists(path))) return [];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted(byCodeUnit);
}

function asList<T>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
