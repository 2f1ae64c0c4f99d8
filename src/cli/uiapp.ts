/** @file Where the built browser code lies; in a checkout it is built when it is missing or older than its sources. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * The folder with index.html. The published package holds it (`dist/ui`); a checkout builds it there.
 *
 * @throws if the build fails, with what it said.
 */
export async function appFolder(root = ROOT): Promise<string> {
  const packaged = join(root, "ui");
  if (existsSync(join(packaged, "index.html"))) return packaged; // root is dist
  const built = join(root, "dist/ui");
  const sources = join(root, "src/ui/app");
  if (existsSync(sources) && !isFresh(join(built, "index.html"), root)) await build(root);
  return built;
}

/** Whether `file` is newer than everything it is made of. */
function isFresh(file: string, root: string): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return false;
  const parts = globSync(["src/ui/app/**/*", "src/plot/**/*.ts"], { cwd: root });
  return parts.every((part) => statSync(join(root, part)).mtimeMs <= made);
}

/** Builds beside the folder and puts the result in its place: a server that reads it never sees half of it. */
async function build(root: string): Promise<void> {
  process.stderr.write("Building the pages ...\n");
  const made = join(root, "dist", `ui-${process.pid}`);
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const options = ["build", "src/ui/app", "--logLevel", "error", "--outDir", made];
  const child = spawn(process.execPath, [vite, ...options], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    await rm(made, { recursive: true, force: true });
    throw new Error(`the pages in ${root}/src/ui/app could not be built: ${said.trim()}`);
  }
  const place = join(root, "dist/ui");
  // Another process may have been faster: its pages are as good, and a server may be reading them.
  if (!isFresh(join(place, "index.html"), root)) {
    await rename(place, `${made}-old`).catch(() => {}); // there were none
    await rename(made, place).catch(() => {});
  }
  for (const left of [made, `${made}-old`]) await rm(left, { recursive: true, force: true });
}
