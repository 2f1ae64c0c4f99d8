import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { freshFolder, freshRun, freshStore, NO_RUN } from "./support.ts";

test("content is copied below the run's folder, with size and digest", () => {
  const store = freshStore();
  const run = freshRun(store);
  const source = join(freshFolder(), "big.bin");
  const bytes = Buffer.alloc(3_000_000, "abc");
  writeFileSync(source, bytes);
  store.logArtifact(run.id, "config.json", "{}");
  const logged = store.logArtifact(run.id, "checkpoints/step 1/größe.bin", { file: source });
  expect(logged).toMatchObject({
    bytes: 3_000_000,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  expect(store.artifacts(run.id).map((artifact) => artifact.path)).toEqual([
    "checkpoints/step 1/größe.bin",
    "config.json",
  ]);
  expect(store.readArtifact(run.id, "checkpoints/step 1/größe.bin").equals(bytes)).toBe(true);
  expect(store.artifactPath(run.id, "config.json")).toBe(
    join(store.folder, "artifacts", run.id, "config.json"),
  );
});

test("logging again replaces the content whole", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logArtifact(run.id, "a.txt", "first, and longer");
  store.logArtifact(run.id, "a.txt", new Uint8Array([98]));
  expect(store.readArtifact(run.id, "a.txt").toString()).toBe("b");
  expect(store.artifacts(run.id)).toMatchObject([{ path: "a.txt", bytes: 1 }]);
});

test.each([
  ["/etc/passwd", "relative, without empty"],
  ["../up", "relative, without empty, . or .. segments"],
  ["a/../../up", "relative, without empty, . or .. segments"],
  ["a/./b", "relative, without empty, . or .. segments"],
  ["a//b", "relative, without empty, . or .. segments"],
  ["a/", "relative, without empty, . or .. segments"],
  ["..\\up", "without backslashes, control characters and drive letters"],
  ["C:/up", "without backslashes, control characters and drive letters"],
  ["a\u0000b", "without backslashes, control characters and drive letters"],
  ["", "1 to 1000 characters"],
  ["a".repeat(251), "of segments up to 250 bytes"],
  [".writing-x", "that do not start with .writing-"],
])("the path %j is refused", (path, rule) => {
  const store = freshStore();
  const run = freshRun(store);
  expect(() => store.logArtifact(run.id, path, "x")).toThrow(`artifact path must be `);
  expect(() => store.logArtifact(run.id, path, "x")).toThrow(rule);
  expect(() => store.artifactPath(run.id, path)).toThrow(rule);
  expect(store.artifacts(run.id)).toEqual([]);
});

test("no path whatever leads out of the run's folder", () => {
  const store = freshStore();
  const run = freshRun(store);
  const root = join(store.folder, "artifacts", run.id);
  const segment = oneof(constantFrom("..", ".", "", "~", "%2e%2e", "a"), string());
  assert(
    property(array(segment, { maxLength: 6 }), constantFrom("/", "\\", "//"), (parts, slash) => {
      let path: string;
      try {
        path = store.artifactPath(run.id, parts.join(slash));
      } catch {
        return;
      }
      expect(path.startsWith(`${root}/`), path).toBe(true);
    }),
    { numRuns: 2_000 },
  );
  expect(() => store.artifactPath("../../..", "a")).toThrow("run id must be 32 lowercase");
});

test("a link out of the run's folder is not followed", () => {
  const store = freshStore();
  const run = freshRun(store);
  const outside = freshFolder();
  const folder = join(store.folder, "artifacts", run.id);
  mkdirSync(folder, { recursive: true });
  symlinkSync(outside, join(folder, "link"));
  expect(() => store.logArtifact(run.id, "link/a.txt", "x")).toThrow(
    `artifact path "link/a.txt": ${join(folder, "link")} is a link out of the run's folder`,
  );
  writeFileSync(join(outside, "secret"), "x");
  expect(() => store.readArtifact(run.id, "link/secret")).toThrow("is a link out of");
  expect(readdirSync(outside)).toEqual(["secret"]);
});

test("a failed write leaves the old content, no part file and no row", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logArtifact(run.id, "a.txt", "old");
  const missing = join(store.folder, "missing");
  expect(() => store.logArtifact(run.id, "a.txt", { file: missing })).toThrow(
    `artifact a.txt: cannot read ${missing}: ENOENT`,
  );
  const folder = join(store.folder, "artifacts", run.id);
  expect(() => store.logArtifact(run.id, "b.txt", { file: store.folder })).toThrow(
    `artifact b.txt: writing ${join(folder, "b.txt")} failed: EISDIR`,
  );
  mkdirSync(join(folder, "c"));
  writeFileSync(join(folder, "c", "inside"), "");
  expect(() => store.logArtifact(run.id, "c", "x")).toThrow("failed: ");
  expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("old");
  expect(readdirSync(folder).sort()).toEqual(["a.txt", "c"]);
  expect(store.artifacts(run.id).map((artifact) => artifact.path)).toEqual(["a.txt"]);
});

test("what is not there is named", () => {
  const store = freshStore();
  const run = freshRun(store);
  expect(() => store.readArtifact(run.id, "a.txt")).toThrow(
    `run ${run.id}: no artifact a.txt (no file ${join(store.folder, "artifacts", run.id, "a.txt")})`,
  );
  expect(() => store.logArtifact(NO_RUN, "a.txt", "x")).toThrow(`no run with id ${NO_RUN}`);
});
