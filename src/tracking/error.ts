/** @file The one error of the store: a code to switch on, a message that names everything. */

export type StoreErrorCode =
  /** No such experiment, run, artifact or store. */
  | "NOT_FOUND"
  /** The name is taken. */
  | "EXISTS"
  /** An argument is not acceptable. */
  | "INVALID"
  /** A parameter of a run was logged before with another value. */
  | "PARAM_CHANGED"
  /** The run or experiment is deleted and takes no more records. */
  | "DELETED"
  /** The file is not SQLite, not ours, or damaged. */
  | "CORRUPT"
  /** Written by a newer build, or by an older one and opened read-only. */
  | "VERSION"
  /** File, folder or connection cannot be written. */
  | "READ_ONLY"
  /** Other processes held the write lock for too long. */
  | "BUSY"
  /** The disk is full. */
  | "FULL"
  /** The operating system refused: see `cause`. */
  | "IO";

/** Every expected failure of the store. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}

/** True for SQLite's "try again": another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

/** SQLite's and the file system's failures in our words; anything else comes back as it is. */
export function translate(error: unknown, doing: string, file: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const options = { cause: error };
  const reason = (error as Error).message;
  if (code.startsWith("SQLITE_BUSY")) {
    const text = `${doing}: ${file} stayed locked by another process`;
    return new StoreError("BUSY", text, options);
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    const text = `${doing}: ${file} is damaged or not an SQLite file (${reason}); restore a copy, or move it away and start a new store`;
    return new StoreError("CORRUPT", text, options);
  }
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN")) {
    const text = `${doing}: ${file} cannot be written (${reason}); check the owner and mode of the file and of its folder`;
    return new StoreError("READ_ONLY", text, options);
  }
  if (code.startsWith("SQLITE_FULL")) {
    const text = `${doing}: no space left for ${file}; nothing of this call was stored`;
    return new StoreError("FULL", text, options);
  }
  if (code.startsWith("SQLITE_IOERR")) {
    return new StoreError("IO", `${doing}: reading or writing ${file} failed (${reason})`, options);
  }
  return error;
}

function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" && error.code.startsWith("SQLITE_")
    ? error.code
    : undefined;
}
