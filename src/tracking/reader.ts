/** @file Everything that can be asked of a store, on a connection that cannot write. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Statement } from "better-sqlite3";
import { resolveArtifact } from "./artifacts.ts";
import type { Columns } from "./chunks/columns.ts";
import { ALL_STEPS, readPage, readThinned, type StepRange } from "./chunks/read.ts";
import { Connection } from "./database.ts";
import { StoreError } from "./error.ts";
import { evaluationsSql, type EvaluationQuery } from "./evaluations.ts";
import { type ExperimentRow, loadRuns, toExperiment, toNumber } from "./rows.ts";
import { type RunSearch, searchSql } from "./search.ts";
import type {
  Artifact,
  DatasetRef,
  Evaluation,
  Experiment,
  Input,
  Lifecycle,
  PerQuery,
  Point,
  Run,
  SeriesSummary,
} from "./types.ts";
import { checkRunId, invalid } from "./validate.ts";

/** The little of a run that every write has to know. */
export type RunKey = {
  readonly serial: number;
  readonly experiment: number;
  readonly lifecycle: Lifecycle;
};

export type HistoryOptions = {
  /** The series measured on this data set; default: the one without. */
  readonly dataset?: DatasetRef;
  /** Default `step`: by step, timestamp, value. `time`: by timestamp, step, value, as MLflow does. */
  readonly order?: "step" | "time";
  readonly fromStep?: number;
  readonly toStep?: number;
  readonly limit?: number;
  readonly offset?: number;
};

/**
 * A store, read-only. Readers never block writers nor wait for them; each call sees one snapshot.
 *
 *     using store = RunReader.open(".rzenlab");
 *     for (const run of store.searchRuns({ limit: 10 })) console.log(run.name, run.metrics);
 */
export class RunReader implements Disposable {
  /** The store's folder. */
  readonly folder: string;
  /** For modules of src/tracking that keep further tables in the same file. */
  readonly connection: Connection;
  readonly #runKey: Statement<[string], RunKey>;

  protected constructor(folder: string, connection: Connection) {
    this.folder = folder;
    this.connection = connection;
    this.#runKey = this.prepare("SELECT serial, experiment, lifecycle FROM runs WHERE id = ?");
  }

  static open(folder: string): RunReader {
    return new RunReader(folder, Connection.read(folder));
  }

  experiments({ lifecycle = "active" }: { lifecycle?: Lifecycle | "all" } = {}): Experiment[] {
    return this.connection.snapshot("experiments", () =>
      this.prepare<[string, string], ExperimentRow>(
        "SELECT * FROM experiments WHERE ? IN (lifecycle, 'all') OR lifecycle = ? ORDER BY id",
      )
        .all(lifecycle, lifecycle)
        .map((row) => toExperiment(this.connection, row)),
    );
  }

  /** By id or by name, deleted ones too. */
  experiment(idOrName: number | string): Experiment {
    return this.connection.snapshot("experiment", () => {
      const column = typeof idOrName === "number" ? "id" : "name";
      const row = this.prepare<[number | string], ExperimentRow>(
        `SELECT * FROM experiments WHERE ${column} = ?`,
      ).get(idOrName);
      if (!row) throw new StoreError("NOT_FOUND", `no experiment with ${column} ${idOrName}`);
      return toExperiment(this.connection, row);
    });
  }

  /** A run with its params, tags and latest metrics; deleted ones too. */
  run(runId: string): Run {
    return this.connection.snapshot("run", () => {
      const { serial } = this.runKey(runId);
      return loadRuns(this.connection, [serial])[0]!;
    });
  }

  searchRuns(search: RunSearch = {}): Run[] {
    const { text, values } = searchSql(search);
    return this.connection.snapshot("searchRuns", () => {
      const serials = this.prepare<(string | number)[], number>(text)
        .pluck()
        .all(...values);
      return loadRuns(this.connection, serials);
    });
  }

  /** All points of one series. */
  history(runId: string, key: string, options: HistoryOptions = {}): Point[] {
    const { dataset, order = "step", limit = Number.MAX_SAFE_INTEGER, offset = 0 } = options;
    return this.connection.snapshot("history", () => {
      const series = this.#seriesId(runId, key, dataset);
      if (series === undefined) return [];
      return toPoints(readPage(this.connection, series, rangeOf(options), order, offset, limit));
    });
  }

  /**
   * At most `limit` points (>= 8) that look like the whole series: first, last, extremes and first
   * NaN of equal stretches, and the points that stand out most. Reads a pyramid of long series.
   */
  thinnedHistory(
    runId: string,
    key: string,
    { limit, ...options }: Omit<HistoryOptions, "order" | "offset"> & { readonly limit: number },
  ): Point[] {
    if (!Number.isSafeInteger(limit) || limit < 8) {
      throw invalid("thinnedHistory: limit", limit, "a whole number >= 8");
    }
    return this.connection.snapshot("thinnedHistory", () => {
      const series = this.#seriesId(runId, key, options.dataset);
      if (series === undefined) return [];
      return toPoints(readThinned(this.connection, series, rangeOf(options), limit));
    });
  }

  /** Every series of a run at a glance, by key. */
  series(runId: string): SeriesSummary[] {
    type Row = {
      key: string;
      name: string;
      digest: string;
      count: number;
      step: number;
      timestamp: number;
      value: number | string;
      least: number | null;
      greatest: number | null;
      leastStep: number | null;
      greatestStep: number | null;
    };
    return this.connection.snapshot("series", () =>
      this.prepare<[number], Row>(
        `SELECT key, dataset_name AS name, dataset_digest AS digest, count, latest_step AS step,
           latest_timestamp AS timestamp, latest_value AS value, least, greatest,
           least_step AS leastStep, greatest_step AS greatestStep
         FROM series WHERE run = ? AND count > 0 ORDER BY key, dataset_name, dataset_digest`,
      )
        .all(this.runKey(runId).serial)
        .map(({ name, digest, step, timestamp, value, ...rest }) => ({
          ...rest,
          dataset: name === "" ? null : { name, digest },
          latest: { step, timestamp, value: toNumber(value) },
        })),
    );
  }

  /** Data sets that a run read. */
  inputs(runId: string): Input[] {
    type Row = { id: number; name: string; digest: string } & Record<string, string | null>;
    return this.connection.snapshot("inputs", () => {
      const { serial } = this.runKey(runId);
      const tagsOf = this.prepare<[number, number], [string, string]>(
        "SELECT key, value FROM input_tags WHERE run = ? AND dataset = ? ORDER BY key",
      ).raw();
      return this.prepare<[number], Row>(
        `SELECT d.id, d.name, d.digest, d.source_type AS sourceType, d.source, d.schema, d.profile
         FROM inputs i JOIN datasets d ON d.id = i.dataset WHERE i.run = ? ORDER BY d.name, d.id`,
      )
        .all(serial)
        .map(({ id, ...row }) => {
          const known = Object.entries(row).filter(([, value]) => value !== null);
          const dataset = Object.fromEntries(known) as Input["dataset"];
          return { dataset, tags: Object.fromEntries(tagsOf.all(serial, id)) };
        });
    });
  }

  /** Evaluation rows, by run, benchmark, task, split and metric. */
  evaluations(query: EvaluationQuery = {}): Evaluation[] {
    const { text, values } = evaluationsSql(query);
    return this.connection.snapshot("evaluations", () =>
      this.prepare<unknown[], Omit<Evaluation, "value"> & { value: number | string }>(text)
        .all(...values)
        .map((row) => ({ ...row, value: toNumber(row.value) })),
    );
  }

  /** Results of each query behind an evaluation row; empty if they were not logged. */
  perQuery(evaluation: Pick<Evaluation, "runId" | "perQuery">): PerQuery[] {
    if (evaluation.perQuery === null) return [];
    const lines = this.readArtifact(evaluation.runId, evaluation.perQuery).toString().split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as PerQuery);
  }

  artifacts(runId: string): Artifact[] {
    return this.connection.snapshot("artifacts", () =>
      this.prepare<[number], Artifact>(
        `SELECT path, bytes, sha256, created_at AS createdAt FROM artifacts
         WHERE run = ? ORDER BY path`,
      ).all(this.runKey(runId).serial),
    );
  }

  /** Absolute path of an artifact's file, which need not be there. */
  artifactPath(runId: string, path: string): string {
    return resolveArtifact(this.artifactFolder(runId), path);
  }

  readArtifact(runId: string, path: string): Buffer {
    const file = this.artifactPath(runId, path);
    try {
      return readFileSync(file);
    } catch (error) {
      const text = `run ${runId}: no artifact ${path} (no file ${file})`;
      throw new StoreError("NOT_FOUND", text, { cause: error });
    }
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected artifactFolder(runId: string): string {
    checkRunId(runId); // it becomes a folder's name
    return join(this.folder, "artifacts", runId);
  }

  protected runKey(runId: string): RunKey {
    const key = this.#runKey.get(runId);
    if (!key) throw new StoreError("NOT_FOUND", `no run with id ${runId}`);
    return key;
  }

  #seriesId(runId: string, key: string, dataset?: DatasetRef): number | undefined {
    const { serial } = this.runKey(runId);
    return this.prepare<[number, string, string, string], number>(
      `SELECT id FROM series WHERE run = ? AND key = ? AND dataset_name = ?
         AND dataset_digest = ? AND model_id = ''`,
    )
      .pluck()
      .get(serial, key, dataset?.name ?? "", dataset?.digest ?? "");
  }

  /** A prepared statement, made once per text. */
  protected prepare<In extends unknown[], Out = unknown>(text: string): Statement<In, Out> {
    return this.connection.prepare<In, Out>(text);
  }
}

function rangeOf({ fromStep, toStep }: Pick<HistoryOptions, "fromStep" | "toStep">): StepRange {
  return { fromStep: fromStep ?? ALL_STEPS.fromStep, toStep: toStep ?? ALL_STEPS.toStep };
}

function toPoints({ steps, times, values }: Columns): Point[] {
  return Array.from(steps, (step, i) => ({ step, timestamp: times[i]!, value: values[i]! }));
}
