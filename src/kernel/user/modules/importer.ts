/** @file `import` and `require` as cells have them. */
import { createRequire } from "node:module";
import { dirname, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { cellSpecifier } from "./hooks.ts";
import { isLocal, type LocalFiles } from "./local-files.ts";

type Namespace = Record<string, unknown>;

/** `import.meta` of a cell: the notebook's. */
export type CellMeta = {
  readonly url: string;
  readonly dirname: string;
  readonly filename: string;
  readonly main: false;
  resolve(specifier: string): string;
};

/** Imports from the notebook's folder; project files are looked at again at every import. */
export class Importer {
  readonly meta: CellMeta;
  readonly require: NodeJS.Require;
  readonly #files: LocalFiles;
  readonly #notebook: string;

  constructor(files: LocalFiles, notebook: string) {
    this.#files = files;
    this.#notebook = notebook;
    const require = createRequire(notebook);
    this.meta = {
      url: pathToFileURL(notebook).href,
      dirname: dirname(notebook),
      filename: notebook,
      main: false,
      resolve: (specifier) => {
        const found = files.find(specifier, notebook);
        return found === undefined
          ? import.meta.resolve(cellSpecifier(specifier))
          : pathToFileURL(found).href;
      },
    };
    this.require = Object.assign((name: string): unknown => this.#require(name, require), require);
  }

  /**
   * @param needed exports that the cell uses as values, whose absence is an error
   */
  async import(
    specifier: unknown,
    options?: ImportCallOptions,
    needed: readonly string[] = [],
  ): Promise<Namespace> {
    const name = String(specifier);
    this.#files.refresh();
    const namespace = (await import(cellSpecifier(name), options)) as Namespace;
    const missing = needed.filter((each) => !(each in namespace));
    if (missing.length === 0) return namespace;
    // CommonJS whose exports can't be seen without running it: they are on the default export.
    const fallback = namespace["default"] as Namespace | undefined;
    if (fallback !== null && (typeof fallback === "object" || typeof fallback === "function")) {
      const rest = missing.filter((each) => !(each in fallback));
      if (rest.length === 0) return { ...fallback, ...namespace };
    }
    throw new SyntaxError(
      `the module "${name}" has no export named ${missing.map((each) => `"${each}"`).join(", ")}`,
    );
  }

  /** `require` with fresh project files: what has changed is not taken from the cache. */
  #require(name: string, require: NodeJS.Require): unknown {
    const found = this.#files.find(name, this.#notebook);
    if (found === undefined || !isLocal(found)) return require(name);
    for (const cached of Object.keys(require.cache)) {
      if (isLocal(cached)) delete require.cache[cached];
    }
    return require(found);
  }

  /** Shown name of a project file. */
  shown(path: string): string {
    return relative(dirname(this.#notebook), path);
  }
}
