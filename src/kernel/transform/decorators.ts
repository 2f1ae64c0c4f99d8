/** @file Decorators. Neither V8 nor oxc knows the standard ones yet, so code that has any goes through TypeScript's compiler. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type Lowered = { readonly code: string; readonly map: string };

const KEPT = 200;
const cache = new Map<string, Lowered>();

const OPTIONS = [
  "--ignoreConfig --allowJs --noCheck --noLib --noResolve --target es2022 --module esnext",
  "--moduleDetection force --verbatimModuleSyntax --sourceMap --outDir out",
]
  .join(" ")
  .split(" ");

/** JavaScript without decorators, by TypeScript 7. About 0.2 s, so results are kept by content. */
export function lowerDecorators(file: string, code: string): Lowered {
  const key = createHash("sha256").update(code).digest("hex");
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-decorators-"));
  try {
    writeFileSync(join(folder, "code.js"), code);
    const run = spawnSync(process.execPath, [compiler(file), ...OPTIONS, "code.js"], {
      cwd: folder,
      encoding: "utf8",
    });
    let lowered: Lowered;
    try {
      // The exit status says only that, on purpose, there is no lib to check against.
      lowered = {
        code: readFileSync(join(folder, "out", "code.js"), "utf8").replace(
          /\n\/\/# sourceMappingURL=.*\s*$/,
          "\n",
        ),
        map: readFileSync(join(folder, "out", "code.js.map"), "utf8"),
      };
    } catch (error) {
      throw new Error(
        `${file}: TypeScript can't compile its decorators: ${run.stdout}${run.stderr}`,
        { cause: error },
      );
    }
    cache.set(key, lowered);
    if (cache.size > KEPT) cache.delete(cache.keys().next().value!);
    return lowered;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compiler(file: string): string {
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  } catch (error) {
    throw new Error(
      `${file}: decorators need TypeScript 7 (npm install typescript@7), or "experimentalDecorators" in tsconfig.json`,
      { cause: error },
    );
  }
}

/** Helpers that oxc's code for `experimentalDecorators` calls, as TypeScript has them. */
export const LEGACY_HELPERS = {
  decorate(
    decorators: readonly ((...parameters: unknown[]) => unknown)[],
    target: object,
    key?: PropertyKey,
    descriptor?: PropertyDescriptor | null,
  ): unknown {
    const onClass = key === undefined;
    let result: unknown = onClass
      ? target
      : descriptor === null
        ? Object.getOwnPropertyDescriptor(target, key)
        : descriptor;
    for (const decorate of decorators.toReversed()) {
      const changed = onClass ? decorate(result) : decorate(target, key, result);
      result = changed ?? result;
    }
    if (!onClass && descriptor !== undefined && result) {
      Object.defineProperty(target, key, result as PropertyDescriptor);
    }
    return result;
  },
  decorateParam(index: number, decorator: (...parameters: unknown[]) => void) {
    return (target: object, key: PropertyKey | undefined): void => decorator(target, key, index);
  },
  decorateMetadata(key: string, value: unknown) {
    const { metadata } = Reflect as unknown as {
      metadata?: (key: string, value: unknown) => unknown;
    };
    return typeof metadata === "function" ? metadata(key, value) : () => undefined;
  },
};
