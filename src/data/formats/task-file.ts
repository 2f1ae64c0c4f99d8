/** @file `task.json`: what a task is, beside the parquet files that hold it. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../error.ts";
import { replaceFile } from "../replace.ts";
import type { Modality } from "../types.ts";
import { reason } from "./parquet.ts";

const FILE = "task.json";

const TaskFile = z.strictObject({
  format: z.literal("rzenlab-task"),
  version: z.literal(1),
  layout: z.enum(["image", "pairs", "video", "beir"]),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/),
  split: z.enum(["train", "dev", "test"]),
  modality: z.enum(["text", "image", "video", "visdoc"]),
  metaTask: z.enum([
    "I-CLS",
    "I-QA",
    "I-RET",
    "I-VG",
    "V-CLS",
    "V-QA",
    "V-RET",
    "V-MRET",
    "VDRv1",
    "VDRv2",
    "VR",
    "OOD",
    "D-RET",
    "T-RET",
    "T-CLS",
  ]),
  kind: z.enum(["real", "composed", "synthetic"]),
  domain: z.enum(["IND", "OOD"]).nullable(),
  scope: z.enum(["local", "global"]),
  metric: z.enum(["hit@1", "ndcg_linear@5"]),
  queryInstruction: z.string(),
  targetInstruction: z.string(),
  temperatureGroup: z.enum([
    "image-classification",
    "image-qa",
    "image-retrieval",
    "image-grounding",
    "document-retrieval",
    "video-retrieval",
    "video-qa",
    "text",
  ]),
  /** Where the content comes from, and under which licence. */
  source: z.string().optional(),
  licence: z.string().optional(),
  queries: z.int().nonnegative(),
  candidates: z.int().nonnegative(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** sha256 of each parquet file beside this one: rows changed by hand or by a bad disk are noticed. */
  files: z.record(z.string(), z.string()).optional(),
});

/** How a task's parquet files are laid out. */
export type Layout = z.output<typeof TaskFile>["layout"];

/** A task without its content: what `listTasks` gives. */
export type TaskInfo = Readonly<Omit<z.output<typeof TaskFile>, "format" | "version">>;

export function layoutOf({ modality, split }: { modality: Modality; split: string }): Layout {
  if (modality === "visdoc") return "beir";
  if (modality === "video") return "video";
  return split === "train" ? "pairs" : "image";
}

/** `<root>/<modality>-tasks/<name>/<split>`, as MMEB-V2 names its top folders. */
export function taskFolder(
  root: string,
  { modality, name, split }: Pick<TaskInfo, "modality" | "name" | "split">,
): string {
  return join(root, `${modality}-tasks`, name, split);
}

/** Written last: it holds the digests of the files beside it. */
export async function writeTaskFile(folder: string, info: TaskInfo): Promise<void> {
  const file = join(folder, FILE);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".parquet")).toSorted();
  const digests = names.map(async (name) => [name, await sha256Of(join(folder, name))] as const);
  const files = Object.fromEntries(await Promise.all(digests));
  const content = { format: "rzenlab-task", version: 1, ...info, files };
  await replaceFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** Throws unless the parquet files are those that task.json was written with. */
export async function checkFiles(folder: string, { files = {} }: TaskInfo): Promise<void> {
  for (const [name, expected] of Object.entries(files)) {
    const file = join(folder, name);
    const value = await sha256Of(file);
    if (value !== expected) {
      throw new DataError({
        file,
        field: "sha256",
        value,
        expected: `${expected}, as task.json says`,
      });
    }
  }
}

async function sha256Of(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DataError({ file, expected: `a readable file (${reason(cause)})`, cause });
  });
  return createHash("sha256").update(bytes).digest("hex");
}

/** Throws a DataError that names the file and the first field that is wrong. */
export async function readTaskFile(folder: string): Promise<TaskInfo> {
  const file = join(folder, FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new DataError({ file, expected: `a readable JSON file (${reason(cause)})`, cause });
  }
  const parsed = TaskFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue!.path;
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown>)?.[key],
      json,
    );
    const found = path.length > 0 ? { field: path.join("."), value } : {};
    const others = parsed.error.issues.length - 1;
    const more = others > 0 ? ` (and ${others} more)` : "";
    throw new DataError({
      file,
      ...found,
      expected: `${issue!.message}${more}`,
      cause: parsed.error,
    });
  }
  const { format: _, version: __, ...info } = parsed.data;
  return info;
}
