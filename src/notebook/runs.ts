/** @file `runs`: what the store holds, as values and as a table. */
import type { Condition, Order, Run } from "../tracking/index.ts";
import { RunReader } from "../tracking/index.ts";
import { DISPLAY } from "./bundle.ts";
import { homeFolder, placesOf, runAddress } from "./places.ts";
import { table } from "./table.ts";

export type RunFilter = {
  /** Experiment's name. */
  readonly experiment?: string;
  readonly where?: Condition;
  readonly orderBy?: readonly Order[];
  /** Default 100. */
  readonly limit?: number;
  /** Where runs lie; default as `homeFolder` finds it. */
  readonly home?: string;
};

/**
 * Stored runs, newest first; as a cell's result a table with their addresses.
 *
 *     runs("notebook")
 *     runs({ where: { param: "loss.alpha", is: ">", value: 0 }, limit: 10 })
 */
export function runs(filter: RunFilter | string = {}): Run[] {
  const {
    experiment,
    home,
    limit = 100,
    ...search
  } = typeof filter === "string" ? { experiment: filter } : filter;
  const found = withStore(home, (store) =>
    store.searchRuns({
      ...search,
      limit,
      ...(experiment === undefined ? {} : { experimentIds: [store.experiment(experiment).id] }),
    }),
  );
  const shown = (): unknown =>
    table(
      found.map(({ id, name, status, metrics }) => ({
        name,
        status,
        "test/overall": metrics["test/overall"] ?? null,
        run: runAddress(id, home),
      })),
    ).bundle();
  return Object.defineProperty(found, DISPLAY, { value: shown });
}

/** Opens the store for reading and closes it whatever happens. */
export function withStore<T>(home: string | undefined, read: (store: RunReader) => T): T {
  const store = RunReader.open(placesOf(home ?? homeFolder()).store);
  try {
    return read(store);
  } finally {
    store.close();
  }
}
