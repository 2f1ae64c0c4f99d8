/** @file A metric of many runs over steps, thinned so that all of them fit one answer. */
import type { RunReader } from "../../tracking/index.ts";
import type { Curves } from "./types.ts";

/** Runs whose curves one answer holds; the newest come first. */
const MOST_RUNS = 1_000;
const MOST_POINTS = 120_000;

/** @param key default: the loss if there is one, else the first metric with two points in some run */
export function curvesOf(store: RunReader, serials: readonly number[], key?: string): Curves {
  const chosen = serials.slice(0, MOST_RUNS);
  const runs = JSON.stringify(chosen);
  const { connection } = store;
  const keys = connection
    .prepare<[string], string>(
      `SELECT DISTINCT key FROM series WHERE run IN (SELECT value FROM json_each(?)) AND count > 1
       ORDER BY key <> 'loss', key`,
    )
    .pluck()
    .all(runs);
  const drawn = key !== undefined && keys.includes(key) ? key : (keys[0] ?? "");
  const found = connection
    .prepare<[string, string], { serial: number; id: string; start: number }>(
      `SELECT r.serial, r.id, r.start_time AS start FROM runs r
       WHERE r.serial IN (SELECT value FROM json_each(?))
         AND EXISTS (SELECT 1 FROM series WHERE run = r.serial AND key = ? AND count > 0)`,
    )
    .all(runs, drawn);
  const limit = Math.max(40, Math.min(2_000, Math.floor(MOST_POINTS / Math.max(1, found.length))));
  const curves = found.map(({ serial, id, start }) => {
    const points = store.thinnedHistory(id, drawn, { limit });
    return {
      serial,
      steps: points.map(({ step }) => step),
      seconds: points.map(({ timestamp }) => (timestamp - start) / 1_000),
      values: points.map(({ value }) => (Number.isFinite(value) ? value : null)),
    };
  });
  return { keys, key: drawn, runs: chosen.length, of: serials.length, curves };
}
