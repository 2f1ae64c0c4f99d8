/** @file MMEB's image test rows: a query with its candidates spelled out, candidate 0 the positive. */
import { join } from "node:path";
import type { Item, Query } from "../types.ts";
import type { TaskAssembler } from "./assemble.ts";
import { writeCorpus } from "./corpus.ts";
import type { BuiltTask } from "./normal.ts";
import { readRows, writeParquet, type Row } from "./parquet.ts";

/** The ids a query's row spells out: its pool, or in global scope its positives. */
export function spelledOut(query: Query): readonly string[] {
  return query.candidates ?? [...query.positives.keys()];
}

/** Candidates that no row spells out. */
export function rest(task: BuiltTask, spelled: Iterable<string>): string[] {
  const known = new Set(spelled);
  return [...task.corpus.keys()].filter((id) => !known.has(id));
}

/** Writes `annotations.parquet`: MMEB's six columns, then ours. */
export async function writeImageRows(folder: string, task: BuiltTask): Promise<void> {
  const { queries, corpus, labels } = task;
  const targets = queries.map(spelledOut);
  const items = targets.map((ids) => ids.map((id) => corpus.get(id)!));
  await writeParquet(join(folder, "annotations.parquet"), [
    {
      name: "qry_inst",
      kind: "text",
      data: queries.map((q) => q.instruction ?? task.queryInstruction),
    },
    { name: "qry_text", kind: "text", data: queries.map((q) => q.item.text ?? "") },
    { name: "qry_img_path", kind: "text", data: queries.map((q) => q.item.image ?? "") },
    { name: "tgt_inst", kind: "text", data: queries.map(() => task.targetInstruction) },
    {
      name: "tgt_text",
      kind: "texts",
      data: items.map((row) => row.map((item) => item.text ?? "")),
    },
    {
      name: "tgt_img_path",
      kind: "texts",
      data: items.map((row) => row.map((item) => item.image ?? "")),
    },
    ...ownColumns(queries),
    { name: "tgt_id", kind: "texts", data: targets },
    {
      name: "tgt_grade",
      kind: "numbers",
      data: queries.map((q, i) => targets[i]!.map((id) => q.positives.get(id) ?? 0)),
    },
    {
      name: "tgt_label",
      kind: "texts",
      data: targets.map((ids) => ids.map((id) => labels?.get(id) ?? null)),
    },
  ]);
  await writeCorpus(folder, task, rest(task, targets.flat()));
}

/** `query_id` and `query_label`: what every row layout of ours adds to MMEB's columns. */
export function ownColumns(queries: readonly Query[]) {
  return [
    { name: "query_id", kind: "text", data: queries.map((q) => q.id) },
    { name: "query_label", kind: "text", data: queries.map((q) => q.label ?? null) },
  ] as const;
}

/** Reads what `writeImageRows` wrote. `local`: the row's targets are the query's pool. */
export async function readImageRows(
  folder: string,
  into: TaskAssembler,
  { local, instruction }: { local: boolean; instruction: string },
): Promise<void> {
  for (const row of await readRows(join(folder, "annotations.parquet"))) {
    const positives = readTargets(row, into);
    const own = row.text("qry_inst");
    into.query(
      {
        id: row.text("query_id"),
        item: itemOf(row.text("qry_text"), row.text("qry_img_path")),
        positives,
        ...(local && { candidates: row.texts("tgt_id") }),
        ...labelOf(row),
        ...(own !== instruction && { instruction: own }),
      },
      row,
    );
  }
}

function readTargets(row: Row, into: TaskAssembler): Map<string, number> {
  const ids = row.texts("tgt_id");
  const texts = row.texts("tgt_text");
  const images = row.texts("tgt_img_path");
  const grades = row.numbers("tgt_grade");
  const labels = row.optionalTexts("tgt_label");
  const lengths = { tgt_text: texts, tgt_img_path: images, tgt_grade: grades, tgt_label: labels };
  for (const [field, list] of Object.entries(lengths)) {
    if (list.length !== ids.length) throw row.fail(field, `${ids.length} entries, as in tgt_id`);
  }
  const positives = new Map<string, number>();
  for (const [i, id] of ids.entries()) {
    const label = labels[i]!;
    const item = itemOf(texts[i]!, images[i]!);
    into.candidate({ id, item, ...(label !== null && { label }) }, row);
    if (grades[i] !== 0) positives.set(id, grades[i]!);
  }
  return positives;
}

export function itemOf(text: string, image: string): Item {
  return { ...(text !== "" && { text }), ...(image !== "" && { image }) };
}

export function labelOf(row: Row): { label?: string } {
  const label = row.optionalText("query_label");
  return label === undefined ? {} : { label };
}
