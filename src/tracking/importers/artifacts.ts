/** @file Where another tool's artifacts lie on this machine. */
import { type Dirent, existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder behind an artifact URI, or undefined where it is on no disk of ours. `proxied` is the
 * folder behind `mlflow-artifacts:/`.
 */
export function artifactFolder(uri: string, base: string, proxied: string): string | undefined {
  const folder = folderOf(uri, base, proxied);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** Every file below a folder, `/` between segments, in order. */
export function* filesBelow(
  folder: string,
  prefix = "",
): Generator<{ path: string; file: string }> {
  const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted(byName)) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file, path);
    else if (entry.isFile()) yield { path, file };
  }
}

function folderOf(uri: string, base: string, proxied: string): string | undefined {
  if (uri.startsWith("file:")) return fileURLToPath(uri);
  if (uri.startsWith("mlflow-artifacts:")) {
    return join(proxied, uri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\/*/, ""));
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(uri)) return undefined;
  return isAbsolute(uri) ? uri : resolve(base, uri);
}
