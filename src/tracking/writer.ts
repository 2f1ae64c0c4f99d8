/** @file Everything that can be recorded. Every method stores all it was given or, on an error, none. */
import { join } from "node:path";
import { type ArtifactSource, checkArtifactPath, writeArtifact } from "./artifacts.ts";
import { Connection, type OpenOptions } from "./database.ts";
import { StoreError } from "./error.ts";
import { checkEvaluation, DEFAULT_BENCHMARK, perQueryPath, perQueryText } from "./evaluations.ts";
import {
  collectGarbage,
  type GcOptions,
  type GcResult,
  optimizeFile,
  sealLongSeries,
} from "./maintenance.ts";
import { randomName, randomRunId } from "./names.ts";
import { PointWriter } from "./points.ts";
import { type RunKey, RunReader } from "./reader.ts";
import {
  experimentNamed,
  insertExperiment,
  insertInput,
  insertParams,
  insertTags,
  NAME_TAG,
  type NewInput,
  type Pairs,
  setExperimentLifecycle,
  updateExperiment,
} from "./records.ts";
import { fromNumber } from "./rows.ts";
import type {
  Artifact,
  Batch,
  NewEvaluation,
  NewPoint,
  NewRun,
  ParamValue,
  Run,
  RunStatus,
} from "./types.ts";
import { checkName, checkRunId, checkTime, invalid } from "./validate.ts";

const STATUSES: readonly string[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
/** Changes of a run's own fields. */
export type RunUpdate = {
  readonly status?: RunStatus;
  readonly endTime?: number | null;
  readonly name?: string;
};

/**
 * A store, for reading and writing. Any number of processes may hold one at once: each call is one
 * transaction, which waits for the others'. When it returns, what it was given is on disk.
 *
 *     using store = RunWriter.open(".rzenlab");
 *     const experiment = store.getOrCreateExperiment("ablation");
 *     const run = store.createRun({ experimentId: experiment.id, params: { tau: 0.05 } });
 *     store.logMetrics(run.id, [{ key: "loss", step: 0, value: 4.1 }]);
 *     store.finishRun(run.id);
 */
export class RunWriter extends RunReader {
  readonly #points: PointWriter;
  readonly #now: () => number;

  protected constructor(folder: string, connection: Connection, now: () => number) {
    super(folder, connection);
    this.#points = new PointWriter(connection);
    this.#now = now;
  }

  /** Opens the store in `folder`, making it where there is none. `now` is for tests. */
  static override open(
    folder: string,
    { now = Date.now, ...options }: OpenOptions & { readonly now?: () => number } = {},
  ): RunWriter {
    return new RunWriter(folder, Connection.write(folder, options), now);
  }

  /** Makes an experiment and returns its id; a name in use, by a deleted one too, is an error. */
  createExperiment(name: string, tags: Pairs = {}): number {
    checkName("experiment name", name);
    return this.connection.transact(`createExperiment ${name}`, () => {
      const known = experimentNamed(this.connection, name);
      if (known) {
        const deleted = known.lifecycle === "deleted" ? " (deleted: restore it)" : "";
        const text = `createExperiment: ${JSON.stringify(name)} exists with id ${known.id}${deleted}`;
        throw new StoreError("EXISTS", text);
      }
      return insertExperiment(this.connection, name, tags, this.#now());
    });
  }

  /** The id of the experiment with this name, made if there is none. */
  getOrCreateExperiment(name: string): number {
    checkName("experiment name", name);
    return this.connection.transact(`getOrCreateExperiment ${name}`, () => {
      const known = experimentNamed(this.connection, name);
      if (!known) return insertExperiment(this.connection, name, {}, this.#now());
      if (known.lifecycle === "active") return known.id;
      const text = `getOrCreateExperiment: ${JSON.stringify(name)} (id ${known.id}) is deleted; restore it or choose another name`;
      throw new StoreError("DELETED", text);
    });
  }

  setExperimentTags(experimentId: number, tags: Pairs): void {
    this.connection.transact(`setExperimentTags ${experimentId}`, () =>
      updateExperiment(this.connection, experimentId, tags, this.#now()),
    );
  }

  /** Marks the experiment and its active runs as deleted; nothing is lost. */
  deleteExperiment(experimentId: number): void {
    this.connection.transact(`deleteExperiment ${experimentId}`, () =>
      setExperimentLifecycle(this.connection, experimentId, "deleted", this.#now()),
    );
  }

  /** Undoes `deleteExperiment`, for its runs as well. */
  restoreExperiment(experimentId: number): void {
    this.connection.transact(`restoreExperiment ${experimentId}`, () =>
      setExperimentLifecycle(this.connection, experimentId, "active", this.#now()),
    );
  }

  /** Makes a run with its params and tags in one step. */
  createRun(options: NewRun): Run {
    return this.connection.transact("createRun", () => this.run(this.insertRun(options)));
  }

  /** `createRun` without reading the run back; returns its id. */
  insertRun(options: NewRun): string {
    const id = options.id ?? randomRunId();
    const name = options.name ?? options.tags?.[NAME_TAG] ?? randomName();
    const { user = "", status = "RUNNING", startTime = this.#now() } = options;
    checkRunId(id);
    checkName("run name", name);
    checkStatus(status);
    checkTime("run start time", startTime);
    if (options.tags?.[NAME_TAG] !== undefined && options.tags[NAME_TAG] !== name) {
      throw invalid(`tag ${NAME_TAG}`, options.tags[NAME_TAG], `equal to the run's name ${name}`);
    }
    return this.connection.transact(`createRun ${name}`, () => {
      const experiment = this.prepare<[number], { lifecycle: string }>(
        "SELECT lifecycle FROM experiments WHERE id = ?",
      ).get(options.experimentId);
      if (!experiment) {
        throw new StoreError("NOT_FOUND", `createRun: no experiment ${options.experimentId}`);
      }
      if (experiment.lifecycle !== "active") {
        const text = `createRun: experiment ${options.experimentId} is deleted`;
        throw new StoreError("DELETED", text);
      }
      if (this.prepare<[string]>("SELECT 1 FROM runs WHERE id = ?").get(id)) {
        throw new StoreError("EXISTS", `createRun: run ${id} exists`);
      }
      const serial = Number(
        this.prepare(
          `INSERT INTO runs (id, experiment, name, user, status, start_time)
           VALUES (?, ?, ?, ?, ?, ?)`,
        ).run(id, options.experimentId, name, user, status, startTime).lastInsertRowid,
      );
      insertParams(this.connection, { serial, id }, options.params ?? {});
      insertTags(this.connection, serial, { ...options.tags, [NAME_TAG]: name });
      return id;
    });
  }

  /** Once more with the same value is fine; another value is an error, and nothing is stored. */
  logParams(runId: string, params: Pairs<ParamValue>): void {
    this.logBatch(runId, { params });
  }

  /** Sets tags, replacing values; `mlflow.runName` renames the run. */
  setTags(runId: string, tags: Pairs): void {
    this.logBatch(runId, { tags });
  }

  deleteTag(runId: string, key: string): void {
    this.connection.transact(`deleteTag ${key}`, () => {
      const { serial } = this.#activeRun(runId);
      const { changes } = this.prepare<[number, string]>(
        "DELETE FROM tags WHERE run = ? AND key = ?",
      ).run(serial, key);
      if (changes === 0) throw new StoreError("NOT_FOUND", `run ${runId} has no tag ${key}`);
    });
  }

  /** Points of any keys. A point that is there already, in all four parts, is dropped. */
  logMetrics(runId: string, points: readonly NewPoint[]): void {
    this.connection.transact(`logMetrics of run ${runId}`, () =>
      this.#points.insert(this.#activeRun(runId), points, this.#now()),
    );
  }

  /** Params, tags and metrics in one transaction: with one at fault none is stored. */
  logBatch(runId: string, { params = {}, tags = {}, metrics = [] }: Batch): void {
    this.connection.transact(`logBatch of run ${runId}`, () => {
      const key = this.#activeRun(runId);
      insertParams(this.connection, { serial: key.serial, id: runId }, params);
      insertTags(this.connection, key.serial, tags);
      this.#points.insert(key, metrics, this.#now());
    });
  }

  /** Data sets the run reads. A data set known by (name, digest) keeps its first description. */
  logInputs(runId: string, inputs: readonly NewInput[]): void {
    this.connection.transact(`logInputs of run ${runId}`, () => {
      const run = this.#activeRun(runId);
      for (const input of inputs) insertInput(this.connection, run, input);
    });
  }

  /** Scores on tasks; the results of each query go into artifacts first. */
  logEvaluation(runId: string, rows: readonly NewEvaluation[]): void {
    for (const row of rows) checkEvaluation(row);
    this.#activeRun(runId);
    const paths = rows.map((row) => {
      if (!row.perQuery) return null;
      const path = perQueryPath(row);
      this.logArtifact(runId, path, perQueryText(row.perQuery));
      return path;
    });
    this.connection.transact(`logEvaluation of run ${runId}`, () => {
      const { serial } = this.#activeRun(runId);
      const insert = this.prepare(
        "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      );
      for (const [i, row] of rows.entries()) {
        insert.run(
          serial,
          row.benchmark ?? DEFAULT_BENCHMARK,
          row.task,
          row.split,
          row.metric,
          fromNumber(row.value),
          row.n,
          row.modality,
          row.metaTask,
          row.domain,
          row.kind,
          row.digest ?? null,
          paths[i],
        );
      }
    });
  }

  /** Copies the content to `<store>/artifacts/<run>/<path>` whole, then records its size and digest. */
  logArtifact(runId: string, path: string, source: ArtifactSource): Artifact {
    checkArtifactPath(path);
    this.#activeRun(runId);
    const { bytes, sha256 } = writeArtifact(this.artifactFolder(runId), path, source);
    const createdAt = this.#now();
    this.connection.transact(`logArtifact ${path} of run ${runId}`, () => {
      const { serial } = this.#activeRun(runId);
      this.prepare("INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?, ?)").run(
        serial,
        path,
        bytes,
        sha256,
        createdAt,
      );
    });
    return { path, bytes, sha256, createdAt };
  }

  updateRun(runId: string, { status, endTime, name }: RunUpdate): void {
    if (status !== undefined) checkStatus(status);
    if (name !== undefined) checkName("run name", name);
    if (typeof endTime === "number") checkTime("run end time", endTime);
    this.connection.transact(`updateRun ${runId}`, () => {
      const { serial } = this.#activeRun(runId);
      const set = (column: string, value: unknown): void => {
        this.prepare(`UPDATE runs SET ${column} = ? WHERE serial = ?`).run(value, serial);
      };
      if (status !== undefined) set("status", status);
      if (endTime !== undefined) set("end_time", endTime);
      if (name !== undefined) insertTags(this.connection, serial, { [NAME_TAG]: name });
    });
  }

  finishRun(runId: string, status: "FINISHED" | "FAILED" | "KILLED" = "FINISHED"): void {
    this.updateRun(runId, { status, endTime: this.#now() });
  }

  /** Marks a run as deleted: hidden and closed to records, nothing lost. */
  deleteRun(runId: string): void {
    this.connection.transact(`deleteRun ${runId}`, () => {
      const { serial } = this.runKey(runId);
      this.prepare(
        "UPDATE runs SET lifecycle = 'deleted', deleted_at = coalesce(deleted_at, ?) WHERE serial = ?",
      ).run(this.#now(), serial);
    });
  }

  restoreRun(runId: string): void {
    this.connection.transact(`restoreRun ${runId}`, () => {
      const { serial } = this.runKey(runId);
      this.prepare(
        `UPDATE runs SET lifecycle = 'active', deleted_at = NULL, deleted_with_experiment = 0
         WHERE serial = ?`,
      ).run(serial);
    });
  }

  /** Moves old points of at most `limit` long series into compact chunks; returns how many series. */
  seal(limit = 1): number {
    return sealLongSeries(this.connection, limit);
  }

  /** Seals all long series and rewrites the file without holes. Others wait meanwhile. */
  optimize(): void {
    optimizeFile(this.connection);
  }

  /** Takes deleted runs and experiments out for ever, with their artifacts. `optimize` frees the space. */
  gc(options: GcOptions = {}): GcResult {
    return collectGarbage(this.connection, join(this.folder, "artifacts"), this.#now(), options);
  }

  #activeRun(runId: string): RunKey {
    const key = this.runKey(runId);
    if (key.lifecycle === "active") return key;
    const text = `run ${runId} is deleted and takes no records; restore it first`;
    throw new StoreError("DELETED", text);
  }
}

function checkStatus(status: string): void {
  if (!STATUSES.includes(status)) throw invalid("run status", status, STATUSES.join(", "));
}
