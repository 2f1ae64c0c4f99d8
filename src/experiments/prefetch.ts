/** @file Prepares the next batch while the worker computes on this one. */

/** Makes batches one after another; never called again before it has answered. */
export interface Source<B> {
  /** The next batch; its work on the main thread must be cut into pieces that await. */
  next(): Promise<B>;
}

/**
 * One batch ahead of the consumer: `next()` hands out what is ready and starts on the following one,
 * so that host work overlaps with the step in the worker thread. A batch must carry all state that a
 * checkpoint needs, for the source itself is already further on.
 */
export class Prefetcher<B> implements Source<B> {
  readonly #source: Source<B>;
  #ahead: Promise<B> | undefined;

  constructor(source: Source<B>) {
    this.#source = source;
  }

  async next(): Promise<B> {
    const batch = await (this.#ahead ?? this.#source.next());
    this.#ahead = this.#source.next();
    // The consumer sees a failure when it asks for that batch; until then it is not unhandled.
    this.#ahead.catch(() => undefined);
    return batch;
  }

  /** Waits for the batch under way, so that nothing runs on after a stop. */
  async settle(): Promise<void> {
    await this.#ahead?.catch(() => undefined);
    this.#ahead = undefined;
  }
}
