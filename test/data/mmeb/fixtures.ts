/** @file Tiny downloads of MMEB-V2 data sets: parquet annotations and media where the hub has them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import table from "../../../src/eval/mmeb_v2_tasks.json" with { type: "json" };
import type { MmebEntry } from "../../../src/data/index.ts";
import { put } from "../support.ts";

/** The entry of the table of 78, as src/eval hands it over. */
export function entryOf(name: string): MmebEntry {
  const row = table.tasks.find((task) => task.name === name)!;
  return { ...row, domain: row.modality === "image" ? row.split : null } as MmebEntry;
}

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];
type Schema = NonNullable<WriteOptions["schema"]>;

const STRING = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;

/** Parquet schema of a value: strings, integers (INT64, as pandas writes), bytes, lists and structs of them. */
function schemaOf(name: string, sample: unknown): Schema {
  if (typeof sample === "string") return [{ name, ...STRING }];
  if (typeof sample === "bigint") return [{ name, type: "INT64", repetition_type: "OPTIONAL" }];
  if (typeof sample === "number") return [{ name, type: "DOUBLE", repetition_type: "OPTIONAL" }];
  if (sample instanceof Uint8Array)
    return [{ name, type: "BYTE_ARRAY", repetition_type: "OPTIONAL" }];
  if (Array.isArray(sample)) {
    return [
      { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...schemaOf("element", sample[0] ?? ""),
    ];
  }
  const fields = Object.entries(sample as object);
  return [
    { name, repetition_type: "OPTIONAL", num_children: fields.length },
    ...fields.flatMap(([field, value]) => schemaOf(field, value)),
  ];
}

/** Writes rows as `path` below `root`. */
export function putParquet(
  root: string,
  path: string,
  rows: readonly Record<string, unknown>[],
): string {
  const names = Object.keys(rows[0]!);
  const columns = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
  const samples = columns.map(
    ({ data }) => data.find((value) => !(Array.isArray(value) && value.length === 0)) ?? [],
  );
  const bytes = parquetWriteBuffer({
    columnData: columns,
    schema: [
      { name: "root", num_children: names.length },
      ...names.flatMap((name, i) => schemaOf(name, samples[i])),
    ],
  });
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, new Uint8Array(bytes));
  return file;
}

/** Three frame files, in an order that only natural sorting gets right. */
export function putFrames(root: string, folder: string): string[] {
  return [1, 2, 10].map((i) =>
    put(root, `video-tasks/frames/${folder}/frame_${i}.jpg`, `${folder} ${i}`),
  );
}
