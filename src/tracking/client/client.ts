/** @file A client of any server that speaks MLflow's REST API 2.0, ours and MLflow's own alike. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { checkArtifactPath } from "../artifacts.ts";
import type { Dataset, NewEvaluation, ParamValue, Point, RunStatus } from "../types.ts";
import { checkEvaluation, DEFAULT_BENCHMARK, perQueryPath, perQueryText } from "../evaluations.ts";
import { metricKey } from "../validate.ts";
import { Http, type HttpOptions, TrackingApiError } from "./http.ts";
import { replayFile, RunLogger, type RunLoggerOptions } from "./run-logger.ts";
import { Spool } from "./spool.ts";
import {
  keyValues,
  list,
  object,
  type RemoteExperiment,
  type RemoteRun,
  toExperiment,
  toPoint,
  toRun,
} from "./wire.ts";

export type TrackingClientOptions = HttpOptions &
  RunLoggerOptions & {
    /** Where records wait while the server is away. Default `~/.cache/rzenlab/spool`. */
    readonly spoolFolder?: string;
  };

export type StartRun = {
  /** By name, made where there is none. */
  readonly experiment: string;
  readonly name?: string;
  readonly params?: Readonly<Record<string, ParamValue>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly startTime?: number;
  /** Makes the run a child in MLflow's sense. */
  readonly parentRunId?: string;
};

export type RemoteSearch = {
  readonly experimentIds: readonly string[];
  /** MLflow's grammar: `metrics.loss < 0.1 AND params.seed = '1'`. */
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly view?: "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";
  /** All when left out. */
  readonly limit?: number;
};

export type RemoteFile = {
  readonly path: string;
  readonly isFolder: boolean;
  readonly bytes: number | null;
};

const PAGE = 1_000;
const HISTORY_PAGE = 25_000;
const PROXIED = "mlflow-artifacts:";

/**
 *     const client = new TrackingClient("http://127.0.0.1:5000");
 *     const run = await client.startRun({ experiment: "ablation", params: { seed: 1 } });
 *     run.log("loss", 0.7, 1); // never waits, never fails because the server is away
 *     await client.finishRun(run);
 */
export class TrackingClient {
  readonly #http: Http;
  readonly #spool: Spool;
  readonly #options: RunLoggerOptions;

  constructor(address: string, options: TrackingClientOptions = {}) {
    this.#http = new Http(address, options);
    this.#spool = new Spool(
      join(
        options.spoolFolder ?? join(homedir(), ".cache", "rzenlab", "spool"),
        encodeURIComponent(this.#http.base), // runs of another server are not ours to send
      ),
    );
    this.#options = options;
  }

  /** Id of the experiment with this name, made if there is none. */
  async experimentId(name: string): Promise<string> {
    const found = await this.experiment(name);
    if (found) return found.id;
    try {
      const made = object(await this.#http.post("/experiments/create", { name }));
      return String(made["experiment_id"]);
    } catch (error) {
      if (!isApiError(error, "RESOURCE_ALREADY_EXISTS")) throw error;
      const other = await this.experiment(name); // someone made it meanwhile, or it is deleted
      if (other?.lifecycle === "active") return other.id;
      throw error;
    }
  }

  /** Undefined where no active experiment has the name. */
  async experiment(name: string): Promise<RemoteExperiment | undefined> {
    try {
      const answer = await this.#http.get("/experiments/get-by-name", { experiment_name: name });
      return toExperiment(object(object(answer)["experiment"]));
    } catch (error) {
      if (isApiError(error, "RESOURCE_DOES_NOT_EXIST")) return undefined;
      throw error;
    }
  }

  /** Makes a run and returns its logger. */
  async startRun(options: StartRun): Promise<RunLogger> {
    const { name, params = {}, startTime = Date.now(), parentRunId } = options;
    const tags = {
      ...options.tags,
      ...(parentRunId === undefined ? {} : { "mlflow.parentRunId": parentRunId }),
    };
    const answer = await this.#http.post("/runs/create", {
      experiment_id: await this.experimentId(options.experiment),
      start_time: startTime,
      ...(name === undefined ? {} : { run_name: name }),
      tags: keyValues(tags),
    });
    const logger = this.resumeRun(toRun(object(object(answer)["run"])).id);
    logger.logParams(params);
    return logger;
  }

  /** A logger for a run that is there already. */
  resumeRun(runId: string): RunLogger {
    return new RunLogger(this.#http, this.#spool, runId, this.#options);
  }

  /** Sends what is left of the run, then ends it. */
  async finishRun(
    run: RunLogger,
    status: Extract<RunStatus, "FINISHED" | "FAILED" | "KILLED"> = "FINISHED",
  ): Promise<void> {
    await run.close();
    await this.setStatus(run.runId, status, Date.now());
  }

  async setStatus(runId: string, status: RunStatus, endTime: number | null): Promise<void> {
    const end = endTime === null ? {} : { end_time: endTime };
    await this.#http.post("/runs/update", { run_id: runId, status, ...end });
  }

  async run(runId: string): Promise<RemoteRun> {
    const answer = await this.#http.get("/runs/get", { run_id: runId });
    return toRun(object(object(answer)["run"]));
  }

  async deleteRun(runId: string): Promise<void> {
    await this.#http.post("/runs/delete", { run_id: runId });
  }

  async restoreRun(runId: string): Promise<void> {
    await this.#http.post("/runs/restore", { run_id: runId });
  }

  /** Runs page by page, as they are asked for. */
  async *searchRuns(search: RemoteSearch): AsyncGenerator<RemoteRun> {
    let left = search.limit ?? Infinity;
    let token: unknown;
    do {
      const answer = object(
        await this.#http.post("/runs/search", {
          experiment_ids: search.experimentIds,
          filter: search.filter ?? "",
          run_view_type: search.view ?? "ACTIVE_ONLY",
          max_results: Math.min(PAGE, left),
          order_by: search.orderBy ?? [],
          ...(token === undefined ? {} : { page_token: token }),
        }),
      );
      const runs = list(answer["runs"]).map(toRun);
      left -= runs.length;
      yield* runs;
      token = runs.length === 0 ? undefined : answer["next_page_token"];
    } while (token !== undefined && token !== "" && left > 0);
  }

  /** All points of one series, by time. */
  async history(runId: string, key: string): Promise<Point[]> {
    const points: Point[] = [];
    let token: string | undefined;
    do {
      const query = { run_id: runId, metric_key: key, max_results: HISTORY_PAGE };
      const answer = object(
        await this.#http.get("/metrics/get-history", { ...query, page_token: token }),
      );
      for (const one of list(answer["metrics"])) points.push(toPoint(one));
      const next = answer["next_page_token"];
      token = typeof next === "string" && next !== "" && next !== token ? next : undefined;
    } while (token !== undefined);
    return points;
  }

  /** Data sets the run reads. */
  async logInputs(
    runId: string,
    inputs: readonly { readonly dataset: Dataset; readonly context?: string }[],
  ): Promise<void> {
    const datasets = inputs.map(({ dataset, context }) => ({
      tags: context === undefined ? [] : [{ key: "mlflow.data.context", value: context }],
      dataset: {
        name: dataset.name,
        digest: dataset.digest,
        source_type: dataset.sourceType ?? "local",
        source: dataset.source ?? "{}",
        ...(dataset.schema === undefined ? {} : { schema: dataset.schema }),
        ...(dataset.profile === undefined ? {} : { profile: dataset.profile }),
      },
    }));
    await this.#http.post("/runs/log-inputs", { run_id: runId, datasets });
  }

  /**
   * Scores on tasks in MLflow's own slot for them: a metric on a data set. The results of each query
   * become artifacts, at the paths our store uses.
   */
  async logEvaluation(run: RunLogger, rows: readonly NewEvaluation[]): Promise<void> {
    for (const row of rows) checkEvaluation(row);
    for (const row of rows) {
      const key = metricKey(`${row.benchmark ?? DEFAULT_BENCHMARK}/${row.task}/${row.metric}`);
      run.log(key, row.value, 0, {
        name: row.task,
        digest: (row.digest ?? row.split).slice(0, 36),
      });
      if (row.perQuery)
        await this.logArtifact(run.runId, perQueryPath(row), perQueryText(row.perQuery));
    }
    await run.flush();
  }

  /** Stores a file with the run, through the server. */
  async logArtifact(
    runId: string,
    path: string,
    source: Uint8Array | string | { readonly file: string },
  ): Promise<void> {
    checkArtifactPath(path);
    const body =
      typeof source === "object" && "file" in source ? readFileSync(source.file) : source;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    await this.#http.request("PUT", await this.#artifact(runId, path), {
      body: bytes,
      type: "application/octet-stream",
    });
  }

  /** Files and folders right below `path`. */
  async artifacts(runId: string, path?: string): Promise<RemoteFile[]> {
    const answer = object(await this.#http.get("/artifacts/list", { run_id: runId, path }));
    return list(answer["files"]).map((file) => ({
      path: String(file["path"]),
      isFolder: file["is_dir"] === true,
      bytes: file["file_size"] === undefined ? null : Number(file["file_size"]),
    }));
  }

  async readArtifact(runId: string, path: string): Promise<Buffer> {
    checkArtifactPath(path);
    const answer = await this.#http.request("GET", await this.#artifact(runId, path));
    return Buffer.from(await answer.arrayBuffer());
  }

  /**
   * Sends what processes that are gone left in the spool, of any run.
   *
   * @returns the number of files sent, and errors of records that the server refuses for good
   */
  async replay(): Promise<{
    readonly files: number;
    readonly refused: readonly TrackingApiError[];
  }> {
    const waiting = this.#spool.waiting();
    const refused: TrackingApiError[] = [];
    for (const { runId, file } of waiting) {
      refused.push(...(await replayFile(this.#http, this.#spool, runId, file)));
    }
    return { files: waiting.length, refused };
  }

  async #artifact(runId: string, path: string): Promise<string> {
    const { artifactUri } = await this.run(runId);
    const legal = path.split("/").map(encodeURIComponent).join("/");
    if (!artifactUri.startsWith(PROXIED)) {
      const text = `run ${runId}: artifacts lie at ${artifactUri}, which the server does not pass on (it needs --serve-artifacts)`;
      throw new TrackingApiError(0, "NOT_IMPLEMENTED", text);
    }
    // mlflow-artifacts:/path or mlflow-artifacts://host:port/path
    const root = artifactUri
      .slice(PROXIED.length)
      .replace(/^\/\/[^/]*/, "")
      .replace(/^\/+/, "");
    return `/api/2.0/mlflow-artifacts/artifacts/${root}/${legal}`;
  }
}

function isApiError(error: unknown, code: string): boolean {
  return error instanceof TrackingApiError && error.errorCode === code;
}
