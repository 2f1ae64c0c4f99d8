/** @file Metrics on their way to the store: buffered, in order, and each (key, step) at most once. */
import type { NewPoint, RunWriter } from "../tracking/index.ts";

const FLUSH_EVERY_MS = 500;

/**
 * Buffers a run's metrics and writes them at least twice a second, a step never in parts.
 *
 * A resumed run repeats steps whose metrics may be stored already. They would be the same to the bit,
 * so what a key already has up to its latest step is left as it is.
 */
export class MetricLog {
  readonly #store: RunWriter;
  readonly #runId: string;
  readonly #known: Map<string, number>;
  #buffer: NewPoint[] = [];
  #lastFlush = performance.now();

  constructor(store: RunWriter, runId: string) {
    this.#store = store;
    this.#runId = runId;
    this.#known = new Map(store.series(runId).map(({ key, latest }) => [key, latest.step]));
  }

  /** Values that are undefined have no meaning at this step (precision of an empty mask) and are left out. */
  log(step: number, metrics: Readonly<Record<string, number | undefined>>): void {
    const timestamp = Date.now();
    for (const [key, value] of Object.entries(metrics)) {
      if (value === undefined || step <= (this.#known.get(key) ?? -1)) continue;
      this.#buffer.push({ key, value, step, timestamp });
    }
    if (performance.now() - this.#lastFlush >= FLUSH_EVERY_MS) this.flush();
  }

  flush(): void {
    this.#lastFlush = performance.now();
    if (this.#buffer.length === 0) return;
    this.#store.logMetrics(this.#runId, this.#buffer);
    this.#buffer = [];
  }
}
