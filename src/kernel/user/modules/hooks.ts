/** @file Node's module hooks: cells resolve from the notebook's folder, project files are transformed and versioned. */
import { readFileSync, realpathSync } from "node:fs";
import { type LoadHookSync, registerHooks, type ResolveHookSync } from "node:module";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { stripTypes } from "../../transform/typescript.ts";
import type { SourceMaps } from "../source-maps.ts";
import { isLocal, type LocalFiles } from "./local-files.ts";

/** `import("rzenlab-cell:<encoded specifier>")` is an import by a cell. */
const CELL_SCHEME = "rzenlab-cell:";
const SHIM_URL = new URL("../tslab.ts", import.meta.url).href.replace(
  /\.ts$/,
  import.meta.url.endsWith(".ts") ? ".ts" : ".js",
);
const VERSION = "rzenlab";

export const cellSpecifier = (specifier: string): string =>
  CELL_SCHEME + encodeURIComponent(specifier);

/** The path in a URL that these hooks gave out. A module is asked for the paths of all it imports: each is kept. */
function pathOf(url: string): string {
  const known = PATHS.get(url);
  if (known !== undefined) return known;
  const path = fileURLToPath(url.replace(/[?#].*$/, ""));
  PATHS.set(url, path);
  return path;
}
const PATHS = new Map<string, string>();

/** Is it an instance of a project file? */
const isVersioned = (url: string): boolean =>
  url.startsWith("file:") && url.includes(`?${VERSION}=`);

export type HookOptions = {
  readonly files: LocalFiles;
  readonly maps: SourceMaps;
  /** File in whose place cells import. */
  readonly notebook: string;
};

export function installHooks({ files, maps, notebook }: HookOptions): void {
  const notebookUrl = pathToFileURL(notebook).href;
  const runtime = new URL("../", import.meta.url).href;

  const resolve: ResolveHookSync = (asked, context, next) => {
    const fromCell = asked.startsWith(CELL_SCHEME);
    const specifier = fromCell ? decodeURIComponent(asked.slice(CELL_SCHEME.length)) : asked;
    const parentURL = fromCell ? notebookUrl : context.parentURL;
    const here = { ...context, parentURL };
    if (specifier === "tslab" && (fromCell || isLocalUrl(parentURL))) {
      return { url: SHIM_URL, shortCircuit: true };
    }
    // The kernel's own files, and dependencies, are Node's business.
    const ours = fromCell || (isLocalUrl(parentURL) && !parentURL!.startsWith(runtime));
    if (!ours || context.conditions.includes("require")) return next(specifier, here);
    const found = files.find(specifier, pathOf(parentURL!));
    if (found !== undefined && isLocal(found)) return localModule(found);
    const resolved = resolvePackage(specifier, here, next);
    // A workspace package is linked into node_modules and lives outside.
    const path = resolved.url.startsWith("file:")
      ? realpathSync.native(pathOf(resolved.url))
      : undefined;
    return path !== undefined && isLocal(path) ? localModule(path) : resolved;
  };

  const localModule = (path: string): ReturnType<ResolveHookSync> => {
    const url = `${pathToFileURL(path).href}?${VERSION}=${files.version(path)}`;
    const json = path.endsWith(".json");
    return {
      url,
      shortCircuit: true,
      ...(json ? { format: "json", importAttributes: { type: "json" } } : {}),
    };
  };

  const load: LoadHookSync = (url, context, next) => {
    if (!isVersioned(url)) {
      const path = url.startsWith("file:") ? pathOf(url) : "";
      // Node itself refuses TypeScript below node_modules.
      if (!/\.[cm]?ts$/.test(path) || isLocal(path)) return next(url, context);
      const { code } = stripTypes(path, readFileSync(path, "utf8"), { keepImports: false });
      return { format: "module", source: code, shortCircuit: true };
    }
    const path = pathOf(url);
    if (path.endsWith(".json")) {
      return { format: "json", source: readFileSync(path, "utf8"), shortCircuit: true };
    }
    if (!/\.(tsx?|mts|mjs|jsx?)$/.test(path) || isCommonJs(path, files.text(path))) {
      return next(url, context);
    }
    const text = files.text(path);
    maps.add(url, relative(process.cwd(), path), text, () => files.transform(path, text).map());
    return { format: "module", source: files.code(path), shortCircuit: true };
  };

  registerHooks({ resolve, load });
}

function isLocalUrl(url: string | undefined): boolean {
  return url !== undefined && url.startsWith("file:") && isLocal(pathOf(url));
}

/** Untyped `.js` without any module syntax that uses CommonJS's names is CommonJS. */
function isCommonJs(path: string, text: string): boolean {
  if (!path.endsWith(".js")) return false;
  return (
    /\b(module\.exports|exports\.|require\()/.test(text) && !/^\s*(import|export)\b/m.test(text)
  );
}

/** A workspace package's own sources where its `exports` name them under "source"; built files elsewhere. */
function resolvePackage(
  specifier: string,
  context: Parameters<ResolveHookSync>[1],
  next: Parameters<ResolveHookSync>[2],
): ReturnType<ResolveHookSync> {
  if (/^(\.|\/|[a-z]+:)/.test(specifier)) return next(specifier, context);
  try {
    const source = next(specifier, { ...context, conditions: ["source", ...context.conditions] });
    if (source.url.startsWith("file:") && isLocal(realpathSync.native(pathOf(source.url))))
      return source;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
  return next(specifier, context);
}
