/** @file Cells that were run, in one SQLite file that all kernels of a user share. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import type { HistoryRequest } from "./request.ts";

/** SQLite's own mark for "whose file is this": "RzHi". */
const APPLICATION_ID = 0x527a4869;

/** Each brings the file from its index to the next version. Append only. */
const MIGRATIONS = [
  `CREATE TABLE sessions (
     session INTEGER PRIMARY KEY AUTOINCREMENT,
     folder TEXT NOT NULL,
     started INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE cells (
     session INTEGER NOT NULL REFERENCES sessions (session),
     line INTEGER NOT NULL,
     source TEXT NOT NULL,
     result TEXT,
     PRIMARY KEY (session, line)
   ) STRICT, WITHOUT ROWID;`,
];

/** Results are kept to be recognised, not to be read again. */
const RESULT_LIMIT = 10_000;

export type HistoryRow = {
  readonly session: number;
  readonly line: number;
  readonly source: string;
  readonly result: string | null;
};

export type HistoryStoreOptions = {
  /** Folder of the notebook, kept with the session. */
  readonly folder: string;
  /** When the session started, in ms since 1970. */
  readonly now: number;
  /** How long a write or a read waits for other kernels. */
  readonly busyTimeoutMs?: number;
};

/** One kernel's session in the file. */
export class HistoryStore {
  readonly session: number;
  readonly #sql: Sqlite.Database;
  readonly #insert: Sqlite.Statement;

  /** Opens or makes the file, `:memory:` for one that is not kept. Throws where it is not ours or can't be written. */
  constructor(file: string, { folder, now, busyTimeoutMs = 1_000 }: HistoryStoreOptions) {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
    this.#sql = new Sqlite(file, { timeout: busyTimeoutMs });
    try {
      prepare(this.#sql, file);
      const { lastInsertRowid } = this.#sql
        .prepare("INSERT INTO sessions (folder, started) VALUES (?, ?)")
        .run(folder, now);
      this.session = Number(lastInsertRowid);
      this.#insert = this.#sql.prepare(
        "INSERT OR REPLACE INTO cells (session, line, source, result) VALUES (?, ?, ?, ?)",
      );
    } catch (error) {
      this.#sql.close();
      throw error;
    }
  }

  /** Keeps one cell of this session. */
  add(line: number, source: string, result?: string): void {
    this.#insert.run(this.session, line, source, result?.slice(0, RESULT_LIMIT) ?? null);
  }

  /** What a front end asked for, oldest first. */
  find(request: HistoryRequest): HistoryRow[] {
    switch (request.type) {
      case "range": {
        const stop = request.stop ?? Number.MAX_SAFE_INTEGER;
        return this.#rows(
          "SELECT * FROM cells WHERE session = ? AND line >= ? AND line < ? ORDER BY line",
          [this.#sessionOf(request.session), request.start, stop],
        );
      }
      case "tail":
        return this.#rows("SELECT * FROM cells ORDER BY session DESC, line DESC LIMIT ?", [
          request.n,
        ]).reverse();
      case "search": {
        const { pattern, unique, n } = request;
        // With max() SQLite takes the other columns from the row that has it.
        const text = unique
          ? `SELECT session, line, source, result, max(session * 4294967296 + line) AS at
             FROM cells WHERE source GLOB ? GROUP BY source ORDER BY at DESC LIMIT ?`
          : "SELECT * FROM cells WHERE source GLOB ? ORDER BY session DESC, line DESC LIMIT ?";
        return this.#rows(text, [pattern, n ?? -1]).reverse();
      }
    }
  }

  /** Number of a session counted from the current one, as IPython counts them. */
  #sessionOf(session: number): number {
    return session > 0 ? session : this.session + session;
  }

  #rows(text: string, parameters: readonly (string | number)[]): HistoryRow[] {
    return this.#sql.prepare(text).all(...parameters) as HistoryRow[];
  }

  close(): void {
    this.#sql.close();
  }
}

function prepare(sql: Sqlite.Database, file: string): void {
  sql.pragma("journal_mode = WAL");
  // Survives the kernel's death, perhaps not the machine's: history is worth no disk sync for each cell.
  sql.pragma("synchronous = NORMAL");
  sql.exec("BEGIN IMMEDIATE");
  try {
    const version = sql.pragma("user_version", { simple: true }) as number;
    const owner = sql.pragma("application_id", { simple: true }) as number;
    const tables = sql.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number;
    if (owner !== APPLICATION_ID && (tables > 0 || version > 0)) {
      throw new Error(`history: ${file} is an SQLite file of another program`);
    }
    if (version > MIGRATIONS.length) {
      throw new Error(
        `history: ${file} has version ${version}, this kernel knows up to ${MIGRATIONS.length}`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) sql.exec(migration);
    sql.pragma(`application_id = ${APPLICATION_ID}`);
    sql.pragma(`user_version = ${MIGRATIONS.length}`);
    sql.exec("COMMIT");
  } catch (error) {
    if (sql.inTransaction) sql.exec("ROLLBACK");
    throw error;
  }
}
