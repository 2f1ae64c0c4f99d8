/** @file Keeping the file small and fast: sealing long series, taking out what was deleted. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sealSeries, seriesToSeal } from "./chunks/seal.ts";
import type { Connection } from "./database.ts";

const RUNS_A_COMMIT = 50;

/** Rows of a series above which it is worth sealing while its run goes on. */
const GROWING_ROWS = 8_192;

export type GcOptions = {
  /** Only what was deleted at least this long ago. Default 0: everything deleted. */
  readonly olderThanMs?: number;
  /** Only these runs, which must be deleted. */
  readonly runIds?: readonly string[];
};

/** What `gc` took out for ever. */
export type GcResult = { readonly runs: number; readonly experiments: number };

/** Seals at most `limit` series that grew long; returns how many. Cheap when there are none. */
export function sealLongSeries(connection: Connection, limit: number): number {
  const series = connection.snapshot("seal", () => seriesToSeal(connection, GROWING_ROWS, limit));
  for (const id of series) connection.transact("seal", () => sealSeries(connection, id, false));
  return series.length;
}

/** Seals every series of some length whole, gathers statistics, gives free pages back to the disk. */
export function optimizeFile(connection: Connection): void {
  for (;;) {
    const series = connection.snapshot("optimize", () => seriesToSeal(connection, 512, 100));
    if (series.length === 0) break;
    // One transaction each, so that other writers get in between.
    for (const id of series)
      connection.transact("optimize", () => sealSeries(connection, id, true));
  }
  connection.alone("optimize", () => {
    connection.sql.exec("PRAGMA analysis_limit = 1000; ANALYZE; VACUUM");
    connection.sql.pragma("wal_checkpoint(TRUNCATE)");
  });
}

/** Takes deleted runs and experiments out for ever, with all points and artifacts. */
export function collectGarbage(
  connection: Connection,
  artifactsFolder: string,
  now: number,
  { olderThanMs = 0, runIds }: GcOptions,
): GcResult {
  type Doomed = { serial: number; id: string };
  const doomed = connection.snapshot("gc", () =>
    connection
      .prepare<[number, string | null, string | null], Doomed>(
        `SELECT serial, id FROM runs WHERE lifecycle = 'deleted' AND deleted_at <= ?
           AND (? IS NULL OR id IN (SELECT value FROM json_each(?)))`,
      )
      .all(now - olderThanMs, ...twice(runIds ? JSON.stringify(runIds) : null)),
  );
  let count = 0;
  for (let at = 0; at < doomed.length; at += RUNS_A_COMMIT) {
    const some = doomed.slice(at, at + RUNS_A_COMMIT);
    const gone = connection.transact("gc", () =>
      some.filter(({ serial }) => deleteRun(connection, serial)),
    );
    count += gone.length;
    // After the commit: a crash in between leaves files without a run, which the next gc finds.
    for (const { id } of gone) rmSync(join(artifactsFolder, id), { recursive: true, force: true });
  }
  if (runIds) return { runs: count, experiments: 0 };
  removeOrphans(connection, artifactsFolder);
  const experiments = connection.transact("gc", () => {
    const { changes } = connection
      .prepare(
        `DELETE FROM experiments WHERE lifecycle = 'deleted' AND updated_at <= ?
           AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment = experiments.id)`,
      )
      .run(now - olderThanMs);
    return changes;
  });
  return { runs: count, experiments };
}

/** False where the run was restored since we looked. */
function deleteRun(connection: Connection, serial: number): boolean {
  const deleted = connection
    .prepare<[number]>("SELECT 1 FROM runs WHERE serial = ? AND lifecycle = 'deleted'")
    .get(serial);
  if (!deleted) return false;
  for (const table of ["points", "chunks"]) {
    connection
      .prepare(`DELETE FROM ${table} WHERE series IN (SELECT id FROM series WHERE run = ?)`)
      .run(serial);
  }
  connection.prepare("DELETE FROM runs WHERE serial = ?").run(serial); // the rest cascades
  return true;
}

/** Artifact folders named like runs that no run has. */
function removeOrphans(connection: Connection, artifactsFolder: string): void {
  let names: string[];
  try {
    names = readdirSync(artifactsFolder);
  } catch {
    return; // no artifacts yet
  }
  const known = connection.prepare<[string]>("SELECT 1 FROM runs WHERE id = ?");
  for (const name of names) {
    if (!/^[0-9a-f]{32}$/.test(name) || known.get(name)) continue;
    rmSync(join(artifactsFolder, name), { recursive: true, force: true });
  }
}

function twice<T>(value: T): [T, T] {
  return [value, value];
}
