/** @file Group commit: the writes of many requests in one transaction, answered once it is on disk. */
import type { Connection } from "../database.ts";

type Job = {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};

const MAX_JOBS = 1_000;

/** One fsync serves all requests that came in while the last one ran, and while they were read. */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #onCommit: () => void;
  #jobs: Job[] = [];

  constructor(connection: Connection, onCommit: () => void) {
    this.#connection = connection;
    this.#onCommit = onCommit;
  }

  /** Resolves after the commit. `work` stores all or, on an error, nothing, whatever the others do. */
  write<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#jobs.length === 0) setImmediate(() => this.#gather(1));
    this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
    return promise;
  }

  /** Waits as long as each turn of the event loop brings further writes: their clients wait anyway. */
  #gather(known: number): void {
    const waiting = this.#jobs.length;
    if (waiting > known && waiting < MAX_JOBS) setImmediate(() => this.#gather(waiting));
    else this.#commit();
  }

  #commit(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    const answers: (() => void)[] = [];
    const run = ({ work, resolve, reject }: Job): void => {
      try {
        const result = this.#connection.transact("commit", work);
        answers.push(() => resolve(result));
      } catch (error) {
        // With others in the same transaction: either this part was undone, or SQLite gave all of it up.
        if (jobs.length > 1 && !this.#connection.sql.inTransaction) throw error;
        answers.push(() => reject(error));
      }
    };
    try {
      if (jobs.length === 1) run(jobs[0]!);
      else {
        this.#connection.transact("commit", () => {
          answers.length = 0; // the transaction may start over
          for (const job of jobs) run(job);
        });
      }
    } catch (error) {
      for (const { reject } of jobs) reject(error);
      return;
    }
    for (const answer of answers) answer();
    this.#onCommit();
  }
}
