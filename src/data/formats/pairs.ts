/** @file MMEB-train's rows: one for each query and positive, the instruction inside the text. */
import { join } from "node:path";
import type { Query } from "../types.ts";
import type { TaskAssembler } from "./assemble.ts";
import { readCorpus, writeCorpus } from "./corpus.ts";
import { itemOf, labelOf, ownColumns, rest } from "./image.ts";
import type { BuiltTask } from "./normal.ts";
import { readRows, writeParquet, type Row } from "./parquet.ts";
import { joinText, splitText } from "./placeholder.ts";

/** Writes `annotations.parquet`: MMEB-train's six columns, then ours. */
export async function writePairRows(folder: string, task: BuiltTask): Promise<void> {
  const { corpus, labels } = task;
  const pairs = task.queries.flatMap((query) =>
    [...query.positives].map(([id, grade], i) => ({ query, id, grade, first: i === 0 })),
  );
  const queries = pairs.map((pair) => pair.query);
  const targets = pairs.map((pair) => corpus.get(pair.id)!);
  const instructionOf = (query: Query): string => query.instruction ?? task.queryInstruction;
  await writeParquet(join(folder, "annotations.parquet"), [
    {
      name: "qry",
      kind: "text",
      data: queries.map((q) => joinText(q.item.image !== undefined, instructionOf(q), q.item.text)),
    },
    { name: "qry_image_path", kind: "text", data: queries.map((q) => q.item.image ?? "") },
    {
      name: "pos_text",
      kind: "text",
      data: targets.map((t) => joinText(t.image !== undefined, task.targetInstruction, t.text)),
    },
    { name: "pos_image_path", kind: "text", data: targets.map((t) => t.image ?? "") },
    { name: "neg_text", kind: "text", data: pairs.map(() => "") },
    { name: "neg_image_path", kind: "text", data: pairs.map(() => "") },
    ...ownColumns(queries),
    { name: "qry_inst", kind: "text", data: queries.map(instructionOf) },
    { name: "pos_id", kind: "text", data: pairs.map((pair) => pair.id) },
    { name: "pos_grade", kind: "number", data: pairs.map((pair) => pair.grade) },
    { name: "pos_label", kind: "text", data: pairs.map((pair) => labels?.get(pair.id) ?? null) },
    {
      name: "pool",
      kind: "texts",
      data: pairs.map(({ query, first }) => (first ? (query.candidates ?? []) : [])),
    },
  ]);
  await writeCorpus(
    folder,
    task,
    rest(
      task,
      pairs.map((pair) => pair.id),
    ),
  );
}

/** Reads what `writePairRows` wrote: rows of one query stand together. */
export async function readPairRows(
  folder: string,
  into: TaskAssembler,
  instructions: { readonly query: string; readonly target: string },
): Promise<void> {
  const rows = await readRows(join(folder, "annotations.parquet"));
  for (let start = 0, end = 0; start < rows.length; start = end) {
    const id = rows[start]!.text("query_id");
    const positives = new Map<string, number>();
    for (end = start; end < rows.length && rows[end]!.text("query_id") === id; end++) {
      const row = rows[end]!;
      const positive = readPositive(row, into, instructions.target);
      if (positives.has(positive)) throw row.fail("pos_id", `every positive of query ${id} once`);
      positives.set(positive, row.number("pos_grade"));
    }
    into.query(queryOf(rows[start]!, positives, instructions.query), rows[start]!);
  }
  await readCorpus(folder, into);
}

function readPositive(row: Row, into: TaskAssembler, instruction: string): string {
  const id = row.text("pos_id");
  const image = row.text("pos_image_path");
  const label = row.optionalText("pos_label");
  const item = itemOf(splitText(row.text("pos_text"), image !== "", instruction), image);
  into.candidate({ id, item, ...(label !== undefined && { label }) }, row);
  return id;
}

function queryOf(row: Row, positives: ReadonlyMap<string, number>, taskInstruction: string): Query {
  const image = row.text("qry_image_path");
  const instruction = row.text("qry_inst");
  const pool = row.texts("pool");
  return {
    id: row.text("query_id"),
    item: itemOf(splitText(row.text("qry"), image !== "", instruction), image),
    positives,
    ...(pool.length > 0 && { candidates: pool }),
    ...labelOf(row),
    ...(instruction !== taskInstruction && { instruction }),
  };
}
