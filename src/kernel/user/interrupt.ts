/** @file Interrupts as the main thread sees them: rejected awaits, stopped loops, aborted signals. */
import type { Cells } from "./cells.ts";
import { SHARED } from "./messages.ts";

/** What an interrupt throws, under the name that Jupyter's front ends know. */
export class KeyboardInterrupt extends Error {
  override readonly name = "KeyboardInterrupt";

  constructor() {
    super("interrupted");
  }
}

/**
 * Stops what an interrupt is meant to stop: the running cell or, if none runs, everything that cells left behind.
 *
 * Each interrupt is thrown once, so that `finally` blocks may loop and await.
 */
export class Interrupts {
  readonly #cells: Cells;
  readonly #shared: Int32Array;

  constructor(cells: Cells, shared: Int32Array) {
    this.#cells = cells;
    this.#shared = shared;
  }

  /** Has an interrupt been asked for that nothing has stopped for yet? */
  get waiting(): boolean {
    return this.#shared[SHARED.asked] !== this.#shared[SHARED.taken];
  }

  /** Was this cell interrupted before it began? */
  meantFor(cell: number): boolean {
    return Atomics.load(this.#shared, SHARED.cell) === cell;
  }

  /** Rejects the awaits of what is to stop. Does nothing if this interrupt was taken before. */
  take(): KeyboardInterrupt | undefined {
    if (!this.waiting) return undefined;
    Atomics.store(this.#shared, SHARED.stop, 0);
    Atomics.store(this.#shared, SHARED.taken, Atomics.load(this.#shared, SHARED.asked));
    const reason = new KeyboardInterrupt();
    const { running } = this.#cells;
    for (const cell of running ? [running] : [...this.#cells.all()]) {
      const waits = [...cell.waits];
      cell.waits.clear();
      for (const reject of waits) reject(reason);
      cell.abort.abort(reason);
    }
    return reason;
  }

  /** The names that instrumented code calls (src/kernel/transform/instrument.ts). */
  globals(): Record<string, unknown> {
    const shared = this.#shared;
    const cells = this.#cells;
    const interrupted = (): void => {
      throw this.take() ?? new KeyboardInterrupt();
    };
    const wait = (value: unknown): unknown => {
      if (shared[SHARED.stop] !== 0) interrupted();
      if (!isThenable(value)) return value;
      const { waits } = cells.current;
      return new Promise((resolve, reject) => {
        waits.add(reject);
        value.then(
          (result) => {
            waits.delete(reject);
            resolve(result);
          },
          (reason: unknown) => {
            waits.delete(reject);
            reject(reason);
          },
        );
      });
    };
    return {
      __rzStop: shared,
      __rzInterrupted: interrupted,
      __rzAwait: wait,
      __rzEach: (iterable: AsyncIterable<unknown> | Iterable<unknown>) => stoppable(iterable, wait),
    };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** `for await` over it can be interrupted between and during steps. */
function stoppable(
  iterable: AsyncIterable<unknown, unknown, unknown> | Iterable<unknown>,
  wait: (value: unknown) => unknown,
): unknown {
  const make = (iterable as AsyncIterable<unknown, unknown, unknown> | undefined | null)?.[
    Symbol.asyncIterator
  ];
  // Anything else is left to the language: its own iteration protocol, its own error.
  if (typeof make !== "function") return iterable;
  return {
    [Symbol.asyncIterator]() {
      const iterator = make.call(iterable);
      return {
        next: (value?: unknown) => wait(iterator.next(value)),
        ...(iterator.return ? { return: (value?: unknown) => iterator.return!(value) } : {}),
        ...(iterator.throw ? { throw: (error?: unknown) => iterator.throw!(error) } : {}),
      };
    },
  };
}
