/** @file A run's metrics on their way to the store, each (key, step) at most once. */
import { MetricLogger } from "../tracking/index.ts";
import type { RunWriter } from "../tracking/index.ts";

/**
 * The store's logger for a run that may have been cut off. A resumed run repeats steps whose metrics
 * are stored already; they would be the same to the bit, so what a key has up to its latest step is
 * left as it is.
 */
export class MetricLog implements Disposable {
  readonly #logger: MetricLogger;
  readonly #known: ReadonlyMap<string, number>;

  constructor(store: RunWriter, runId: string) {
    this.#logger = new MetricLogger(store, runId);
    this.#known = new Map(store.series(runId).map(({ key, latest }) => [key, latest.step]));
  }

  /** Values that are undefined have no meaning at this step (precision of an empty mask) and are left out. */
  log(step: number, metrics: Readonly<Record<string, number | undefined>>): void {
    for (const [key, value] of Object.entries(metrics)) {
      if (value === undefined || step <= (this.#known.get(key) ?? -1)) continue;
      this.#logger.log(key, value, step);
    }
  }

  /** Everything logged is on disk when this returns. */
  flush(): void {
    this.#logger.flush();
  }

  [Symbol.dispose](): void {
    this.#logger.close();
  }
}
