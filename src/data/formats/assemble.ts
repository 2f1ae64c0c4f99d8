/** @file Builds a task from rows: candidates are merged by their key, and every error knows its row. */
import { DataError } from "../error.ts";
import type { Item, Query } from "../types.ts";
import { normalise, type BuiltTask, type Place, type TaskHeader } from "./normal.ts";
import type { Row } from "./parquet.ts";

export type AssemblerOptions = {
  /**
   * What to do when one key comes with two contents. MMEB's evaluator keeps the first (spec 3.4: the
   * key is the candidate's name, not its content); our own files must never disagree.
   */
  readonly onConflict: "keep-first" | "error";
};

export type CandidateInput = { readonly id: string; readonly item: Item; readonly label?: string };

export class TaskAssembler {
  readonly #onConflict: AssemblerOptions["onConflict"];
  readonly #corpus = new Map<string, Item>();
  readonly #labels = new Map<string, string>();
  readonly #queries: Query[] = [];
  readonly #rows = { query: new Map<string, Row>(), candidate: new Map<string, Row>() };
  /** Pools that are equal are one array, which saves most of a benchmark's memory. */
  readonly #pools = new Map<string, readonly string[]>();

  constructor({ onConflict }: AssemblerOptions) {
    this.#onConflict = onConflict;
  }

  /** Adds a candidate, or meets it again. */
  candidate({ id, item, label }: CandidateInput, row: Row): void {
    const known = this.#corpus.get(id);
    if (known === undefined) {
      this.#corpus.set(id, item);
      this.#rows.candidate.set(id, row);
      if (label !== undefined) this.#labels.set(id, label);
      return;
    }
    if (this.#onConflict === "keep-first") return;
    if (!sameItem(known, item) || this.#labels.get(id) !== label) {
      const first = this.#rows.candidate.get(id)!;
      throw new DataError({
        file: row.file,
        row: row.index,
        field: `candidate ${id}`,
        value: { ...item, label },
        expected: `what row ${first.index} of ${first.file} says: ${JSON.stringify({ ...known, label: this.#labels.get(id) })}`,
      });
    }
  }

  hasCandidate(id: string): boolean {
    return this.#corpus.has(id);
  }

  query(query: Query, row: Row): void {
    if (this.#rows.query.has(query.id)) {
      const field = `query ${query.id}`;
      const expected = `every query id once (first in row ${this.#rows.query.get(query.id)!.index})`;
      throw new DataError({ file: row.file, row: row.index, field, expected });
    }
    this.#rows.query.set(query.id, row);
    this.#queries.push(query);
  }

  get queryCount(): number {
    return this.#queries.length;
  }

  /** The checked task in canonical form. `folder` is named where no row is to blame. */
  finish(header: TaskHeader, folder: string): BuiltTask {
    const { labels, ...task } = normalise(
      { ...header, queries: this.#queries, corpus: this.#corpus, labels: this.#labels },
      folder,
      (what, id) => this.#locate(what, id, folder),
    );
    const queries = task.queries.map((query) =>
      query.candidates ? { ...query, candidates: this.#shared(query.candidates) } : query,
    );
    return { ...task, queries, ...(labels && { labels }) };
  }

  #locate(what: "query" | "candidate", id: string, folder: string): Place {
    const row = this.#rows[what].get(id);
    if (!row) return { file: folder, row: `${what} ${id}` };
    return { file: row.file, row: `row ${row.index} (${what} ${id})` };
  }

  #shared(pool: readonly string[]): readonly string[] {
    const key = JSON.stringify(pool);
    const known = this.#pools.get(key);
    if (known) return known;
    this.#pools.set(key, pool);
    return pool;
  }
}

function sameItem(a: Item, b: Item): boolean {
  return (
    (a.text ?? "") === (b.text ?? "") &&
    a.image === b.image &&
    a.document === b.document &&
    (a.video ?? []).join("\0") === (b.video ?? []).join("\0")
  );
}
