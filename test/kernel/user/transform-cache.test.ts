import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { LocalFiles } from "../../../src/kernel/user/modules/local-files.ts";
import { cacheFolder, TransformCache } from "../../../src/kernel/user/modules/transform-cache.ts";

let folder: string;
let cached: string;
let file: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-modules-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cached = join(folder, "cache", "modules");
  file = join(folder, "loss.ts");
  writeFileSync(
    file,
    'import { half } from "./half.ts";\nexport const loss = (x: number) => half(x);\n',
  );
  writeFileSync(join(folder, "half.ts"), "export const half = (x: number) => x / 2;\n");
});

/** As a kernel that has just started sees the project. */
const newFiles = (): LocalFiles => new LocalFiles(new TransformCache(cached));

test("what one kernel transformed the next one takes from disk, of the same version", () => {
  const first = newFiles();
  const version = first.version(file);
  const code = first.code(file);
  expect(code).toContain("export const loss = (x) => half(x);");
  const [name] = readdirSync(cached);
  const kept = JSON.parse(readFileSync(join(cached, name!), "utf8")) as object;
  expect(kept).toEqual({ specifiers: ["./half.ts"], code });

  writeFileSync(join(cached, name!), JSON.stringify({ ...kept, code: "// from disk" }));
  const second = newFiles();
  expect(second.version(file)).toBe(version);
  expect(second.code(file)).toBe("// from disk");
  writeFileSync(join(folder, "half.ts"), "export const half = (x: number) => x / 3;\n");
  expect(newFiles().version(file)).not.toBe(version);
});

test("another text, other settings, or a file that is damaged: it is transformed anew", () => {
  newFiles().code(file);
  const [name] = readdirSync(cached);
  writeFileSync(join(cached, name!), '{ "specifiers": [');
  expect(newFiles().code(file)).toContain("half(x)");
  writeFileSync(file, "export const loss = 3 as number;\n");
  expect(newFiles().code(file)).toContain("export const loss = 3;");
  writeFileSync(
    join(folder, "tsconfig.json"),
    '{ "compilerOptions": { "experimentalDecorators": true } }',
  );
  newFiles().code(file);
  expect(readdirSync(cached)).toHaveLength(3);
});

test("a folder that can't be written changes nothing but the time it takes", () => {
  writeFileSync(join(folder, "cache"), "a file where the folder should be");
  expect(newFiles().code(file)).toContain("half(x)");
  expect(newFiles().code(file)).toContain("half(x)");
});

test("what was not needed for a month is removed", async () => {
  mkdirSync(cached, { recursive: true });
  const [old, recent] = ["old", "recent"].map((name) => join(cached, name));
  for (const [each, days] of [
    [old!, 31],
    [recent!, 29],
  ] as const) {
    writeFileSync(each, "{}");
    const then = new Date(Date.now() - days * 86_400_000);
    utimesSync(each, then, then);
  }
  newFiles().code(file);
  await vi.waitFor(() => expect(readdirSync(cached)).not.toContain("old"), 20_000);
  expect(readdirSync(cached)).toContain("recent");
});

test.runIf(process.platform === "linux")("the folder is the system's for such things", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/var/tmp/c" })).toBe("/var/tmp/c/rzenlab/kernel-modules");
  expect(cacheFolder({})).toMatch(/\/\.cache\/rzenlab\/kernel-modules$/);
});
