/** @file A folder with downloaded MMEB-V2 data -> tasks. One entry of the task table at a time. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { DataError } from "../error.ts";
import { TaskAssembler } from "../formats/assemble.ts";
import { MediaDigests, MediaSizes, taskDigest } from "../formats/digest.ts";
import { absolute } from "../formats/index.ts";
import type { TaskHeader } from "../formats/normal.ts";
import { Row } from "../formats/parquet.ts";
import { frameFiles } from "../media/frames.ts";
import type { Task, TemperatureGroup } from "../types.ts";
import { readAnnotations } from "./annotations.ts";
import { readImageTask } from "./image.ts";
import type { Instructions, MmebContext, MmebEntry } from "./types.ts";
import { readVideoTask } from "./video.ts";
import { readVisdocTask } from "./visdoc.ts";

export { readMmebTrain, type MmebTrainOptions } from "./train.ts";
export type { MmebEntry } from "./types.ts";

export type LoadMmebOptions = {
  /**
   * Folder with `image-tasks`, `video-tasks` and `visdoc-tasks` of TIGER-Lab/MMEB-V2, unpacked, and
   * the annotation repositories as `<owner>/<name>`, for example `VLM2Vec/MSVD`.
   */
  readonly root: string;
  /** `size` (default): the task's digest covers names and sizes of media; `bytes`: their content. */
  readonly mediaDigest?: "size" | "bytes";
};

/** Reads one data set. Media are not opened, but every file named must be there. */
export async function loadMmebTask(
  entry: MmebEntry,
  { root, mediaDigest = "size" }: LoadMmebOptions,
): Promise<Task> {
  const base = resolve(root);
  const into = new TaskAssembler({ onConflict: "keep-first" });
  const folder = join(base, entry.hfPath);
  const context = { entry, root: base, into, frames: framesBelow(base) };
  const instructions = await read(context, folder);
  const task = into.finish(headerOf(entry, instructions), folder);
  checkCount(entry, task.corpus.size, folder);
  const media = mediaDigest === "bytes" ? new MediaDigests(base) : new MediaSizes(base);
  return absolute(task, await taskDigest(task, media), base);
}

async function read(context: MmebContext, folder: string): Promise<Instructions> {
  const { entry } = context;
  if (entry.modality === "visdoc") {
    await readVisdocTask(context);
    return {};
  }
  // MVBench's config is a remark: "20 configs, all concatenated".
  const config = entry.parser === "mvbench" ? null : entry.hfConfig;
  const annotations = await readAnnotations({ folder, config, split: entry.hfSplit });
  if (entry.modality === "image") return readImageTask(annotations, context);
  await readVideoTask(annotations, context);
  if (entry.parser === "video_classification") await addClasses(context, folder);
  return {};
}

/** Frame files of a folder below `root`, relative to it; each folder is listed once. */
function framesBelow(root: string): MmebContext["frames"] {
  const known = new Map<string, Promise<string[]>>();
  return (folder) => {
    const listed =
      known.get(folder) ??
      frameFiles(join(root, folder)).then((files) =>
        files.map((file) => relative(root, file).split(sep).join("/")),
      );
    known.set(folder, listed);
    return listed;
  };
}

/**
 * Classes that no test row shows belong to the pool too: `classes.txt` beside the annotations, a
 * class a line, where the rows alone have fewer than the benchmark counts (Kinetics-700).
 */
async function addClasses({ into }: MmebContext, folder: string): Promise<void> {
  const file = join(folder, "classes.txt");
  const text = await readFile(file, "utf8").catch(() => "");
  const names = text.split("\n").filter((line) => line.trim() !== "");
  for (const [i, name] of names.entries()) {
    into.candidate(
      { id: name, item: { text: name } },
      new Row(file, i, { name }, new Set(["name"])),
    );
  }
}

function checkCount(
  { parser, numCandidates, name }: MmebEntry,
  found: number,
  folder: string,
): void {
  if (parser !== "video_classification" || numCandidates === null || found >= numCandidates) return;
  const expected = `${numCandidates}: put ${name}'s class names into classes.txt there, one a line`;
  throw new DataError({ file: folder, field: "number of classes", value: found, expected });
}

const GROUPS: Readonly<Record<string, TemperatureGroup>> = {
  "I-CLS": "image-classification",
  "I-QA": "image-qa",
  "I-RET": "image-retrieval",
  "I-VG": "image-grounding",
  "V-CLS": "video-retrieval",
  "V-QA": "video-qa",
  "V-RET": "video-retrieval",
  "V-MRET": "video-retrieval",
};

function headerOf(entry: MmebEntry, { query, target }: Instructions): TaskHeader {
  return {
    name: entry.name,
    split: "test",
    modality: entry.modality,
    metaTask: entry.metaTask,
    kind: "real",
    domain: entry.domain,
    scope: entry.candidateScope,
    metric: entry.metric,
    queryInstruction: query ?? entry.queryInstruction,
    targetInstruction: target ?? entry.targetInstruction,
    temperatureGroup: GROUPS[entry.metaTask] ?? "document-retrieval",
  };
}
