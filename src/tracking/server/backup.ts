/** @file A copy of a whole store, made while others write to it; and back. */
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { DATABASE_FILE } from "../database.ts";
import { StoreError } from "../error.ts";
import { RunReader } from "../reader.ts";

/** Entries of a store's folder that are copied; the audit log stays with the server it is about. */
const ARTIFACTS = "artifacts";

/**
 * Copies the store into `target`, a new folder. Metrics are those of one moment; artifacts are
 * copied after the rows that name them, so every one that was stored by then is there.
 */
export async function backupStore(folder: string, target: string): Promise<void> {
  await mustBeEmpty(target);
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  using store = RunReader.open(folder);
  await store.connection.sql.backup(join(partial, DATABASE_FILE), { progress: () => 4_096 });
  await cp(join(folder, ARTIFACTS), join(partial, ARTIFACTS), {
    recursive: true,
    // Files on their way may vanish under our hands.
    filter: (source) => !source.includes(".writing-"),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  check(join(partial, DATABASE_FILE));
  await rm(target, { recursive: true, force: true });
  await rename(partial, target); // whole, or not there at all
}

/** Puts a backup where there is no store. Nothing may have the folder open. */
export async function restoreStore(backup: string, folder: string): Promise<void> {
  check(join(backup, DATABASE_FILE));
  await mustBeEmpty(folder);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(backup, partial, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

async function mustBeEmpty(folder: string): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  if (found.length === 0) return;
  const text = `${folder} is not empty (${found[0]}); name a folder that is not there yet`;
  throw new StoreError("EXISTS", text);
}

function check(file: string): void {
  let result: unknown;
  try {
    const sql = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      result = sql.pragma("integrity_check", { simple: true });
    } finally {
      sql.close();
    }
  } catch (error) {
    throw new StoreError("CORRUPT", `no usable store in ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (result !== "ok") throw new StoreError("CORRUPT", `${file} is damaged: ${String(result)}`);
}
