/** @file Which runs a view shows, and in which order: worked out once for each view of a store that hasn't changed. */
import type { RunReader } from "../../tracking/index.ts";
import { findRuns } from "../../tracking/search/index.ts";
import { decodeRuns } from "../run-code.ts";
import { versionOf } from "./live.ts";
import { columnValues } from "./run-rows.ts";
import type { RunChoice } from "./types.ts";

/** Views whose order is kept. */
const KEPT = 16;

/** Serial numbers in order, and where groups end. */
type Order = { readonly serials: readonly number[]; readonly groups: readonly Members[] | null };
export type Members = { readonly value: string; readonly serials: readonly number[] };

/** Orders of the views last asked for, worked out again when the store has changed. */
export class Orders {
  readonly #store: RunReader;
  readonly #kept = new Map<string, { readonly version: string; readonly order: Order }>();

  constructor(store: RunReader) {
    this.#store = store;
  }

  of(experiment: number, { filter, sort, group, runs, lifecycle }: RunChoice): Order {
    const key = JSON.stringify([experiment, filter, sort, group, runs, lifecycle]);
    const version = versionOf(this.#store);
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const order =
      known?.version === version
        ? known.order
        : orderOf(this.#store, experiment, { filter, sort, group, runs, lifecycle });
    this.#kept.set(key, { version, order });
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return order;
  }
}

function orderOf(store: RunReader, experiment: number, choice: RunChoice): Order {
  const { connection } = store;
  const { filter = "", sort = "-startTime", group, runs } = choice;
  const view = `r.lifecycle = '${choice.lifecycle === "deleted" ? "deleted" : "active"}'`;
  const found = findRuns(connection, {
    experimentIds: [experiment],
    view,
    filter,
    orderBy: orderBy(sort),
    limit: -1,
    offset: 0,
  });
  const picked = runs === undefined || runs === "" ? undefined : new Set(serialsOf(store, runs));
  const serials = picked ? found.filter((serial) => picked.has(serial)) : found;
  if (group === undefined || group === "") return { serials, groups: null };
  const values = columnValues(connection, experiment, group);
  const groups = [...Map.groupBy(serials, (serial) => String(values.get(serial) ?? ""))].map(
    ([value, members]) => ({ value, serials: members }),
  );
  return { serials: groups.flatMap((one) => one.serials), groups };
}

function serialsOf(store: RunReader, runs: string): number[] {
  if (runs.startsWith("~")) return decodeRuns(runs);
  return store.connection
    .prepare<[string], number>(
      "SELECT serial FROM runs WHERE id IN (SELECT value FROM json_each(?))",
    )
    .pluck()
    .all(JSON.stringify(runs.split(",")));
}

/** The page's names of columns in the search language. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  name: "run_name",
  user: "user_id",
  id: "run_id",
  startTime: "start_time",
  endTime: "end_time",
  status: "status",
};

function orderBy(sort: string): string[] {
  // The index holds runs newest first; asking for it would sort them.
  if (sort === "-startTime") return [];
  const id = sort.replace(/^-/, "");
  const [group, ...rest] = id.split(".");
  const name = Object.hasOwn(ATTRIBUTES, id)
    ? ATTRIBUTES[id]!
    : `${group}."${rest.join(".").replaceAll('"', '""')}"`;
  return [`${name} ${sort.startsWith("-") ? "DESC" : "ASC"}`];
}
