/** @file The BEIR-like layout of visual documents: queries, corpus and qrels, a parquet file each. */
import { join } from "node:path";
import type { Item } from "../types.ts";
import type { TaskAssembler } from "./assemble.ts";
import { labelOf, ownColumns } from "./image.ts";
import type { BuiltTask } from "./normal.ts";
import { readRows, writeParquet, type Row } from "./parquet.ts";

const LANGUAGE = "english";

/** Writes the three files: BEIR's columns, then ours. */
export async function writeBeir(folder: string, task: BuiltTask): Promise<void> {
  const { queries, corpus, labels } = task;
  const ids = [...corpus.keys()];
  const items = [...corpus.values()];
  const judged = queries.flatMap((q) =>
    [...q.positives].map(([id, grade]) => ({ query: q.id, id, grade })),
  );
  const [, label] = ownColumns(queries);
  await writeParquet(join(folder, "queries.parquet"), [
    { name: "query-id", kind: "text", data: queries.map((q) => q.id) },
    { name: "query", kind: "text", data: queries.map((q) => q.item.text ?? "") },
    { name: "language", kind: "text", data: queries.map(() => LANGUAGE) },
    { name: "image", kind: "text", data: queries.map((q) => q.item.document ?? null) },
    { name: "instruction", kind: "text", data: queries.map((q) => q.instruction ?? null) },
    { name: "pool", kind: "texts", data: queries.map((q) => q.candidates ?? []) },
    label,
  ]);
  await writeParquet(join(folder, "corpus.parquet"), [
    { name: "corpus-id", kind: "text", data: ids },
    { name: "image", kind: "text", data: items.map((item) => item.document ?? null) },
    { name: "text", kind: "text", data: items.map((item) => item.text ?? null) },
    { name: "label", kind: "text", data: ids.map((id) => labels?.get(id) ?? null) },
  ]);
  await writeParquet(join(folder, "qrels.parquet"), [
    { name: "query-id", kind: "text", data: judged.map((row) => row.query) },
    { name: "corpus-id", kind: "text", data: judged.map((row) => row.id) },
    { name: "score", kind: "number", data: judged.map((row) => row.grade) },
  ]);
}

export type BeirFiles = {
  readonly queries: string;
  readonly corpus: string;
  readonly qrels: string;
};

export type BeirRows = {
  readonly queries: readonly Row[];
  readonly corpus: readonly Row[];
  readonly qrels: readonly Row[];
};

export type BeirOptions = {
  /** The page of a corpus row, for data whose files are elsewhere or inside the row. */
  readonly page?: (row: Row, id: string) => Item | Promise<Item>;
};

/** Reads the three files of a task; see `readBeirRows`. */
export async function readBeir(files: BeirFiles, into: TaskAssembler): Promise<void> {
  const [queries, corpus, qrels] = await Promise.all([
    readRows(files.queries),
    readRows(files.corpus),
    readRows(files.qrels),
  ]);
  await readBeirRows({ queries, corpus, qrels }, into);
}

/**
 * Reads rows with BEIR's columns, ours where they exist: `VLM2Vec/*`, `vidore/*` and `openbmb/*` have
 * only BEIR's. Judgements of score 0 are no positives; of two for one pair the larger counts
 * (spec 3.3); a query without a positive is an error, and so is one that is judged but missing.
 */
export async function readBeirRows(
  { queries, corpus, qrels }: BeirRows,
  into: TaskAssembler,
  { page = pageOf }: BeirOptions = {},
): Promise<void> {
  for (const row of corpus) {
    const id = row.text("corpus-id");
    const label = row.optionalText("label");
    into.candidate({ id, item: await page(row, id), ...(label !== undefined && { label }) }, row);
  }
  const judged = judgements(qrels, into);
  for (const row of queries) {
    const id = row.text("query-id");
    const positives = judged.get(id)?.positives;
    if (!positives) throw row.fail("query-id", "the query-id of a judgement of score > 0");
    judged.delete(id);
    const pool = row.texts("pool");
    const instruction = row.optionalText("instruction");
    into.query(
      {
        id,
        item: queryItem(row),
        positives,
        ...(pool.length > 0 && { candidates: pool }),
        ...labelOf(row),
        ...(instruction !== undefined && { instruction }),
      },
      row,
    );
  }
  const [orphan] = judged.values();
  if (orphan) throw orphan.row.fail("query-id", "the query-id of a query");
}

type Judged = { readonly row: Row; readonly positives: Map<string, number> };

function judgements(qrels: readonly Row[], into: TaskAssembler): Map<string, Judged> {
  const judged = new Map<string, Judged>();
  for (const row of qrels) {
    const query = row.text("query-id");
    const id = row.text("corpus-id");
    const grade = row.number("score");
    if (!(grade >= 0 && Number.isFinite(grade))) throw row.fail("score", "a finite number >= 0");
    if (!into.hasCandidate(id)) throw row.fail("corpus-id", "the corpus-id of a page");
    if (grade === 0) continue;
    const known = judged.get(query) ?? { row, positives: new Map<string, number>() };
    known.positives.set(id, Math.max(grade, known.positives.get(id) ?? 0));
    judged.set(query, known);
  }
  return judged;
}

function queryItem(row: Row): Item {
  const text = row.text("query");
  const document = row.optionalText("image");
  return { ...(text !== "" && { text }), ...(document !== undefined && { document }) };
}

function pageOf(row: Row): Item {
  const document = row.optionalText("image");
  const text = row.optionalText("text");
  return { ...(text !== undefined && { text }), ...(document !== undefined && { document }) };
}
