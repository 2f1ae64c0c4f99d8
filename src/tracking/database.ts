/** @file Opening the file, bringing its tables up to date, and transactions that several processes share. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { isBusy, StoreError, translate } from "./error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

export const DATABASE_FILE = "rzenlab.db";

export type Durability =
  /** An acknowledged record survives loss of power: one fsync per commit. */
  | "full"
  /** It survives `kill -9` but perhaps not loss of power. */
  | "normal";

export type OpenOptions = {
  readonly durability?: Durability;
  /** How long a write waits for other processes before it fails with BUSY. */
  readonly busyLimitMs?: number;
};

/** One slice of SQLite's own waiting; between slices we let others in. */
const BUSY_SLICE_MS = 200;
const BUSY_LIMIT_MS = 60_000;

/** The store's connection: the handle, its file, and how it waits. */
export class Connection {
  readonly sql: Sqlite.Database;
  readonly file: string;
  readonly #busyLimitMs: number;
  readonly #rollbackListeners: (() => void)[] = [];
  readonly #statements = new Map<string, Sqlite.Statement>();

  /** Use `read` or `write`. */
  constructor(sql: Sqlite.Database, file: string, busyLimitMs: number) {
    this.sql = sql;
    this.file = file;
    this.#busyLimitMs = busyLimitMs;
  }

  /** Opens for reading only: the store must exist and have this build's version. */
  static read(folder: string): Connection {
    const file = join(folder, DATABASE_FILE);
    if (!existsSync(file)) {
      throw new StoreError("NOT_FOUND", `open: no store in ${folder} (no file ${file})`);
    }
    return open(file, "reading", true, {}, (sql) => {
      const version = checkHeader(sql, file);
      if (version < MIGRATIONS.length) {
        const text = `open: ${file} has schema version ${version}, this build reads ${MIGRATIONS.length}; open it once for writing to bring it up to date`;
        throw new StoreError("VERSION", text);
      }
    });
  }

  /** Opens for writing, making the folder and the tables where they are missing. */
  static write(folder: string, options: OpenOptions): Connection {
    const file = join(folder, DATABASE_FILE);
    makeFolder(folder);
    return open(file, "writing", false, options, (sql) => {
      const version = checkHeader(sql, file);
      sql.pragma("journal_mode = WAL");
      sql.pragma(`synchronous = ${options.durability === "normal" ? "NORMAL" : "FULL"}`);
      sql.pragma("journal_size_limit = 67108864");
      // Pages that every commit writes reach the file once in 8,000 pages of log, not in 1,000.
      sql.pragma("wal_autocheckpoint = 8000");
      sql.pragma("cache_size = -32768");
      if (version < MIGRATIONS.length) migrate(sql, file);
    });
  }

  /**
   * Runs `work` in one IMMEDIATE transaction: all of it is stored or, on an error, none. Waits for
   * other writers, and starts over where SQLite asks for it, until the busy limit. Inside another
   * transaction it becomes a part of that one: an error undoes the part only.
   */
  transact<T>(doing: string, work: () => T): T {
    if (this.sql.inTransaction) return this.#part(doing, work);
    return patiently(this.#busyLimitMs, doing, this.file, () => {
      this.sql.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.sql.exec("COMMIT");
        return result;
      } catch (error) {
        if (this.sql.inTransaction) this.sql.exec("ROLLBACK");
        for (const listener of this.#rollbackListeners) listener();
        throw error;
      }
    });
  }

  #part<T>(doing: string, work: () => T): T {
    this.sql.exec("SAVEPOINT part");
    try {
      const result = work();
      this.sql.exec("RELEASE part");
      return result;
    } catch (error) {
      // A full disk makes SQLite undo the whole transaction by itself.
      if (this.sql.inTransaction) this.sql.exec("ROLLBACK TO part; RELEASE part");
      for (const listener of this.#rollbackListeners) listener();
      throw translate(error, doing, this.file);
    }
  }

  /** Calls `listener` after every rollback: what was learnt inside the transaction no longer holds. */
  onRollback(listener: () => void): void {
    this.#rollbackListeners.push(listener);
  }

  /** Runs `work` on one snapshot, with SQLite's errors in our words. */
  snapshot<T>(doing: string, work: () => T): T {
    return patiently(this.#busyLimitMs, doing, this.file, () => {
      if (this.sql.inTransaction) return work();
      this.sql.exec("BEGIN");
      try {
        return work();
      } finally {
        if (this.sql.inTransaction) this.sql.exec("COMMIT");
      }
    });
  }

  /** Runs `work`, which must not be inside a transaction, once no one else writes. */
  alone(doing: string, work: () => void): void {
    patiently(this.#busyLimitMs, doing, this.file, work);
  }

  /** A prepared statement, made once per text: `raw()` and `pluck()` hold for all who use this text. */
  prepare<In extends unknown[], Out = unknown>(text: string): Sqlite.Statement<In, Out> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.sql.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement as Sqlite.Statement<In, Out>;
  }

  close(): void {
    this.sql.close();
  }
}

function open(
  file: string,
  verb: string,
  readonly: boolean,
  { busyLimitMs = BUSY_LIMIT_MS }: OpenOptions,
  prepare: (sql: Sqlite.Database) => void,
): Connection {
  return patiently(busyLimitMs, `open for ${verb}`, file, () => {
    const sql = new Sqlite(file, { readonly, timeout: Math.min(BUSY_SLICE_MS, busyLimitMs) });
    try {
      sql.pragma("foreign_keys = ON");
      prepare(sql);
      return new Connection(sql, file, busyLimitMs);
    } catch (error) {
      sql.close();
      throw error;
    }
  });
}

/** Repeats `attempt` while the database is busy, up to `limitMs`. */
function patiently<T>(limitMs: number, doing: string, file: string, attempt: () => T): T {
  const start = performance.now();
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() - start >= limitMs) {
        throw translate(error, doing, file);
      }
      sleep(1 + Math.random() * 4); // two writers that wake together would collide again
    }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const isFile = existsSync(folder) && !statSync(folder).isDirectory();
    const why = isFile ? "it is a file" : (error as Error).message;
    const text = `open: cannot make the store's folder ${folder}: ${why}`;
    throw new StoreError("READ_ONLY", text, { cause: error });
  }
}

/** Refuses other programs' files and newer builds' files by name; returns the file's version. */
function checkHeader(sql: Sqlite.Database, file: string): number {
  // One statement, one snapshot: another process may be making the tables right now.
  const [version, application, tables] = sql
    .prepare(
      `SELECT (SELECT user_version FROM pragma_user_version),
         (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)`,
    )
    .raw()
    .get() as [number, number, number];
  if (application !== APPLICATION_ID && (tables > 0 || version > 0)) {
    const text = `open: ${file} is an SQLite file of another program (application_id ${application}), not an RzenLab store`;
    throw new StoreError("CORRUPT", text);
  }
  if (version > MIGRATIONS.length) {
    const text = `open: ${file} has schema version ${version}, this build knows up to ${MIGRATIONS.length}; update rzenlab`;
    throw new StoreError("VERSION", text);
  }
  return version;
}

function migrate(sql: Sqlite.Database, file: string): void {
  sql.exec("BEGIN IMMEDIATE");
  try {
    // Read again under the lock: another process may have done it meanwhile.
    for (let version = checkHeader(sql, file); version < MIGRATIONS.length; version++) {
      sql.exec(MIGRATIONS[version]!);
    }
    sql.pragma(`application_id = ${APPLICATION_ID}`);
    sql.pragma(`user_version = ${MIGRATIONS.length}`);
    sql.exec("COMMIT");
  } catch (error) {
    if (sql.inTransaction) sql.exec("ROLLBACK");
    throw error;
  }
}
