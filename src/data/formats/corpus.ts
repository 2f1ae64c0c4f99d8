/** @file The candidates that a task's annotation rows do not spell out: `corpus.parquet`. */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import type { Item } from "../types.ts";
import type { TaskAssembler } from "./assemble.ts";
import type { BuiltTask } from "./normal.ts";
import { readRows, writeParquet, type Row } from "./parquet.ts";

const FILE = "corpus.parquet";

/** The candidates of `ids`, one row each. Writes nothing when there are none. */
export async function writeCorpus(
  folder: string,
  { corpus, labels }: BuiltTask,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const items = ids.map((id) => corpus.get(id)!);
  await writeParquet(join(folder, FILE), [
    { name: "corpus-id", kind: "text", data: ids },
    { name: "text", kind: "text", data: items.map((item) => item.text ?? null) },
    { name: "image", kind: "text", data: items.map((item) => item.image ?? null) },
    { name: "video_id", kind: "text", data: items.map((item) => folderOf(item.video)) },
    { name: "frames", kind: "texts", data: items.map((item) => namesOf(item.video)) },
    { name: "label", kind: "text", data: ids.map((id) => labels?.get(id) ?? null) },
  ]);
}

export async function readCorpus(folder: string, into: TaskAssembler): Promise<void> {
  const file = join(folder, FILE);
  if (!existsSync(file)) return;
  for (const row of await readRows(file)) {
    const id = row.text("corpus-id");
    const label = row.optionalText("label");
    into.candidate({ id, item: itemOf(row), ...(label !== undefined && { label }) }, row);
  }
}

function itemOf(row: Row): Item {
  const text = row.optionalText("text");
  const image = row.optionalText("image");
  const video = framesOf(row, "video_id", "frames");
  return {
    ...(text !== undefined && { text }),
    ...(image !== undefined && { image }),
    ...(video && { video }),
  };
}

/** The folder that holds all the frames, as MMEB's `video_id` names it; "" where they share none. */
export function folderOf(video: readonly string[] | undefined): string | null {
  if (!video) return null;
  const folders = new Set(video.map((frame) => posix.dirname(frame)));
  const [folder] = folders;
  return folders.size === 1 && folder !== "." ? folder! : "";
}

/** The frames relative to their folder. */
export function namesOf(video: readonly string[] | undefined): readonly string[] {
  if (!video) return [];
  const folder = folderOf(video)!;
  return folder === "" ? video : video.map((frame) => frame.slice(folder.length + 1));
}

/** The inverse of `folderOf` and `namesOf`; undefined where the row has no clip. */
export function framesOf(row: Row, idField: string, framesField: string): string[] | undefined {
  const folder = row.optionalText(idField);
  if (folder === undefined) return undefined;
  const names = row.texts(framesField);
  if (names.length === 0) throw row.fail(framesField, `the frames of ${JSON.stringify(folder)}`);
  return folder === "" ? names : names.map((name) => `${folder}/${name}`);
}
