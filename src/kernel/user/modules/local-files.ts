/** @file Project files: found without extension, transformed once a content, versioned with what they import. */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { transformModule } from "../../transform/module.ts";
import { langOf, type Transformed } from "../../transform/typescript.ts";
import { type CachedModule, cacheFolder, TransformCache } from "./transform-cache.ts";
import { mappedPaths, type ProjectConfig, ProjectConfigs } from "./tsconfig.ts";
import { Versions } from "./versions.ts";

const CODE = /\.[cm]?[jt]sx?$/;
const EXTENSIONS = [".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".cts", ".json"];
/** TypeScript files are imported under the name of what they compile to. */
const COMPILED: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

type Entry = {
  readonly stamp: string;
  readonly text: string;
  readonly hash: string;
  /** Local files it imports, by absolute path. */
  readonly imports: readonly string[];
  /** What it says it imports, and its JavaScript if that was kept. */
  readonly module: Partial<CachedModule>;
};

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Is it the project's own, not a dependency's? */
export const isLocal = (path: string): boolean => !/[\\/]node_modules[\\/]/.test(path);

/** The project's files as they are now. `refresh` looks again at what may have changed. */
export class LocalFiles {
  readonly configs = new ProjectConfigs();
  readonly #cache: TransformCache;
  readonly #entries = new Map<string, Entry>();
  #checked = new Set<string>();
  /** What was found by folder and specifier, and which settings hold in a folder. */
  #found = new Map<string, string>();
  #configs = new Map<string, ProjectConfig | undefined>();
  #versions = new Versions((path) => this.#entry(path));

  constructor(cache = new TransformCache(cacheFolder())) {
    this.#cache = cache;
  }

  /** Files may have changed since: look at each again when it is next asked for. */
  refresh(): void {
    this.#checked = new Set();
    this.#found = new Map();
    this.#configs = new Map();
    this.#versions = new Versions((path) => this.#entry(path));
  }

  /** The file that `specifier` means when `parent` imports it, if it is local; Node finds everything else. */
  find(specifier: string, parent: string): string | undefined {
    const folder = dirname(parent);
    const key = `${folder}\0${specifier}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#look(specifier, folder);
    if (found !== undefined) this.#found.set(key, found);
    return found;
  }

  #look(specifier: string, folder: string): string | undefined {
    if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
      return this.#withExtension(resolve(folder, specifier));
    }
    if (specifier.startsWith("file:")) {
      return this.#withExtension(fileURLToPath(specifier.replace(/[?#].*$/, "")));
    }
    if (/^[a-z]+:/.test(specifier)) return undefined;
    const config = this.#configOf(folder);
    if (config === undefined) return undefined;
    for (const path of mappedPaths(specifier, config)) {
      const found = this.#withExtension(path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #withExtension(path: string): string | undefined {
    const found = this.#candidates(path).find(isFile);
    return found === undefined ? undefined : realpathSync.native(found);
  }

  #candidates(path: string): string[] {
    const [extension] = /\.[^./\\]+$/.exec(path) ?? [""];
    const stem = path.slice(0, path.length - extension.length);
    return [
      path,
      ...(COMPILED[extension] ?? []).map((each) => stem + each),
      ...EXTENSIONS.map((each) => path + each),
      ...EXTENSIONS.map((each) => join(path, `index${each}`)),
    ];
  }

  /** Digest of a file and of every local file it imports, directly or not. */
  version(path: string): string {
    return this.#versions.of(path);
  }

  text(path: string): string {
    return this.#entry(path)!.text;
  }

  /** The file as JavaScript that runs; throws CodeError where it can't be parsed. */
  code(path: string): string {
    const { text, module } = this.#entry(path)!;
    const { specifiers = [], code } = module;
    if (code !== undefined) return code;
    const made = this.transform(path, text).code;
    this.#cache.set(this.#key(path, text), { specifiers, code: made });
    return made;
  }

  #key(path: string, text: string): string {
    return this.#cache.key(langOf(path), String(this.#legacyDecorators(path)), text);
  }

  #legacyDecorators(path: string): boolean {
    return this.#configOf(dirname(path))?.legacyDecorators ?? false;
  }

  #configOf(folder: string): ProjectConfig | undefined {
    if (!this.#configs.has(folder)) this.#configs.set(folder, this.configs.of(folder));
    return this.#configs.get(folder);
  }

  /** `text` of the file as JavaScript, with its map; throws CodeError where it can't be parsed. */
  transform(path: string, text: string): Transformed {
    return transformModule(path, text, { legacyDecorators: this.#legacyDecorators(path) });
  }

  #entry(path: string): Entry | undefined {
    const cached = this.#entries.get(path);
    if (cached !== undefined && this.#checked.has(path)) return cached;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile()) return undefined;
    this.#checked.add(path);
    const stamp = `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    if (cached?.stamp === stamp) return cached;
    const bytes = readFileSync(path);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const text = CODE.test(path) ? bytes.toString("utf8") : "";
    if (cached?.hash === hash) {
      const same = { ...cached, stamp };
      this.#entries.set(path, same);
      return same;
    }
    const module = CODE.test(path)
      ? (this.#cache.get(this.#key(path, text)) ?? { specifiers: specifiersOf(path, text) })
      : { specifiers: [] };
    const imports = module.specifiers.flatMap((specifier) => {
      const found = this.find(specifier, path);
      return found !== undefined && isLocal(found) ? [found] : [];
    });
    const entry: Entry = { stamp, text, hash, imports, module };
    this.#entries.set(path, entry);
    return entry;
  }
}

/** What a module imports at run time, as far as it can be seen without running it. */
function specifiersOf(path: string, text: string): string[] {
  const { module } = parseSync(path, text, { lang: langOf(path), sourceType: "module" });
  return [
    ...module.staticImports
      .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
      .map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest && !isType ? [moduleRequest.value] : [],
      ),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest }) => {
      const [, name] =
        /^["'`]([^"'`$]+)["'`]$/.exec(text.slice(moduleRequest.start, moduleRequest.end)) ?? [];
      return name === undefined ? [] : [name];
    }),
  ];
}
