/** @file Files that are wholly there or not there. */
import { rename, writeFile } from "node:fs/promises";

/** Writes `contents` beside `file`, then renames it there. */
export async function replaceFile(file: string, contents: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, file);
}
