/**
 * @file A process that writes to a store until it is done or killed.
 *
 * Arguments: store folder, run id, key, points per commit, commits. Prints the number of points
 * acknowledged so far after each commit, straight to the pipe, so that a kill loses no line.
 */
import { writeSync } from "node:fs";
import { RunWriter } from "../../src/tracking/writer.ts"; // not the index: it starts faster

const [folder, runId, key, size, commits] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const store = RunWriter.open(folder);
const points = Number(size);
for (let commit = 0; commit < Number(commits); commit++) {
  const first = commit * points;
  store.logMetrics(
    runId,
    Array.from({ length: points }, (_, i) => ({ key, value: first + i, step: first + i })),
  );
  writeSync(1, `${first + points}\n`);
}
store.close();
