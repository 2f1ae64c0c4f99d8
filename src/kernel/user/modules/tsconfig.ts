/** @file What of a project's tsconfig.json matters at run time: `paths` and the kind of decorators. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parseSync } from "oxc-parser";

export type ProjectConfig = {
  /** Folder that `paths` are relative to. */
  readonly base: string;
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** `baseUrl` itself, if set: bare names are looked for there too. */
  readonly baseUrl?: string;
  readonly legacyDecorators: boolean;
};

type RawConfig = {
  extends?: string | string[];
  compilerOptions?: {
    baseUrl?: string;
    paths?: Record<string, string[]>;
    experimentalDecorators?: boolean;
  };
};

/** Reads JSON with comments and trailing commas, the way a JavaScript parser reads a literal. */
export function parseJsonc(file: string, text: string): unknown {
  const { program, errors } = parseSync(`${file}.js`, `(${text}\n)`, { lang: "js" });
  const [statement] = program.body;
  if (errors.length > 0 || statement?.type !== "ExpressionStatement") {
    throw new Error(`${file}: not valid JSON (${errors[0]?.message ?? "empty"})`);
  }
  return literal(statement.expression as never, file);
}

type Literal = {
  type: string;
  value?: unknown;
  expression?: Literal;
  argument?: Literal;
  elements?: Literal[];
  properties?: { key: { name?: string; value?: unknown }; value: Literal }[];
};

function literal(node: Literal, file: string): unknown {
  switch (node.type) {
    case "ParenthesizedExpression":
      return literal(node.expression!, file);
    case "Literal":
      return node.value;
    case "UnaryExpression":
      return -(literal(node.argument!, file) as number);
    case "ArrayExpression":
      return node.elements!.map((element) => literal(element, file));
    case "ObjectExpression":
      return Object.fromEntries(
        node.properties!.map(({ key, value }) => [
          key.name ?? String(key.value),
          literal(value, file),
        ]),
      );
    default:
      throw new Error(`${file}: not valid JSON (${node.type})`);
  }
}

function read(file: string, seen: Set<string>): ProjectConfig {
  if (seen.has(file)) throw new Error(`${file}: extends itself`);
  seen.add(file);
  const raw = parseJsonc(file, readFileSync(file, "utf8")) as RawConfig;
  let config: ProjectConfig = { base: dirname(file), paths: {}, legacyDecorators: false };
  for (const parent of [raw.extends ?? []].flat()) {
    const path = extended(file, parent);
    if (path !== undefined) config = read(path, seen);
  }
  const { baseUrl, paths, experimentalDecorators } = raw.compilerOptions ?? {};
  const base = baseUrl === undefined ? config.baseUrl : resolve(dirname(file), baseUrl);
  return {
    base: paths ? (base ?? dirname(file)) : config.base,
    paths: paths ?? config.paths,
    ...(base === undefined ? {} : { baseUrl: base }),
    legacyDecorators: experimentalDecorators ?? config.legacyDecorators,
  };
}

/** File that `extends` names; a missing one is the type checker's to report. */
function extended(file: string, name: string): string | undefined {
  if (name.startsWith(".") || name.startsWith("/")) {
    const path = resolve(dirname(file), name);
    return [path, `${path}.json`].find((each) => existsSync(each));
  }
  for (const each of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      return createRequire(file).resolve(each);
    } catch (error) {
      if (!/NOT_FOUND|NOT_EXPORTED/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return undefined;
}

/** The tsconfig.json that governs a folder, read again when it has changed. */
export class ProjectConfigs {
  readonly #cache = new Map<string, { mtimeMs: number; config: ProjectConfig }>();

  of(folder: string): ProjectConfig | undefined {
    for (let at = folder; ; at = dirname(at)) {
      const file = join(at, "tsconfig.json");
      const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (mtimeMs !== undefined) {
        const cached = this.#cache.get(file);
        if (cached?.mtimeMs === mtimeMs) return cached.config;
        const config = read(file, new Set());
        this.#cache.set(file, { mtimeMs, config });
        return config;
      }
      if (at === dirname(at)) return undefined;
    }
  }
}

/** Files that `specifier` may stand for under `paths`, best match first. */
export function mappedPaths(specifier: string, config: ProjectConfig): string[] {
  const matches = Object.entries(config.paths).flatMap(([pattern, targets]) => {
    const [before, after] = pattern.split("*") as [string, string?];
    if (after === undefined)
      return pattern === specifier ? [{ rank: Infinity, targets, rest: "" }] : [];
    const fits =
      specifier.length >= before.length + after.length &&
      specifier.startsWith(before) &&
      specifier.endsWith(after);
    const rest = specifier.slice(before.length, specifier.length - after.length);
    return fits ? [{ rank: before.length, targets, rest }] : [];
  });
  const best = matches.sort((a, b) => b.rank - a.rank)[0];
  const mapped = (best?.targets ?? []).map((target) =>
    resolve(
      config.base,
      target.replace("*", () => best!.rest),
    ),
  );
  return config.baseUrl === undefined ? mapped : [...mapped, resolve(config.baseUrl, specifier)];
}
