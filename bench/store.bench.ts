/**
 * @file How many metric points a second the store takes in one process, on this disk.
 *
 *     node bench/store.bench.ts
 *
 * 200 commits of 1,000 points over 10 keys into an empty store, each commit synced to disk; the first
 * of six repetitions is dropped. Then the cost of the buffered logger
 * for its caller, and two searches.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MetricLogger, RunWriter } from "../src/tracking/index.ts";

const COMMITS = 200;
const POINTS = 1_000;
const KEYS = 10;
const REPETITIONS = 6;

function withStore<T>(measure: (store: RunWriter, runId: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-bench-"));
  try {
    using store = RunWriter.open(folder);
    const run = store.createRun({ experimentId: store.getOrCreateExperiment("bench") });
    return measure(store, run.id);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Points a second through `logMetrics`. */
function ingest(): number {
  return withStore((store, runId) => {
    const start = performance.now();
    for (let commit = 0; commit < COMMITS; commit++) {
      const points = Array.from({ length: POINTS }, (_, i) => {
        const step = commit * (POINTS / KEYS) + Math.floor(i / KEYS);
        return { key: `metric/${i % KEYS}`, value: Math.sin(step + i), step, timestamp: step };
      });
      store.logMetrics(runId, points);
    }
    const seconds = (performance.now() - start) / 1_000;
    const stored = store.series(runId).reduce((sum, { count }) => sum + count, 0);
    if (stored !== COMMITS * POINTS) throw new Error(`${stored} of ${COMMITS * POINTS} stored`);
    return stored / seconds;
  });
}

/** Microseconds a point through `MetricLogger`: of `log` alone, or with the commits. */
function logging(commits: boolean): number {
  return withStore((store, runId) => {
    using logger = new MetricLogger(store, runId);
    const steps = (COMMITS * POINTS) / KEYS;
    const start = performance.now();
    for (let step = 0; step < steps; step++) {
      for (let key = 0; key < KEYS; key++) logger.log(`metric/${key}`, step + key, step);
    }
    if (commits) logger.flush();
    return ((performance.now() - start) / (steps * KEYS)) * 1_000;
  });
}

/** Milliseconds for the newest 100 of 2,000 runs, and for the best 100 by a metric. */
function searching(): { newest: number; best: number } {
  return withStore((store) => {
    const experimentId = store.createExperiment("search");
    for (let i = 0; i < 2_000; i++) {
      const run = store.createRun({ experimentId, params: { seed: i % 5, tau: i / 1_000 } });
      store.logMetrics(run.id, [{ key: "hit", value: Math.sin(i) }]);
    }
    const time = (act: () => unknown): number => {
      const start = performance.now();
      act();
      return performance.now() - start;
    };
    const newest = () => store.searchRuns({ experimentIds: [experimentId], limit: 100 });
    const best = () =>
      store.searchRuns({
        experimentIds: [experimentId],
        orderBy: [{ metric: "hit", descending: true }],
        limit: 100,
      });
    newest();
    best();
    return { newest: time(newest), best: time(best) };
  });
}

function repeated(measure: () => number): number[] {
  const all = Array.from({ length: REPETITIONS }, measure).slice(1);
  return all.sort((a, b) => a - b);
}

const rates = repeated(ingest);
const costs = repeated(() => logging(false));
const costsWithCommits = repeated(() => logging(true));
const { newest, best } = searching();
console.log(
  JSON.stringify({
    bench: "store",
    points: COMMITS * POINTS,
    points_per_commit: POINTS,
    durability: "full",
    points_per_s: Math.round(rates[2]!),
    points_per_s_range: [Math.round(rates[0]!), Math.round(rates.at(-1)!)],
    logger_us_per_point: Number(costs[2]!.toFixed(2)),
    logger_us_per_point_with_commits: Number(costsWithCommits[2]!.toFixed(2)),
    search_2000_runs_newest_100_ms: Number(newest.toFixed(1)),
    search_2000_runs_best_100_ms: Number(best.toFixed(1)),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  }),
);
