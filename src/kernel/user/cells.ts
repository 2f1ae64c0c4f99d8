/** @file Which cell the running code belongs to, also after awaits and in timers. */
import { AsyncLocalStorage } from "node:async_hooks";

/** One run of a cell. */
export type CellRun = {
  readonly id: number;
  readonly count: number;
  /** Same for every run of the same cell of the notebook. */
  readonly key: string;
  readonly cellId: string | undefined;
  /** Aborted by an interrupt, for library code that takes a signal. */
  readonly abort: AbortController;
  /** Rejects of the awaits it is in. */
  readonly waits: Set<(reason: unknown) => void>;
  /** What `using` at its top level declared, disposed when the cell ends. */
  readonly disposables: AsyncDisposableStack;
  /** Displays that are still being made. */
  readonly displays: Set<Promise<void>>;
};

type CellName = Pick<CellRun, "id" | "count" | "key" | "cellId">;

export class Cells {
  readonly #storage = new AsyncLocalStorage<CellRun>();
  readonly #live = new Set<WeakRef<CellRun>>();
  /** The cell being executed, if any. */
  running: CellRun | undefined;
  #last: CellRun;

  constructor() {
    this.#last = this.#make({ id: 0, count: 0, key: "", cellId: undefined });
  }

  #make(cell: CellName): CellRun {
    const run: CellRun = {
      ...cell,
      abort: new AbortController(),
      waits: new Set(),
      disposables: new AsyncDisposableStack(),
      displays: new Set(),
    };
    for (const ref of this.#live) if (ref.deref() === undefined) this.#live.delete(ref);
    this.#live.add(new WeakRef(run));
    return run;
  }

  /** Runs `work` as `cell`; whatever it starts belongs to that cell for good. */
  start<T>(cell: CellName, work: (run: CellRun) => T): T {
    const run = this.#make(cell);
    this.running = run;
    this.#last = run;
    return this.#storage.run(run, work, run);
  }

  finish(run: CellRun): void {
    if (this.running === run) this.running = undefined;
  }

  /** The cell that the calling code belongs to; of code that lost its way, the latest. */
  get current(): CellRun {
    return this.#storage.getStore() ?? this.#last;
  }

  /** Cells of which something may still be going on. */
  *all(): Iterable<CellRun> {
    for (const ref of this.#live) {
      const run = ref.deref();
      if (run !== undefined) yield run;
    }
  }
}
