/** @file Which project files that a notebook reaches are different on disk: the language server watches none itself. */
import { readFileSync, statSync } from "node:fs";
import { parseSync } from "oxc-parser";
import { langOf } from "../transform/typescript.ts";

type Seen = { readonly stamp: string; readonly imports: readonly string[] };

/** Finds the local file that a specifier means, as src/kernel/user/modules/local-files.ts does. */
export type FindFile = (specifier: string, parent: string) => string | undefined;

export class ChangedFiles {
  readonly #find: FindFile;
  readonly #notebook: string;
  readonly #roots = new Set<string>();
  readonly #seen = new Map<string, Seen>();

  constructor(find: FindFile, notebook: string) {
    this.#find = find;
    this.#notebook = notebook;
  }

  /** Follows what a cell imports from now on. */
  follow(specifiers: Iterable<string>): void {
    for (const specifier of specifiers) {
      const file = this.#find(specifier, this.#notebook);
      if (file !== undefined) this.#roots.add(file);
    }
  }

  /** Files that changed since the last call, those imported by others included. */
  take(): string[] {
    const changed: string[] = [];
    const visited = new Set<string>();
    const visit = (file: string): void => {
      if (visited.has(file) || file.includes("node_modules")) return;
      visited.add(file);
      const stat = statSync(file, { throwIfNoEntry: false });
      if (!stat?.isFile()) return;
      const stamp = `${stat.mtimeMs} ${stat.size}`;
      let seen = this.#seen.get(file);
      if (seen?.stamp !== stamp) {
        if (seen !== undefined) changed.push(file);
        seen = { stamp, imports: this.#importsOf(file) };
        this.#seen.set(file, seen);
      }
      for (const each of seen.imports) visit(each);
    };
    for (const root of this.#roots) visit(root);
    return changed;
  }

  #importsOf(file: string): string[] {
    if (!/\.[cm]?[jt]sx?$/.test(file)) return [];
    const text = readFileSync(file, "utf8");
    const { module } = parseSync(file, text, { lang: langOf(file), sourceType: "module" });
    const specifiers = [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...module.staticExports.flatMap(({ entries }) =>
        entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
      ),
    ];
    return specifiers.flatMap((specifier) => this.#find(specifier, file) ?? []);
  }
}
