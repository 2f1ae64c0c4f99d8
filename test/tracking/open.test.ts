import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { RunReader, RunWriter, StoreError } from "../../src/tracking/index.ts";
import { MIGRATIONS } from "../../src/tracking/schema.ts";
import { freshFolder, freshRun, freshStore } from "./support.ts";

const OUR_MARK = 0x52_7a_4c_62; // "RzLb"

const file = (folder: string): string => join(folder, "rzenlab.db");

function raw(path: string, options: Sqlite.Options = {}): Sqlite.Database {
  const sql = new Sqlite(path, options);
  onTestFinished(() => void sql.close());
  return sql;
}

function failure(act: () => unknown): { code: string; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it did not fail");
}

test("opening for writing makes folders and tables; for reading it does not", () => {
  const folder = join(freshFolder(), "deep", "store");
  expect(failure(() => RunReader.open(folder))).toEqual({
    code: "NOT_FOUND",
    message: `open: no store in ${folder} (no file ${file(folder)})`,
  });
  using store = RunWriter.open(folder);
  expect(store.searchRuns()).toEqual([]);
});

test("the file is a strict WAL database that carries our mark and version", () => {
  const store = freshStore();
  const sql = raw(file(store.folder), { readonly: true });
  expect(sql.pragma("journal_mode", { simple: true })).toBe("wal");
  expect(sql.pragma("application_id", { simple: true })).toBe(OUR_MARK);
  expect(sql.pragma("user_version", { simple: true })).toBe(MIGRATIONS.length);
  const loose =
    "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite%'";
  expect(sql.prepare(loose).all()).toEqual([]);
  expect(sql.pragma("foreign_key_check")).toEqual([]);
});

test("a newer file is refused by name, for reading and for writing", () => {
  const store = freshStore();
  const { folder } = store;
  store.close();
  const sql = raw(file(folder));
  sql.pragma("user_version = 99");
  for (const open of [RunReader, RunWriter]) {
    expect(failure(() => open.open(folder))).toEqual({
      code: "VERSION",
      message: `open: ${file(folder)} has schema version 99, this build knows up to ${MIGRATIONS.length}; update rzenlab`,
    });
  }
});

test("an older file is refused for reading and says what to do", () => {
  const folder = freshFolder();
  const sql = raw(file(folder));
  sql.pragma(`application_id = ${OUR_MARK}`);
  const { code, message } = failure(() => RunReader.open(folder));
  expect(code).toBe("VERSION");
  expect(message).toContain(
    `has schema version 0, this build reads ${MIGRATIONS.length}; open it once for writing`,
  );
  using store = RunWriter.open(folder);
  expect(store.searchRuns()).toEqual([]);
});

test("another program's SQLite file is left alone", () => {
  const folder = freshFolder();
  const sql = raw(file(folder));
  sql.exec("CREATE TABLE theirs (a)");
  for (const open of [RunReader, RunWriter]) {
    const { code, message } = failure(() => open.open(folder));
    expect(code).toBe("CORRUPT");
    expect(message).toContain("is an SQLite file of another program (application_id 0)");
  }
  expect(sql.prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["theirs"]);
});

test("a file that is not SQLite is named and kept", () => {
  const folder = freshFolder();
  writeFileSync(file(folder), "this is a text file, long enough to hold a header ".repeat(20));
  const before = readFileSync(file(folder));
  for (const open of [RunReader, RunWriter]) {
    const { code, message } = failure(() => open.open(folder));
    expect(code).toBe("CORRUPT");
    expect(message).toContain(`${file(folder)} is damaged or not an SQLite file`);
    expect(message).toContain("restore a copy, or move it away and start a new store");
  }
  expect(readFileSync(file(folder)).equals(before)).toBe(true);
});

test("a damaged file fails with CORRUPT, at the latest where the damage is read", () => {
  const store = freshStore();
  const { folder } = store;
  const run = freshRun(store);
  const points = Array.from({ length: 5_000 }, (_, step) => ({ key: "loss", value: step, step }));
  store.logMetrics(run.id, points);
  store.close();
  const bytes = readFileSync(file(folder));
  bytes.fill(0xa5, 4_096); // every page but the header's
  writeFileSync(file(folder), bytes);
  const { code, message } = failure(() => {
    using reader = RunReader.open(folder);
    reader.searchRuns();
    reader.history(run.id, "loss");
  });
  expect(code).toBe("CORRUPT");
  expect(message).toContain("is damaged or not an SQLite file");
});

test("a folder that is a file is named", () => {
  const path = join(freshFolder(), "store");
  writeFileSync(path, "");
  const { code, message } = failure(() => RunWriter.open(path));
  expect(code).toBe("READ_ONLY");
  expect(message).toBe(`open: cannot make the store's folder ${path}: it is a file`);
});

test("a read-only folder and a read-only file are named, and reading still works", () => {
  // Root may write anywhere, so under root the attempt is made by a process of another user.
  const folder = freshFolder();
  const store = RunWriter.open(join(folder, "store"));
  const run = freshRun(store);
  store.close();
  const other = process.getuid?.() === 0 ? 65_534 : undefined;
  if (other !== undefined) chownSync(file(join(folder, "store")), other, other);
  chmodSync(file(join(folder, "store")), 0o444);
  chmodSync(folder, 0o555);
  const script = `
    import { RunReader, RunWriter } from ${JSON.stringify(join(import.meta.dirname, "../../src/tracking/index.ts"))};
    const said = (act) => { try { return act(); } catch (error) { return error.code + " " + error.message; } };
    console.log(JSON.stringify([
      said(() => RunWriter.open(${JSON.stringify(join(folder, "new"))})),
      said(() => RunWriter.open(${JSON.stringify(join(folder, "store"))}).createExperiment("x")),
      said(() => RunReader.open(${JSON.stringify(join(folder, "store"))}).run(${JSON.stringify(run.id)}).id),
    ]));`;
  mkdirSync(join(folder, "store"), { recursive: true });
  chmodSync(join(folder, "store"), 0o755);
  if (other !== undefined) chownSync(join(folder, "store"), other, other);
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], {
    encoding: "utf8",
    ...(other === undefined ? {} : { uid: other, gid: other }),
  });
  chmodSync(folder, 0o755);
  expect(child.stderr).not.toContain("Error");
  const [makeFolder, write, read] = JSON.parse(child.stdout) as [string, string, string];
  expect(makeFolder).toContain(
    `READ_ONLY open: cannot make the store's folder ${join(folder, "new")}`,
  );
  expect(write).toContain("READ_ONLY ");
  expect(write).toContain("cannot be written");
  expect(write).toContain("check the owner and mode of the file and of its folder");
  expect(read).toBe(run.id);
});

test("a full disk is said so, nothing of the call is stored, and it goes on when there is room", () => {
  const store = freshStore();
  const run = freshRun(store);
  const { sql } = (store as unknown as { connection: { sql: Sqlite.Database } }).connection;
  const pages = Number(sql.pragma("page_count", { simple: true }));
  sql.pragma(`max_page_count = ${pages}`);
  const points = Array.from({ length: 9_000 }, (_, step) => ({ key: "loss", value: step, step }));
  const { code, message } = failure(() => store.logMetrics(run.id, points));
  expect(code).toBe("FULL");
  expect(message).toBe(
    `logMetrics of run ${run.id}: no space left for ${file(store.folder)}; nothing of this call was stored`,
  );
  expect(store.series(run.id)).toEqual([]);
  sql.pragma("max_page_count = 1000000");
  store.logMetrics(run.id, points);
  expect(store.history(run.id, "loss")).toHaveLength(9_000);
});

test("a lock held too long fails with BUSY and the file's name; readers do not mind it", () => {
  const folder = freshFolder();
  using store = RunWriter.open(folder, { busyLimitMs: 50 });
  const other = raw(file(folder));
  other.exec("BEGIN IMMEDIATE");
  expect(failure(() => store.createExperiment("x"))).toEqual({
    code: "BUSY",
    message: `createExperiment x: ${file(folder)} stayed locked by another process`,
  });
  using reader = RunReader.open(folder);
  expect(reader.experiments()).toEqual([]);
  other.exec("ROLLBACK");
  expect(store.createExperiment("x")).toBe(1);
});
