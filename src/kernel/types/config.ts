/** @file The project's tsconfig with what cells need changed, shown to the language server without touching the disk. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { GLOBALS_TEXT } from "./globals.ts";
import type { ServerFile } from "./server.ts";

/** Name of the virtual document, beside the notebook so that relative imports mean the same. */
export const DOCUMENT = "__rzenlab_notebook__.ts";
const GLOBALS = "__rzenlab_globals__.d.ts";
const ORIGINAL = "__rzenlab_tsconfig__.json";

/** Cells run as this kernel runs them, whatever the project's own build does. */
const CELL_OPTIONS = {
  target: "esnext",
  module: "preserve",
  moduleResolution: "bundler",
  moduleDetection: "force",
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  noEmit: true,
  composite: false,
  incremental: false,
  declaration: false,
  isolatedDeclarations: false,
  isolatedModules: false,
  erasableSyntaxOnly: false,
  verbatimModuleSyntax: false,
  rewriteRelativeImportExtensions: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noPropertyAccessFromIndexSignature: false,
  skipLibCheck: true,
  rootDir: null,
  outDir: null,
};

/** For a notebook outside any TypeScript project. */
const DEFAULT_OPTIONS = { strict: true, lib: ["esnext"] };

/** Files that make the virtual document in `folder` part of a project of its own. */
export function projectFiles(folder: string): ServerFile[] {
  const own = join(folder, "tsconfig.json");
  const files: ServerFile[] = [
    { path: join(folder, GLOBALS), language: "typescript", text: GLOBALS_TEXT },
  ];
  let base = nearestConfig(folder);
  if (base === own) {
    // Ours takes its name, so it goes by another.
    base = join(folder, ORIGINAL);
    files.push({ path: base, language: "jsonc", text: readFileSync(own, "utf8") });
  }
  const config = {
    ...(base === undefined ? {} : { extends: `./${relative(folder, base).replaceAll("\\", "/")}` }),
    compilerOptions: { ...(base === undefined ? DEFAULT_OPTIONS : {}), ...CELL_OPTIONS },
    include: [],
    // TypeScript takes no types by itself; cells run on Node whatever the project is for.
    files: [DOCUMENT, GLOBALS, ...nodeTypes(folder)],
  };
  files.push({ path: own, language: "jsonc", text: JSON.stringify(config) });
  return files;
}

/** Node's types: the project's, else the ones that were installed with this kernel. */
function nodeTypes(folder: string): string[] {
  for (const from of [join(folder, "_"), import.meta.url]) {
    try {
      return [join(dirname(createRequire(from).resolve("@types/node/package.json")), "index.d.ts")];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return [];
}

function nearestConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "tsconfig.json");
    if (existsSync(path)) return path;
    if (dirname(at) === at) return undefined;
  }
}
