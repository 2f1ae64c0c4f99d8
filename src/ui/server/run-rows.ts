/** @file Rows of the runs table: of the runs in view, and of these only the columns in view. */
import type { RunReader, RunStatus } from "../../tracking/index.ts";
import { MEMBER_TAG } from "../../experiments/tags.ts";
import type { RunRow } from "./types.ts";

export type Connection = RunReader["connection"];

/** Columns as the page names them: "name", "params.seed", "metrics.test/overall"; "*" for all. */
export type Wanted = readonly string[];

type Base = {
  serial: number;
  id: string;
  name: string;
  user: string;
  status: RunStatus;
  startTime: number;
  endTime: number | null;
};
type Pair<V> = { run: number; key: string; value: V };

const TABLES = ["params", "tags", "metrics"] as const;
type Group = (typeof TABLES)[number];

const SELECT: Readonly<Record<Group, string>> = {
  params: "SELECT run, key, value FROM params",
  tags: "SELECT run, key, value FROM tags",
  metrics: "SELECT run, key, latest_value AS value FROM series",
};

/**
 * In the order of the serial numbers; four queries, however many runs. A metric that is NaN or infinite is null, as
 * JSON has it, or itself where rows are `exact`.
 */
export function runRows(
  connection: Connection,
  serials: readonly number[],
  wanted: Wanted,
  { exact = false } = {},
): RunRow[] {
  const chosen = JSON.stringify(serials);
  const found = connection
    .prepare<[string], Base>(
      `SELECT serial, id, name, user, status, start_time AS startTime, end_time AS endTime
       FROM runs WHERE serial IN (SELECT value FROM json_each(?))`,
    )
    .all(chosen);
  const rows = new Map<number, Row>(
    found.map((base) => [base.serial, { ...base, params: {}, tags: {}, metrics: {} }]),
  );
  for (const group of TABLES) {
    for (const { run, key, value } of pairsOf(connection, group, chosen, wanted)) {
      // Several data sets' series come in the order of their points: the latest stays.
      const special = group === "metrics" && !Number.isFinite(value);
      rows.get(run)![group][key] = special ? (exact ? Number(value) : null) : value;
    }
  }
  return serials.flatMap((serial) => (rows.has(serial) ? [rows.get(serial)! as RunRow] : []));
}

type Row = Base & Record<Group, Record<string, string | number | null>>;

function pairsOf(
  connection: Connection,
  group: Group,
  chosen: string,
  wanted: Wanted,
): Pair<string | number>[] {
  const all = wanted.includes("*");
  const keys = wanted
    .filter((id) => id.startsWith(`${group}.`))
    .map((id) => id.slice(group.length + 1));
  if (!all && keys.length === 0) return [];
  const order = group === "metrics" ? "ORDER BY latest_step, latest_timestamp, latest_value" : "";
  const some = group === "metrics" ? "AND count > 0" : "";
  return connection
    .prepare<[string, number, string], Pair<string | number>>(
      `${SELECT[group]} WHERE run IN (SELECT value FROM json_each(?))
         AND (? OR key IN (SELECT value FROM json_each(?))) ${some} ${order}`,
    )
    .all(chosen, Number(all), JSON.stringify(keys));
}

/** A column's values in the runs of an experiment that have one. */
export function columnValues(
  connection: Connection,
  experiment: number,
  id: string,
): Map<number, string | number | null> {
  const [group, ...rest] = id.split(".");
  const key = rest.join(".");
  const own = Object.hasOwn(OWN, id) ? OWN[id] : undefined;
  const pairs = TABLES.find((table) => table === group && key !== "");
  const text =
    own !== undefined
      ? `SELECT serial, ${own} FROM runs WHERE experiment = ?`
      : pairs && `${ONE_KEY[pairs]} AND r.experiment = ?`;
  if (text === undefined) return new Map();
  const order = pairs === "metrics" ? "ORDER BY latest_step, latest_timestamp, latest_value" : "";
  return new Map(
    connection
      .prepare<(string | number)[], [number, string | number | null]>(`${text} ${order}`)
      .raw()
      .all(...(own === undefined ? [key, experiment] : [experiment])),
  );
}

const ONE_KEY: Readonly<Record<Group, string>> = {
  params:
    "SELECT t.run, t.value FROM params t CROSS JOIN runs r ON r.serial = t.run WHERE t.key = ?",
  tags: "SELECT t.run, t.value FROM tags t CROSS JOIN runs r ON r.serial = t.run WHERE t.key = ?",
  metrics: `SELECT t.run, t.latest_value FROM series t CROSS JOIN runs r ON r.serial = t.run
    WHERE t.key = ? AND t.count > 0`,
};

/** Columns that every run has, in SQL. */
const OWN: Readonly<Record<string, string>> = {
  name: "name",
  status: "status",
  user: "user",
  id: "id",
  startTime: "start_time",
  endTime: "end_time",
};

/** Every column that some run of the experiment can fill, by a walk from key to key along the indexes. */
export function knownColumns(connection: Connection, experiment: number): string[] {
  const walk = (table: string, some: string): string[] =>
    connection
      .prepare<[number], string>(
        `WITH RECURSIVE k (key) AS (SELECT min(key) FROM ${table}
           UNION ALL SELECT (SELECT min(key) FROM ${table} WHERE key > k.key) FROM k WHERE k.key IS NOT NULL)
         SELECT key FROM k WHERE key IS NOT NULL AND EXISTS (
           SELECT 1 FROM ${table} t CROSS JOIN runs r ON r.serial = t.run
           WHERE t.key = k.key ${some} AND r.experiment = ?)`,
      )
      .pluck()
      .all(experiment);
  return [
    "name",
    "status",
    "startTime",
    "user",
    "id",
    ...walk("series", "AND t.count > 0").map((key) => `metrics.${key}`),
    ...walk("params", "").map((key) => `params.${key}`),
    ...walk("tags", "")
      .filter((key) => !key.startsWith(MEMBER_TAG))
      .map((key) => `tags.${key}`),
  ];
}
