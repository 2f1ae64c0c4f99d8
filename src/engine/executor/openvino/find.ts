/** @file Where OpenVINO's C interface is on this machine. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where `npm run setup:openvino` has pip put it. */
const INSTALLED = join(".cache", "openvino", "openvino", "libs");
const LIBRARY = /^(lib)?openvino_c[\d.]*\.(so[\d.]*|dylib|dll)$/;

/**
 * The library's file: in the folder that RZENLAB_OPENVINO names, or installed in the working folder, in
 * the project's, or in one above them.
 *
 * @throws Error if there is none
 */
export function openvinoFile(): string {
  const named = process.env["RZENLAB_OPENVINO"];
  const folders =
    named === undefined
      ? [...above(process.cwd()), ...above(import.meta.dirname)].map((at) => join(at, INSTALLED))
      : [resolve(named)];
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    const file = readdirSync(folder).find((name) => LIBRARY.test(name));
    if (file !== undefined) return join(folder, file);
  }
  throw new Error(`no libopenvino_c in ${named ?? `${INSTALLED} of this folder or one above it`}`);
}

function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
