/** @file One digest of all that is recorded of some runs: whatever was made from them is outdated when it changes. */
import { createHash } from "node:crypto";
import type { RunReader } from "./reader.ts";

/** Curves of a run that is still going on change all the time, so they count from its end on. */
const RECORDS = [
  "SELECT serial, id, experiment, name, status, end_time, lifecycle FROM runs WHERE serial IN chosen ORDER BY 1",
  "SELECT * FROM params WHERE run IN chosen ORDER BY 1, 2",
  "SELECT * FROM tags WHERE run IN chosen ORDER BY 1, 2",
  "SELECT * FROM evaluations WHERE run IN chosen ORDER BY 1, 2, 3, 4, 5",
  "SELECT run, path, sha256 FROM artifacts WHERE run IN chosen ORDER BY 1, 2",
  `SELECT run, key, dataset_name, dataset_digest, model_id, count, latest_step, latest_value FROM series
   WHERE run IN chosen AND run IN (SELECT serial FROM runs WHERE status <> 'RUNNING') ORDER BY 1, 2, 3, 4, 5`,
] as const;

/** SHA-256, 64 hex digits, over the runs that have a tag whose key begins with one of `prefixes`, deleted ones too. */
export function runsDigest({ connection }: RunReader, prefixes: readonly string[]): string {
  const tagged = connection.sql
    .prepare<[string], number>(
      `SELECT DISTINCT run FROM tags, json_each(?) AS prefix
       WHERE substr(tags.key, 1, length(prefix.value)) = prefix.value`,
    )
    .pluck();
  return connection.snapshot("digest of runs", () => {
    const runs = JSON.stringify(tagged.all(JSON.stringify(prefixes)));
    const hash = createHash("sha256");
    for (const select of RECORDS) {
      const rows = connection.sql
        .prepare<[string], unknown[]>(`WITH chosen AS (SELECT value FROM json_each(?)) ${select}`)
        .raw();
      // Infinities have no JSON of their own.
      for (const row of rows.iterate(runs)) hash.update(`${JSON.stringify(row.map(String))}\n`);
      hash.update("\n");
    }
    return hash.digest("hex");
  });
}
