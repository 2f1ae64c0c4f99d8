/** @file A run's metrics without waiting: points are buffered and stored by group commit. */
import { StoreError } from "./error.ts";
import type { DatasetRef, NewPoint } from "./types.ts";
import { checkKey, checkPoint, invalid } from "./validate.ts";
import type { RunWriter } from "./writer.ts";

export type MetricLoggerOptions = {
  /** A point is on disk at most this long after `log`, as long as the event loop turns. Default 500. */
  readonly flushMs?: number;
  /** Told when a commit in the background fails; the points stay and are tried again. */
  readonly onError?: (error: unknown) => void;
  /** Points kept while the store cannot be written. One more makes `log` throw. Default 1,000,000. */
  readonly maxBuffered?: number;
};

const COMMIT_POINTS = 10_000;

/** Loggers that still hold points when the process exits are flushed by one listener. */
const open = new Set<MetricLogger>();

/**
 * Buffers a run's points. `log` costs the caller about a microsecond and does not fail because the
 * disk is full or another process holds the lock: training goes on, and the points are tried again.
 *
 *     using metrics = new MetricLogger(store, run.id);
 *     metrics.log("loss", 0.7, step);
 *     metrics.flush(); // everything logged so far is on disk when this returns
 */
export class MetricLogger implements Disposable {
  readonly #writer: RunWriter;
  readonly #runId: string;
  readonly #flushMs: number;
  readonly #maxBuffered: number;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #keys = new Set<string>();
  #points: NewPoint[] = [];
  #timer: NodeJS.Timeout | undefined;
  #oldest = 0;
  #closed = false;

  constructor(
    writer: RunWriter,
    runId: string,
    { flushMs = 500, maxBuffered = 1_000_000, onError }: MetricLoggerOptions = {},
  ) {
    if (!(flushMs >= 0 && flushMs <= 1_000)) {
      throw invalid("MetricLogger: flushMs", flushMs, "from 0 to 1000");
    }
    writer.run(runId); // a wrong id fails here, not in the background
    this.#writer = writer;
    this.#runId = runId;
    this.#flushMs = flushMs;
    this.#maxBuffered = maxBuffered;
    this.#onError = onError;
    if (open.size === 0) process.once("exit", flushAll);
    open.add(this);
  }

  /** Points that are not on disk yet. */
  get pending(): number {
    return this.#points.length;
  }

  /** A wrong key, value or step throws here, where it was logged. */
  log(key: string, value: number, step = 0, dataset?: DatasetRef): void {
    if (this.#closed) throw new StoreError("INVALID", `MetricLogger: log(${key}) after close`);
    if (!this.#keys.has(key)) {
      checkKey("metric", key);
      this.#keys.add(key);
    }
    const timestamp = Date.now();
    const point = dataset
      ? { key, value, step, timestamp, dataset }
      : { key, value, step, timestamp };
    checkPoint(point);
    if (this.#points.length >= this.#maxBuffered) {
      const text = `MetricLogger: ${this.#points.length} points of run ${this.#runId} wait and the store cannot be written`;
      throw new StoreError("FULL", text);
    }
    if (this.#points.length === 0) this.#oldest = timestamp;
    this.#points.push(point);
    this.#timer ??= setTimeout(() => this.#flushQuietly(), this.#flushMs);
    // A loop that never yields would keep the timer waiting for ever.
    if (timestamp - this.#oldest >= this.#flushMs) this.#flushQuietly();
  }

  /** Several metrics of one step. */
  logAll(metrics: Readonly<Record<string, number>>, step: number): void {
    for (const [key, value] of Object.entries(metrics)) this.log(key, value, step);
  }

  /** Everything logged so far is on disk when this returns, or it throws and keeps the points. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      while (this.#points.length > 0) {
        const chunk = this.#points.slice(0, COMMIT_POINTS);
        this.#writer.logMetrics(this.#runId, chunk);
        this.#points = this.#points.slice(chunk.length);
      }
    } catch (error) {
      this.#oldest = Date.now(); // try again after another flushMs, not at every point
      this.#timer = setTimeout(() => this.#flushQuietly(), this.#flushMs).unref();
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    open.delete(this);
    if (open.size === 0) process.removeListener("exit", flushAll);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #flushQuietly(): void {
    try {
      this.flush();
    } catch (error) {
      this.#onError?.(error);
    }
  }
}

function flushAll(): void {
  for (const logger of open) {
    try {
      logger.flush();
    } catch (error) {
      process.stderr.write(
        `rzenlab: ${logger.pending} metric points lost at exit: ${String(error)}\n`,
      );
    }
  }
}
