/** @file A build is whole or not there: interruption, replacement, foreign folders, several processes. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cachedFolder, type Manifest } from "../../../src/data/mini/cache.ts";
import { withLock } from "../../../src/data/mini/lock.ts";
import { packageFolder } from "../../../src/data/mini/sources.ts";
import { put, temporaryFolder } from "../support.ts";

function counting(key: string, build?: (folder: string) => void) {
  const calls: string[] = [];
  return {
    calls,
    key,
    build: (folder: string): Promise<Manifest> => {
      calls.push(folder);
      put(folder, "content", key);
      build?.(folder);
      return Promise.resolve({ key, tasks: [] });
    },
  };
}

test("a second call with the same key builds nothing", async () => {
  const root = join(temporaryFolder(), "deep/er/root");
  const builder = counting("one");
  const first = await cachedFolder(root, builder);
  const second = await cachedFolder(`${root}/`, builder);
  expect(builder.calls).toEqual([`${root}.partial`]);
  expect(second).toEqual(first);
  expect(readFileSync(join(root, "content"), "utf8")).toBe("one");
});

test("another key replaces the build and leaves nothing beside it", async () => {
  const folder = temporaryFolder();
  const root = join(folder, "root");
  await cachedFolder(
    root,
    counting("one", (partial) => put(partial, "old", "")),
  );
  await cachedFolder(root, counting("two"));
  expect(readdirSync(root).toSorted()).toEqual(["content", "manifest.json"]);
  expect(readdirSync(folder)).toEqual(["root"]);
});

test("a build that fails leaves no root, and the next starts afresh", async () => {
  const root = join(temporaryFolder(), "root");
  const failing = counting("one", (partial) => {
    put(partial, "left over", "");
    throw new Error("disk full");
  });
  await expect(cachedFolder(root, failing)).rejects.toThrow("disk full");
  expect(existsSync(root)).toBe(false);
  await cachedFolder(root, counting("one"));
  expect(readdirSync(root).toSorted()).toEqual(["content", "manifest.json"]);
});

test("a folder that holds something else is refused and stays", async () => {
  const root = temporaryFolder();
  put(root, "thesis.txt", "years of work");
  const builder = counting("one");
  await expect(cachedFolder(root, builder)).rejects.toThrow(
    `${join(root, "manifest.json")}: expected the manifest of a mini-MMEB build, or no folder ${root}`,
  );
  put(root, "manifest.json", '{"name":"some app"}');
  await expect(cachedFolder(root, builder)).rejects.toThrow(
    "expected key and tasks, as the manifest of a mini-MMEB build has",
  );
  expect(builder.calls).toEqual([]);
  expect(readFileSync(join(root, "thesis.txt"), "utf8")).toBe("years of work");
});

test("an empty folder is used", async () => {
  const root = temporaryFolder();
  await cachedFolder(root, counting("one"));
  expect(existsSync(join(root, "manifest.json"))).toBe(true);
});

const MODULE = join(import.meta.dirname, "../../../src/data/mini/cache.ts");

/** A process that builds `root` slowly, noting in `log` that it did. */
function buildingProcess(root: string, log: string, buildMs: number) {
  const code = `
    import { appendFileSync } from "node:fs";
    import { cachedFolder } from ${JSON.stringify(MODULE)};
    await cachedFolder(${JSON.stringify(root)}, { key: "k", build: async () => {
      appendFileSync(${JSON.stringify(log)}, "built\\n");
      await new Promise((resolve) => setTimeout(resolve, ${buildMs}));
      return { key: "k", tasks: [] };
    } });`;
  return spawn(process.execPath, ["--input-type=module-typescript", "-e", code], {
    stdio: "inherit",
  });
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

test("of four processes that ask at once, one builds", async () => {
  const folder = temporaryFolder();
  const [root, log] = [join(folder, "root"), join(folder, "log")];
  const children = Array.from({ length: 4 }, () => buildingProcess(root, log, 300));
  expect(await Promise.all(children.map(ended))).toEqual([0, 0, 0, 0]);
  expect(readFileSync(log, "utf8")).toBe("built\n");
});

test("a killed build's lock and leftovers do not stop the next", async () => {
  const folder = temporaryFolder();
  const [root, log] = [join(folder, "root"), join(folder, "log")];
  const child = buildingProcess(root, log, 600_000);
  await expect.poll(() => existsSync(log), { timeout: 20_000 }).toBe(true);
  child.kill("SIGKILL");
  await ended(child);
  expect(readdirSync(folder).toSorted()).toEqual(["log", "root.lock", "root.partial"]);
  await cachedFolder(root, counting("k"));
  expect(readdirSync(folder).toSorted()).toEqual(["log", "root"]);
});

test("a lock that cannot be written says which", async () => {
  const file = join(temporaryFolder(), "missing/folder/root.lock");
  await expect(withLock(file, () => Promise.resolve(1))).rejects.toThrow(
    `cannot take the lock ${file}`,
  );
});

test("a package that is not installed is named with what to do", () => {
  expect(() => packageFolder("no-such-package-here")).toThrow(
    "mini-MMEB needs the package no-such-package-here, which is not installed; run npm ci",
  );
});
