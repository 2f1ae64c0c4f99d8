/** @file Finding and reading the annotation files of a repository that was downloaded from the hub. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { DataError } from "../error.ts";
import { readRows, reason, Row } from "../formats/parquet.ts";
import { naturalOrder } from "../media/frames.ts";
import type { Annotation } from "./types.ts";

export type AnnotationQuery = {
  /** Folder of the repository, `<root>/<owner>/<name>`. */
  readonly folder: string;
  /** A subset of the repository; null takes all of them. */
  readonly config: string | null;
  readonly split: string;
};

/**
 * Files of a config and split, in natural order. The hub has several habits:
 * `data/test-00000-of-00001.parquet`, `<config>/test-*.parquet`, `<config>/test/0000.parquet`,
 * `<split>.jsonl`, `<config>.json`, `json/<config>.json`. Other JSON files are no annotations.
 */
export async function annotationFiles({
  folder,
  config,
  split,
}: AnnotationQuery): Promise<string[]> {
  if (!existsSync(folder)) {
    throw new DataError({
      file: folder,
      expected: "the repository's files, as downloaded from the hub",
    });
  }
  const names = (await readdir(folder, { recursive: true })).map((name) =>
    name.split(sep).join("/"),
  );
  const found = names
    .filter((name) => /\.(?:parquet|jsonl?)$/.test(name))
    .filter((name) => config === null || belongsTo(name, config))
    .filter((name) => belongsTo(name, split) || isConfigJson(name, config))
    .toSorted(naturalOrder);
  if (found.length === 0) {
    const what = config === null ? `split ${split}` : `config ${config} and split ${split}`;
    throw new DataError({ file: folder, expected: `a .parquet, .json or .jsonl file of ${what}` });
  }
  return found.map((name) => join(folder, name));
}

/** MVBench has a JSON file for each config, without a split. */
function isConfigJson(path: string, config: string | null): boolean {
  if (path.endsWith(".parquet")) return false;
  return config === null
    ? path.split("/").at(-2) === "json"
    : belongsTo(posix.basename(path), config);
}

/** Whether a part of the path is `word`, perhaps with a shard number or extension after it. */
function belongsTo(path: string, word: string): boolean {
  return path.split("/").some((part) => {
    if (!part.startsWith(word)) return false;
    return /^(?:$|-\d|\.(?:parquet|jsonl?)$|-.*\.parquet$)/.test(part.slice(word.length));
  });
}

/** All rows of the files, each with the config its file stands for. */
export async function readAnnotations(query: AnnotationQuery): Promise<Annotation[]> {
  const all: Annotation[] = [];
  for (const file of await annotationFiles(query)) {
    const config =
      query.config ?? configOf(posix.relative(posixPath(query.folder), posixPath(file)));
    const rows = file.endsWith(".parquet") ? await readRows(file) : await readJsonRows(file);
    for (const row of rows) all.push({ row, config });
  }
  return all;
}

function posixPath(path: string): string {
  return path.split(sep).join("/");
}

/** `object_shuffle/train-00000.parquet` and `json/object_shuffle.json` are of `object_shuffle`. */
function configOf(path: string): string {
  const parts = path.split("/");
  const last = parts.at(-1)!;
  if (!last.endsWith(".parquet")) return last.replace(/\.jsonl?$/, "");
  return parts.find((part) => part !== "data") ?? last;
}

async function readJsonRows(file: string): Promise<Row[]> {
  const text = await readFile(file, "utf8");
  const isList = /^\s*\[/.test(text);
  const records = isList ? [parse(text, { file })].flat() : parseLines(text, file);
  return records.map((record, i) => {
    if (record === null || typeof record !== "object" || Array.isArray(record)) {
      throw new DataError({ file, row: i, value: record, expected: "an object" });
    }
    return new Row(file, i, record as Record<string, unknown>, new Set(Object.keys(record)));
  });
}

function parseLines(text: string, file: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, i) => parse(line, { file, row: i }));
}

function parse(text: string, place: { file: string; row?: number }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError({ ...place, expected: `JSON (${reason(cause)})`, cause });
  }
}
