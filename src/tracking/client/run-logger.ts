/** @file A run on a server, logged to without waiting. */
import { StoreError } from "../error.ts";
import type { DatasetRef, NewPoint, ParamValue } from "../types.ts";
import { checkKey, checkPoint, checkTag, invalid, paramText } from "../validate.ts";
import { type Http, TrackingApiError } from "./http.ts";
import type { Spool, SpooledBatch, SpooledPoint } from "./spool.ts";
import { keyValues, metricValue } from "./wire.ts";

export type RunLoggerOptions = {
  /** A point is sent at most this long after it was logged. Default 500. */
  readonly flushMs?: number;
  /** Told of what failed in the background: an absent server (nothing is lost), a refused record. */
  readonly onError?: (error: unknown) => void;
};

const BATCH_POINTS = 1_000;
const BATCH_PAIRS = 100;
const LONGEST_WAIT_MS = 30_000;

/** Loggers that still hold records when the process exits write them to the spool. */
const open = new Set<RunLogger>();

/**
 * Buffers what is logged to one run and sends it in batches. `log` costs about a microsecond and
 * never waits: while the server is away, and in a loop that never yields, records go to the spool on
 * disk and are sent when the server is back, by this process or by the next.
 */
export class RunLogger {
  readonly runId: string;
  readonly #http: Http;
  readonly #spool: Spool;
  readonly #flushMs: number;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #keys = new Set<string>();
  #points: SpooledPoint[] = [];
  #params: Record<string, string> = {};
  #tags: Record<string, string> = {};
  #oldest = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  /** Use `TrackingClient.startRun` or `.resumeRun`. */
  constructor(http: Http, spool: Spool, runId: string, options: RunLoggerOptions = {}) {
    const { flushMs = 500, onError } = options;
    if (!(flushMs >= 0 && flushMs <= 10_000)) {
      throw invalid("RunLogger: flushMs", flushMs, "from 0 to 10000");
    }
    this.runId = runId;
    this.#http = http;
    this.#spool = spool;
    this.#flushMs = flushMs;
    this.#onError = onError;
    if (open.size === 0) process.once("exit", spoolAll);
    open.add(this);
  }

  /** Records in memory, neither sent nor on disk. */
  get pending(): number {
    return this.#points.length + Object.keys(this.#params).length + Object.keys(this.#tags).length;
  }

  /** A wrong key, value or step throws here, where it was logged. */
  log(key: string, value: number, step = 0, dataset?: DatasetRef): void {
    const timestamp = Date.now();
    this.logAt(
      dataset ? { key, value, step, timestamp, dataset } : { key, value, step, timestamp },
    );
  }

  /** A point with a time of its own. */
  logAt(point: NewPoint): void {
    const { key, step = 0, timestamp = Date.now(), dataset } = point;
    if (!this.#keys.has(key)) {
      checkKey("metric", key);
      this.#keys.add(key);
    }
    checkPoint(point);
    const value = metricValue(point.value);
    this.#points.push(
      dataset ? { key, value, step, timestamp, dataset } : { key, value, step, timestamp },
    );
    this.#noteWaiting();
  }

  /** Several metrics of one step. */
  logAll(metrics: Readonly<Record<string, number>>, step: number): void {
    for (const [key, value] of Object.entries(metrics)) this.log(key, value, step);
  }

  logParams(params: Readonly<Record<string, ParamValue>>): void {
    for (const [key, value] of Object.entries(params)) this.#params[key] = paramText(key, value);
    this.#noteWaiting();
  }

  setTags(tags: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(tags)) {
      checkTag(key, value);
      this.#tags[key] = value;
    }
    this.#noteWaiting();
  }

  /** The server has everything logged so far when this resolves; else it fails and the spool has it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#sending) await this.#sending.catch(() => undefined);
    if (this.pending === 0 && !this.#spool.has(this.runId)) return;
    this.#sending = this.#send().finally(() => (this.#sending = undefined));
    await this.#sending;
  }

  /** Flushes; a closed logger takes no more records. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    open.delete(this);
    if (open.size === 0) process.removeListener("exit", spoolAll);
  }

  /** Moves what is in memory to disk, at once. */
  spool(): void {
    const batches = this.#take();
    for (const [i, batch] of batches.entries()) {
      try {
        this.#spool.append(this.runId, batch);
      } catch (error) {
        this.#putBack(batches.slice(i));
        throw error;
      }
    }
  }

  #noteWaiting(): void {
    const now = Date.now();
    if (this.#closed) {
      throw new StoreError("INVALID", `run ${this.runId}: logged to after close`);
    }
    if (this.#oldest === 0) this.#oldest = now;
    if (this.#timer === undefined && this.#sending === undefined) this.#schedule(this.#flushMs);
    // A loop that never yields lets no request out, and a kill would lose what is in memory.
    if (now - this.#oldest > 2 * this.#flushMs + 1_000) this.#spoolQuietly();
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.flush().catch((error: unknown) => this.#onError?.(error));
    }, ms);
    if (this.#failures > 0) this.#timer.unref(); // an absent server must not keep the process
  }

  #spoolQuietly(): void {
    try {
      this.spool();
    } catch (error) {
      this.#oldest = Date.now(); // the points stay in memory; not again at every point
      this.#onError?.(error);
    }
  }

  async #send(): Promise<void> {
    const refused: unknown[] = [];
    try {
      for (const { runId, file } of this.#spool.waiting()) {
        if (runId !== this.runId) continue;
        refused.push(...(await replayFile(this.#http, this.#spool, runId, file)));
      }
      const batches = this.#take();
      for (const [i, batch] of batches.entries()) {
        try {
          refused.push(...(await sendOrReject(this.#http, this.#spool, this.runId, batch)));
        } catch (error) {
          this.#putBack(batches.slice(i));
          throw error;
        }
      }
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#spoolQuietly();
      this.#schedule(Math.min(LONGEST_WAIT_MS, this.#flushMs * 2 ** Math.min(this.#failures, 10)));
      throw error;
    }
    if (refused.length > 0) throw refused[0];
  }

  /** In front of what was logged meanwhile, which wins where it is about the same key. */
  #putBack(batches: readonly SpooledBatch[]): void {
    this.#points = [...batches.flatMap(({ metrics = [] }) => metrics), ...this.#points];
    this.#params = Object.assign({}, ...batches.map(({ params }) => params), this.#params);
    this.#tags = Object.assign({}, ...batches.map(({ tags }) => tags), this.#tags);
  }

  /** What waits, as batches of legal size: params and tags first, since metrics never fail on them. */
  #take(): SpooledBatch[] {
    const pairs = [
      ...chunks(Object.entries(this.#params), BATCH_PAIRS).map((params) => ({
        params: Object.fromEntries(params),
      })),
      ...chunks(Object.entries(this.#tags), BATCH_PAIRS).map((tags) => ({
        tags: Object.fromEntries(tags),
      })),
    ];
    const points = chunks(this.#points, BATCH_POINTS).map((metrics) => ({ metrics }));
    this.#points = [];
    this.#params = {};
    this.#tags = {};
    this.#oldest = 0;
    return [...pairs, ...points];
  }
}

/**
 * Sends a spooled file and removes it; where the server is away it fails and the file stays.
 *
 * @returns errors of batches that the server refuses for good
 */
export async function replayFile(
  http: Http,
  spool: Spool,
  runId: string,
  file: string,
): Promise<TrackingApiError[]> {
  const refused: TrackingApiError[] = [];
  for (const batch of spool.read(file)) {
    refused.push(...(await sendOrReject(http, spool, runId, batch)));
  }
  spool.remove(file);
  return refused;
}

/** A batch that is refused for good is put aside: it must not stop those behind it. */
async function sendOrReject(
  http: Http,
  spool: Spool,
  runId: string,
  batch: SpooledBatch,
): Promise<TrackingApiError[]> {
  try {
    await sendBatch(http, runId, batch);
    return [];
  } catch (error) {
    if (!(error instanceof TrackingApiError) || error.passing) throw error;
    if (error.status === 401 || error.status === 403) throw error; // credentials can be mended
    const text = `${error.message}; kept in ${spool.reject(runId, batch)}`;
    return [new TrackingApiError(error.status, error.errorCode, text, { cause: error })];
  }
}

async function sendBatch(http: Http, runId: string, batch: SpooledBatch): Promise<void> {
  const metrics = (batch.metrics ?? []).map(({ dataset, ...point }) =>
    dataset ? { ...point, dataset_name: dataset.name, dataset_digest: dataset.digest } : point,
  );
  const body = {
    run_id: runId,
    metrics,
    params: keyValues(batch.params ?? {}),
    tags: keyValues(batch.tags ?? {}),
  };
  // The spool is the second try: the next flush must not wait behind this one.
  await http.post("/runs/log-batch", body, 1);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += size) result.push(items.slice(at, at + size));
  return result;
}

function spoolAll(): void {
  for (const logger of open) {
    if (logger.pending === 0) continue;
    try {
      logger.spool();
    } catch (error) {
      process.stderr.write(`rzenlab: ${logger.pending} records lost at exit: ${String(error)}\n`);
    }
  }
}
