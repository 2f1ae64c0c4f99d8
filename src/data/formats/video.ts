/** @file Video annotations (`video_id`, `query`, `pos_text`, `neg_text`) over folders of frames. */
import { join } from "node:path";
import type { Item, Query } from "../types.ts";
import type { TaskAssembler } from "./assemble.ts";
import { folderOf, framesOf, namesOf, readCorpus, writeCorpus } from "./corpus.ts";
import { labelOf, ownColumns, rest, spelledOut } from "./image.ts";
import type { BuiltTask } from "./normal.ts";
import { readRows, writeParquet, type Row } from "./parquet.ts";

/** Whether the rows spell their targets out: texts they do, clips stand in `corpus.parquet`. */
function hasTextTargets({ corpus }: BuiltTask): boolean {
  return [...corpus.values()].every((item) => item.video === undefined && item.image === undefined);
}

/**
 * Writes `annotations.parquet`. For text targets `pos_text` is the first positive and `neg_text` the
 * rest of the pool, as in MMEB's video classification; further positives stand in the corpus file.
 */
export async function writeVideoRows(folder: string, task: BuiltTask): Promise<void> {
  const { queries, corpus, labels } = task;
  const targets = queries.map(spelledOut);
  const texts = hasTextTargets(task);
  const spelled = queries.map((q, i) => (texts ? spelledTexts(q, targets[i]!) : []));
  const textOf = (id: string): string => corpus.get(id)!.text!;
  await writeParquet(join(folder, "annotations.parquet"), [
    { name: "video_id", kind: "text", data: queries.map((q) => folderOf(q.item.video)) },
    { name: "query", kind: "text", data: queries.map((q) => q.item.text ?? "") },
    {
      name: "pos_text",
      kind: "text",
      data: spelled.map((ids) => (texts ? textOf(ids[0]!) : null)),
    },
    { name: "neg_text", kind: "texts", data: spelled.map((ids) => ids.slice(1).map(textOf)) },
    {
      name: "qry_inst",
      kind: "text",
      data: queries.map((q) => q.instruction ?? task.queryInstruction),
    },
    { name: "frames", kind: "texts", data: queries.map((q) => namesOf(q.item.video)) },
    { name: "qry_img_path", kind: "text", data: queries.map((q) => q.item.image ?? null) },
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
    { name: "pool", kind: "text", data: queries.map((q) => (q.candidates ? "own" : null)) },
  ]);
  await writeCorpus(folder, task, rest(task, spelled.flat()));
}

/** The first positive and every negative, in pool order. */
function spelledTexts(query: Query, targets: readonly string[]): string[] {
  return targets.filter((id, i) => i === 0 || !query.positives.has(id));
}

/** Reads what `writeVideoRows` wrote. */
export async function readVideoRows(
  folder: string,
  into: TaskAssembler,
  instruction: string,
): Promise<void> {
  for (const row of await readRows(join(folder, "annotations.parquet"))) {
    const own = row.text("qry_inst");
    const ids = row.texts("tgt_id");
    into.query(
      {
        id: row.text("query_id"),
        item: queryItem(row),
        positives: readTargets(row, ids, into),
        ...(row.optionalText("pool") === "own" && { candidates: ids }),
        ...labelOf(row),
        ...(own !== instruction && { instruction: own }),
      },
      row,
    );
  }
  await readCorpus(folder, into);
}

function queryItem(row: Row): Item {
  const text = row.text("query");
  const image = row.optionalText("qry_img_path");
  const video = framesOf(row, "video_id", "frames");
  return {
    ...(text !== "" && { text }),
    ...(image !== undefined && { image }),
    ...(video && { video }),
  };
}

function readTargets(row: Row, ids: readonly string[], into: TaskAssembler): Map<string, number> {
  const grades = row.numbers("tgt_grade");
  const labels = row.optionalTexts("tgt_label");
  for (const [field, list] of Object.entries({ tgt_grade: grades, tgt_label: labels })) {
    if (list.length !== ids.length) throw row.fail(field, `${ids.length} entries, as in tgt_id`);
  }
  const positives = new Map<string, number>();
  for (const [i, id] of ids.entries()) if (grades[i] !== 0) positives.set(id, grades[i]!);
  const first = row.optionalText("pos_text");
  if (first === undefined) return positives;
  const texts = [first, ...row.texts("neg_text")];
  const spelled = ids.flatMap((id, i) => (i === 0 || !positives.has(id) ? [{ id, i }] : []));
  if (texts.length !== spelled.length) {
    throw row.fail("neg_text", `${spelled.length - 1} texts, one for each target of grade 0`);
  }
  for (const [at, { id, i }] of spelled.entries()) {
    const label = labels[i]!;
    into.candidate({ id, item: { text: texts[at]! }, ...(label !== null && { label }) }, row);
  }
  return positives;
}
