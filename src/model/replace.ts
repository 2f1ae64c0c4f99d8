/** @file Files that are wholly there or not there. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes beside `path`, syncs, then renames: a reader sees the old file or the new one, never a part.
 *
 * @param pieces called once; what it throws leaves no file behind
 * @throws Error "writing <path>: ..." with the cause
 */
export function replaceFile(path: string, pieces: () => Iterable<Uint8Array>): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (const piece of pieces()) writeAll(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
}

/** Makes the rename itself durable; Windows cannot open a folder and needs no such step. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
