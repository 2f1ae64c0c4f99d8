/** @file Group commit: the writes of many requests in one transaction, answered once it is on disk. */
import type { Connection } from "../database.ts";

type Job = {
  readonly work: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** One fsync serves all requests that came in while the last one ran. */
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
    if (this.#jobs.length === 0) setImmediate(() => this.#commit());
    this.#jobs.push({ work, resolve: resolve as (result: unknown) => void, reject });
    return promise;
  }

  #commit(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    const answers: (() => void)[] = [];
    try {
      this.#connection.transact("commit", () => {
        answers.length = 0; // the transaction may start over
        for (const { work, resolve, reject } of jobs) {
          try {
            const result = this.#connection.transact("commit", work);
            answers.push(() => resolve(result));
          } catch (error) {
            if (!this.#connection.sql.inTransaction) throw error; // SQLite gave all of it up
            answers.push(() => reject(error));
          }
        }
      });
    } catch (error) {
      for (const { reject } of jobs) reject(error);
      return;
    }
    for (const answer of answers) answer();
    this.#onCommit();
  }
}
