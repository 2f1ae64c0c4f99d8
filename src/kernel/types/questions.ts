/** @file One question to the language server at a time: first what a person waits for, then what is asked in passing. */

/** Cells run faster than they are checked; of those that wait, so many of the latest are. */
const MAX_WAITING = 64;

type Question = { readonly ask: () => Promise<void>; readonly drop: () => void };

export class Questions {
  readonly #urgent: Question[] = [];
  readonly #passing: Question[] = [];
  #busy = false;

  /** Asks before everything that was asked in passing. */
  ask<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    return this.#queue(this.#urgent, work) as Promise<Answer>;
  }

  /** Asks when nothing else is; gives nothing if too many were asked after it meanwhile. */
  askInPassing<Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> {
    const answer = this.#queue(this.#passing, work);
    if (this.#passing.length > MAX_WAITING) this.#passing.shift()!.drop();
    return answer;
  }

  #queue<Answer>(queue: Question[], work: () => Promise<Answer>): Promise<Answer | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | undefined>();
    const ask = (): Promise<void> => work().then(resolve, reject);
    queue.push({ ask, drop: () => resolve(undefined) });
    if (!this.#busy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) await next.ask();
    this.#busy = false;
  }

  #next(): Question | undefined {
    return this.#urgent.shift() ?? this.#passing.shift();
  }
}
