import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import * as decorators from "../../../src/kernel/transform/decorators.ts";

const { lowerDecorators } = decorators;

const file = join(import.meta.dirname, "../../../src/kernel/transform/decorators.ts");

test("decorators become calls, the rest stays", () => {
  const { code, map } = lowerDecorators("a.ts", "@seal class A { m() { return 1; } }\n");
  expect(code).not.toContain("@seal");
  expect(code).toContain("return 1;");
  expect(JSON.parse(map)).toMatchObject({ version: 3 });
});

test("a compiler that fails says what it said", () => {
  vi.stubEnv("NODE_OPTIONS", "--require /nowhere/preload.js");
  expect(() => lowerDecorators("b.ts", "@failing class B {}")).toThrow(
    /^b\.ts: TypeScript can't compile its decorators: [^]*Cannot find module '\/nowhere\/preload\.js'/,
  );
  vi.unstubAllEnvs();
});

test("without a compiler nearby it says what to install", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-decorators-"));
  copyFileSync(file, join(folder, "decorators.ts"));
  const alone = (await import(
    /* @vite-ignore */ pathToFileURL(join(folder, "decorators.ts")).href
  )) as typeof decorators;
  expect(() => alone.lowerDecorators("c.ts", "@lonely class C {}")).toThrow(
    'c.ts: decorators need TypeScript 7 (npm install typescript@7), or "experimentalDecorators" in tsconfig.json',
  );
  rmSync(folder, { recursive: true });
});
