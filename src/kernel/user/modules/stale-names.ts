/** @file Which names in the notebook still hold what a project file exported before it was changed. */
import { dirname, relative } from "node:path";
import { isLocal, type LocalFiles } from "./local-files.ts";

type Bound = { readonly path: string; readonly version: string; readonly count: number };

export type CellUse = {
  readonly count: number;
  readonly imports: readonly { readonly specifier: string; readonly locals: readonly string[] }[];
  readonly names: readonly string[];
};

export class StaleNames {
  readonly #files: LocalFiles;
  readonly #notebook: string;
  readonly #bound = new Map<string, Bound>();

  constructor(files: LocalFiles, notebook: string) {
    this.#files = files;
    this.#notebook = notebook;
  }

  /**
   * Notes for a cell that is about to run: each names what it uses of a file changed since its import, once a change.
   * The cell's own imports are fresh, and remembered.
   */
  check({ count, imports, names }: CellUse): string[] {
    if (imports.length > 0 || names.some((name) => this.#bound.has(name))) this.#files.refresh();
    for (const { specifier, locals } of imports) {
      const path = this.#files.find(specifier, this.#notebook);
      for (const local of locals) this.#bound.delete(local);
      if (path === undefined || !isLocal(path)) continue;
      const version = this.#files.version(path);
      for (const local of locals) this.#bound.set(local, { path, version, count });
    }
    const stale = new Map<string, { names: string[]; bound: Bound }>();
    const affected = imports.length > 0 ? [...this.#bound.keys()] : names;
    for (const name of affected) {
      const bound = this.#bound.get(name);
      if (bound === undefined) continue;
      const version = this.#files.version(bound.path);
      if (version === bound.version) continue;
      this.#bound.set(name, { ...bound, version });
      const key = `${bound.path} ${bound.count}`;
      const entry = stale.get(key) ?? { names: [], bound };
      entry.names.push(name);
      stale.set(key, entry);
    }
    return [...stale.values()].map(({ names: old, bound }) => {
      const file = relative(dirname(this.#notebook), bound.path);
      return `${file} has changed; ${old.join(", ")} (imported by In[${bound.count}]) still ${old.length === 1 ? "is" : "are"} of the old version. Run that cell again to use the new one.`;
    });
  }
}
