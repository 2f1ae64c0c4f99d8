/** @file Where a run happened: commit, uncommitted changes, versions, machine. Stored before its first step. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type Environment = {
  /** 40 hex digits, or "unknown" outside a git checkout (an installed package). */
  readonly commit: string;
  /** `git diff HEAD` of tracked files; empty when clean. Cut at 1 MB, which its last line then says. */
  readonly dirtyDiff: string;
  /** Package name -> version, Node included. */
  readonly versions: Readonly<Record<string, string>>;
  /** "2 cores AMD EPYC 9R14, 24 GiB, linux-x64". */
  readonly machine: string;
};

const DIFF_LIMIT = 1_000_000;
const PACKAGES = ["onnxruntime-node", "@huggingface/tokenizers", "sharp", "better-sqlite3"];

let known: Promise<Environment> | undefined;

/** Looked up once a process. */
export function environment(): Promise<Environment> {
  known ??= look();
  return known;
}

async function look(): Promise<Environment> {
  const root = packageRoot();
  const commit = existsSync(join(root, ".git"))
    ? await git(root, ["rev-parse", "HEAD"])
    : undefined;
  const diff = commit === undefined ? "" : ((await git(root, ["diff", "HEAD"])) ?? "");
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  const gib = Math.round(totalmem() / 2 ** 30);
  return {
    commit: commit?.trim() ?? "unknown",
    dirtyDiff: diff.length > DIFF_LIMIT ? `${diff.slice(0, DIFF_LIMIT)}\n(cut at 1 MB)\n` : diff,
    versions: await versions(root),
    machine: `${availableParallelism()} cores ${model}, ${gib} GiB, ${process.platform}-${process.arch}`,
  };
}

/** The folder that holds our package.json, from `src/experiments` or `dist/experiments`. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}

async function versions(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = { node: process.versions.node };
  found["rzenlab"] = await versionIn(join(root, "package.json"));
  for (const name of PACKAGES) {
    found[name] = await versionIn(join(root, "node_modules", name, "package.json"));
  }
  return found;
}

async function versionIn(file: string): Promise<string> {
  if (!existsSync(file)) return "unknown";
  return (JSON.parse(await readFile(file, "utf8")) as { version: string }).version;
}

function git(cwd: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("git", args, { cwd, maxBuffer: 64 * 2 ** 20 }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
