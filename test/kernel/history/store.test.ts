import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { historyFile } from "../../../src/kernel/history/place.ts";
import { historyRequest } from "../../../src/kernel/history/request.ts";
import { HistoryStore } from "../../../src/kernel/history/store.ts";

const session = { folder: "/nb", now: 0 };
const newFile = (): string => join(mkdtempSync(join(tmpdir(), "rzenlab-history-")), "a", "h.db");

function lines(store: HistoryStore, content: Record<string, unknown>): [number, string][] {
  return store.find(historyRequest(content)).map(({ line, source }) => [line, source]);
}

test("a range counts sessions back from the current one and excludes its stop", () => {
  const file = newFile();
  const old = new HistoryStore(file, session);
  for (const line of [1, 2, 3, 4]) old.add(line, `old ${line}`);
  old.close();
  const store = new HistoryStore(file, session);
  store.add(1, "new 1");
  const range = { hist_access_type: "range" };
  expect(lines(store, { ...range, session: 0 })).toEqual([[1, "new 1"]]);
  expect(lines(store, { ...range, session: -1, start: 2, stop: 4 })).toEqual([
    [2, "old 2"],
    [3, "old 3"],
  ]);
  expect(lines(store, { ...range, session: old.session, start: 4, stop: null })).toEqual([
    [4, "old 4"],
  ]);
  store.close();
});

test("a tail is the newest n of all sessions, oldest first", () => {
  const file = newFile();
  const old = new HistoryStore(file, session);
  old.add(7, "a");
  old.close();
  const store = new HistoryStore(file, session);
  store.add(1, "b", "'b'");
  store.add(2, "c");
  expect(lines(store, { hist_access_type: "tail", n: 2 })).toEqual([
    [1, "b"],
    [2, "c"],
  ]);
  expect(lines(store, { hist_access_type: "tail", n: 3 })[0]).toEqual([7, "a"]);
  expect(store.find({ type: "tail", n: 2, output: true })[0]!.result).toBe("'b'");
  store.close();
});

test("a search matches whole cells by shell patterns, newest n, once each if unique", () => {
  const store = new HistoryStore(":memory:", session);
  for (const [i, text] of ["loss(1)", "plot()", "loss(2)", "loss(1)"].entries()) {
    store.add(i + 1, text);
  }
  const search = { hist_access_type: "search" };
  expect(lines(store, { ...search, pattern: "loss*" }).map(([line]) => line)).toEqual([1, 3, 4]);
  expect(lines(store, { ...search, pattern: "loss(?)", unique: true })).toEqual([
    [3, "loss(2)"],
    [4, "loss(1)"],
  ]);
  expect(lines(store, { ...search, pattern: "loss*", n: 1 })).toEqual([[4, "loss(1)"]]);
  expect(lines(store, { ...search, pattern: "loss" })).toEqual([]);
  expect(lines(store, { ...search, pattern: "p*t[(]*" })).toEqual([[2, "plot()"]]);
  store.close();
});

test("a long result is kept in its first 10,000 characters", () => {
  const store = new HistoryStore(":memory:", session);
  store.add(1, "x", "y".repeat(20_000));
  expect(store.find({ type: "tail", n: 1, output: true })[0]!.result).toHaveLength(10_000);
  store.close();
});

test("several kernels write at once and lose nothing", async () => {
  const file = newFile();
  const main = join(import.meta.dirname, "../../../src/kernel/history/store.ts");
  const script = `
    import { HistoryStore } from ${JSON.stringify(main)};
    const store = new HistoryStore(process.argv[1], { folder: "/", now: 0, busyTimeoutMs: 20000 });
    for (let line = 1; line <= 100; line++) store.add(line, "cell " + line);
    store.close();`;
  const run = promisify(execFile);
  const one = (): Promise<unknown> =>
    run(process.execPath, ["--input-type=module", "-e", script, file]);
  await Promise.all([one(), one(), one()]);
  const store = new HistoryStore(file, session);
  const rows = store.find({ type: "tail", n: 1_000, output: false });
  expect(rows).toHaveLength(300);
  expect(new Set(rows.map((row) => row.session)).size).toBe(3);
  store.close();
});

test("another program's file and a newer kernel's are refused by name", () => {
  const file = join(mkdtempSync(join(tmpdir(), "rzenlab-history-")), "other.db");
  const other = new Sqlite(file);
  other.exec("CREATE TABLE t (x)");
  other.close();
  expect(() => new HistoryStore(file, session)).toThrow(
    `history: ${file} is an SQLite file of another program`,
  );
  const newer = newFile();
  new HistoryStore(newer, session).close();
  const sql = new Sqlite(newer);
  sql.pragma("user_version = 9");
  sql.close();
  expect(() => new HistoryStore(newer, session)).toThrow(
    "has version 9, this kernel knows up to 1",
  );
  const text = join(mkdtempSync(join(tmpdir(), "rzenlab-history-")), "text.db");
  writeFileSync(text, "no database at all, but a text that is long enough to be looked at");
  expect(() => new HistoryStore(text, session)).toThrow("not a database");
});

test("a request's wrong fields are named", () => {
  const range = { hist_access_type: "range" };
  expect(() => historyRequest({})).toThrow(
    'history_request: hist_access_type must be "range", "tail" or "search", got undefined',
  );
  expect(() => historyRequest({ ...range, session: 0.5 })).toThrow(
    "session must be an integer, got 0.5",
  );
  expect(() => historyRequest({ ...range, output: "yes" })).toThrow(
    'output must be a boolean, got "yes"',
  );
  expect(() => historyRequest({ hist_access_type: "tail", n: -1 })).toThrow(
    "n must be 0 or more, got -1",
  );
  expect(() => historyRequest({ hist_access_type: "search", pattern: 1 })).toThrow(
    "pattern must be a string, got 1",
  );
});

test("RZENLAB_HISTORY names the file", () => {
  expect(historyFile({ RZENLAB_HISTORY: "/x/h.db" })).toBe("/x/h.db");
  expect(historyFile({ XDG_STATE_HOME: "/s", LOCALAPPDATA: "/s" })).toMatch(
    /rzenlab.kernel-history\.db$/,
  );
});
