/** @file Runs as JSON texts: kept in the store for runs that have ended, made for the others. */
import type { Connection } from "../database.ts";
import type { Context } from "./context.ts";
import { wireRuns } from "./wire.ts";

/** Documents made in one commit, and the time left to others between two. */
const SLICE = 50;
const PAUSE_MS = 20;
/** Waiting for their turn; what is beyond is made at a later search. */
const MAX_WAITING = 20_000;

export type Documents = {
  /** In the order of the serial numbers. */
  readonly texts: readonly string[];
  /** Runs that have ended and have no document yet. */
  readonly missing: readonly number[];
};

/** Call it inside a snapshot. */
export function documentsOf(connection: Connection, serials: readonly number[]): Documents {
  const texts = new Map(
    connection
      .prepare<[string], { run: number; document: string }>(
        "SELECT run, document FROM run_documents WHERE run IN (SELECT value FROM json_each(?))",
      )
      .all(JSON.stringify(serials))
      .map(({ run, document }) => [run, document]),
  );
  const others = serials.filter((serial) => !texts.has(serial));
  const missing: number[] = [];
  for (const [i, run] of wireRuns(connection, others).entries()) {
    texts.set(others[i]!, JSON.stringify(run));
    if (run.info["end_time"] !== undefined) missing.push(others[i]!);
  }
  return { texts: serials.map((serial) => texts.get(serial)!), missing };
}

/** Makes documents in the background. The store's triggers remove them when their run changes. */
export class DocumentKeeper {
  readonly #connection: Connection;
  readonly #write: Context["write"];
  readonly #waiting = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ connection, write }: Pick<Context, "connection" | "write">) {
    this.#connection = connection;
    this.#write = write;
  }

  keep(serials: readonly number[]): void {
    for (const serial of serials) {
      if (this.#waiting.size < MAX_WAITING) this.#waiting.add(serial);
    }
    if (this.#waiting.size > 0) this.#later();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A full disk or a lock held by another process: the next search asks again.
      void this.#makeSome().catch(() => this.#waiting.clear());
    }, PAUSE_MS).unref();
  }

  async #makeSome(): Promise<void> {
    const slice = [...this.#waiting].slice(0, SLICE);
    for (const serial of slice) this.#waiting.delete(serial);
    await this.#write(() => {
      // Made of what this very transaction sees: nothing can change in between.
      const there = this.#connection
        .prepare<[string], number>(
          "SELECT serial FROM runs WHERE end_time IS NOT NULL AND serial IN (SELECT value FROM json_each(?))",
        )
        .pluck()
        .all(JSON.stringify(slice));
      const insert = this.#connection.prepare("INSERT OR REPLACE INTO run_documents VALUES (?, ?)");
      for (const [i, run] of wireRuns(this.#connection, there).entries()) {
        insert.run(there[i]!, JSON.stringify(run));
      }
    });
    if (this.#waiting.size > 0) this.#later();
  }
}
