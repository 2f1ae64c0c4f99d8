/** @file The same runs in both stores, written past the servers: through MLflow's would take hours. */
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { RunWriter } from "../../src/tracking/index.ts";
import type { BenchServer } from "./servers.ts";

export const METRICS = 30;
export const PARAMS = 20;
export const TAGS = 5;
export const EXPERIMENT = "runs";

const started = 1_700_000_000_000;
const RUNS_A_COMMIT = 500;
const runId = (i: number): string => `e${i.toString(16).padStart(31, "0")}`;

/** Run i: values that spread, the same in both stores. */
function content(i: number) {
  const metrics = Array.from({ length: METRICS }, (_, m) => ({
    key: `metric/${m}`,
    value: ((i * 7_919 + m * 104_729) % 1_000_003) / 1_000_003,
  }));
  const params = Array.from(
    { length: PARAMS },
    (_, p) => [`param/${p}`, `${(i + p) % 10}`] as const,
  );
  const tags = Array.from(
    { length: TAGS },
    (_, t) => [`tag.${t}`, `value ${(i + t) % 7}`] as const,
  );
  return { metrics, params, tags };
}

/** How many of the first 100 of so many runs the bench's search for two clauses finds. */
export function twoClauses(runs: number): number {
  let found = 0;
  for (let i = 0; i < runs && found < 100; i++) {
    const { metrics, params } = content(i);
    if (metrics[3]!.value > 0.9 && params[2]![1] === "3") found++;
  }
  return found;
}

/** Fills the stopped server's store; returns the experiment's id. */
export function fillRuns(
  { name, folder }: Pick<BenchServer, "name" | "folder">,
  runs: number,
): string {
  return name === "ours" ? fillOurs(folder, runs) : fillMlflow(folder, runs);
}

function fillOurs(folder: string, runs: number): string {
  using store = RunWriter.open(join(folder, "store"), { durability: "normal" });
  const experimentId = store.getOrCreateExperiment(EXPERIMENT);
  const fillOne = (i: number): void => {
    const { metrics, params, tags } = content(i);
    const id = runId(i);
    const named = { id, experimentId, name: `run-${i}`, user: "bench", startTime: started + i };
    store.createRun({
      ...named,
      params: Object.fromEntries(params),
      tags: Object.fromEntries(tags),
    });
    store.logMetrics(
      id,
      metrics.map((metric) => ({ ...metric, timestamp: started + i })),
    );
    store.updateRun(id, { status: "FINISHED", endTime: started + i + 1 });
  };
  for (let from = 0; from < runs; from += RUNS_A_COMMIT) {
    store.connection.transact("fill", () => {
      for (let i = from; i < Math.min(runs, from + RUNS_A_COMMIT); i++) fillOne(i);
    });
  }
  store.optimize();
  return String(experimentId);
}

function fillMlflow(folder: string, runs: number): string {
  const sql = new Sqlite(join(folder, "mlflow.db"));
  sql.pragma("synchronous = OFF"); // the filling only
  const columns = (sql.pragma("table_info(experiments)") as { name: string }[]).map((c) => c.name);
  const workspace = columns.includes("workspace");
  const id = 7;
  sql
    .prepare(
      `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time${workspace ? ", workspace" : ""})
       VALUES (?, ?, ?, 'active', ?, ?${workspace ? ", 'default'" : ""})`,
    )
    .run(id, EXPERIMENT, "mlflow-artifacts:/7", started, started);
  const run = sql.prepare(
    `INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, source_type, source_name, entry_point_name, source_version)
     VALUES (?, ?, 'bench', 'FINISHED', ?, ?, 'active', ?, ?, 'UNKNOWN', '', '', '')`,
  );
  const metric = sql.prepare(
    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)",
  );
  const latest = sql.prepare(
    "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)",
  );
  const param = sql.prepare("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)");
  const tag = sql.prepare("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)");
  sql.transaction(() => {
    for (let i = 0; i < runs; i++) {
      const { metrics, params, tags } = content(i);
      const uuid = runId(i);
      run.run(
        uuid,
        `run-${i}`,
        started + i,
        started + i + 1,
        `mlflow-artifacts:/7/${uuid}/artifacts`,
        id,
      );
      for (const { key, value } of metrics) {
        metric.run(key, value, started + i, uuid);
        latest.run(key, value, started + i, uuid);
      }
      for (const [key, value] of params) param.run(key, value, uuid);
      for (const [key, value] of tags) tag.run(key, value, uuid);
      tag.run("mlflow.runName", `run-${i}`, uuid);
    }
  })();
  sql.exec("ANALYZE");
  sql.close();
  return String(id);
}

export const CURVE_RUN = "c".repeat(32);
export const CURVE_KEY = "curve";

/** Places of the spikes of a curve of `length` points, and their heights. */
export function spikes(length: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 1; found.size < 100; i++) found.set((i * 7_368_787) % length, i % 2 === 0 ? 5 : -5);
  return found;
}

function curveValue(i: number, length: number, peaks: ReadonlyMap<number, number>): number {
  return peaks.get(i) ?? Math.exp((-3 * i) / length) + Math.sin(i * 12.9898) / 50;
}

/** One run with one series of `length` points, 100 of them spikes. */
export function fillCurve(
  { name, folder }: Pick<BenchServer, "name" | "folder">,
  length: number,
  experiment: string,
  run = CURVE_RUN,
): void {
  const peaks = spikes(length);
  if (name === "ours") {
    using store = RunWriter.open(join(folder, "store"), { durability: "normal" });
    const named = { id: run, name: "curve", startTime: started };
    store.createRun({ ...named, experimentId: Number(experiment) });
    for (let from = 0; from < length; from += 10_000) {
      const count = Math.min(10_000, length - from);
      const points = Array.from({ length: count }, (_, i) => {
        const step = from + i;
        return {
          key: CURVE_KEY,
          step,
          timestamp: started + step,
          value: curveValue(step, length, peaks),
        };
      });
      store.logMetrics(run, points);
      store.seal(); // what the server does in the background
    }
    return;
  }
  const sql = new Sqlite(join(folder, "mlflow.db"));
  sql.pragma("synchronous = OFF");
  sql
    .prepare(
      `INSERT INTO runs (run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id, source_type, source_name, entry_point_name, source_version)
       VALUES (?, 'curve', 'bench', 'RUNNING', ?, 'active', 'mlflow-artifacts:/7/c', ?, 'UNKNOWN', '', '', '')`,
    )
    .run(run, started, experiment);
  const insert = sql.prepare(
    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
  );
  sql.transaction(() => {
    for (let i = 0; i < length; i++) {
      insert.run(CURVE_KEY, curveValue(i, length, peaks), started + i, run, i);
    }
  })();
  sql.close();
}
