/** @file TypeScript 7's language server: the project's own, or the one beside this kernel. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

export type FoundServer = { readonly executable: string } | { readonly missing: string };

/** The compiler's native executable, or why there is none. */
export async function findServer(folder: string): Promise<FoundServer> {
  const seen: string[] = [];
  for (const from of [join(folder, "notebook.ts"), import.meta.url]) {
    let manifest: string;
    try {
      manifest = createRequire(from).resolve("typescript/package.json");
    } catch {
      continue;
    }
    const { version } = createRequire(from)(manifest) as { version: string };
    if (Number.parseInt(version, 10) < 7) {
      seen.push(`${dirname(manifest)} is ${version}`);
      continue;
    }
    const locate = pathToFileURL(join(dirname(manifest), "lib/getExePath.js")).href;
    try {
      const { default: path } = (await import(locate)) as { default: () => string };
      return { executable: path() };
    } catch (error) {
      seen.push((error as Error).message);
    }
  }
  const found = seen.length > 0 ? ` (${seen.join("; ")})` : "";
  return {
    missing: `no TypeScript 7 is installed for ${folder}${found}: npm install typescript@7`,
  };
}
