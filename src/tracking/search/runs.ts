/** @file The names that runs are searched and ordered by; the run is `r`. */
import type { Operand, Vocabulary } from "./compile.ts";
import type { Name } from "./parse.ts";
import { searchError } from "./tokenize.ts";

const TEXT_ATTRIBUTES: Readonly<Record<string, string>> = {
  run_id: "r.id",
  run_uuid: "r.id",
  run_name: "r.name",
  "run name": "r.name",
  "Run name": "r.name",
  status: "r.status",
  user_id: "r.user",
  artifact_uri:
    "(SELECT coalesce(artifact_location, 'mlflow-artifacts:/' || id) || '/' || r.id || '/artifacts' FROM experiments WHERE id = r.experiment)",
  experiment_id: "CAST(r.experiment AS TEXT)",
  lifecycle_stage: "r.lifecycle",
};
const NUMBER_ATTRIBUTES: Readonly<Record<string, string>> = {
  start_time: "r.start_time",
  created: "r.start_time",
  Created: "r.start_time",
  end_time: "r.end_time",
};
/** Latest value of a key over all its data sets. */
const LATEST = `(SELECT latest_value FROM series WHERE run = r.serial AND key = ? AND count > 0
  ORDER BY latest_step DESC, latest_timestamp DESC, latest_value DESC LIMIT 1)`;
/** The same, NULL where it is NaN. */
const LATEST_NUMBER = LATEST.replace(
  "latest_value",
  "iif(typeof(latest_value) = 'text', NULL, latest_value)",
);

const DATASET_COLUMNS: Readonly<Record<string, string>> = {
  name: "d.name",
  digest: "d.digest",
  context:
    "(SELECT value FROM input_tags t WHERE t.run = i.run AND t.dataset = i.dataset AND t.key = 'mlflow.data.context')",
};

export const RUNS: Vocabulary = { operand: operandOf };

function operandOf(name: Name): Operand {
  const { entity, key, column } = name;
  switch (entity) {
    case "metric":
    case "metrics":
      return metric(name);
    case "param":
    case "params":
    case "parameter":
    case "parameters": {
      const of = (what: string) => `(SELECT ${what} FROM params WHERE run = r.serial AND key = ?)`;
      const candidates = {
        row: "r.serial",
        number: (is: string) =>
          `SELECT run FROM params WHERE key = ? AND number IS NOT NULL AND number ${is}`,
        text: (is: string) => `SELECT run FROM params WHERE key = ? AND substr(value, 1, 40) ${is}`,
      };
      return { number: of("number"), text: of("value"), values: [key], candidates };
    }
    case "tag":
    case "tags":
      return {
        text: "(SELECT value FROM tags WHERE run = r.serial AND key = ?)",
        values: [key],
        candidates: {
          row: "r.serial",
          text: (is) => `SELECT run FROM tags WHERE key = ? AND substr(value, 1, 40) ${is}`,
        },
      };
    case "":
    case "attribute":
    case "attributes":
    case "attr":
    case "run": {
      const text = lookUp(TEXT_ATTRIBUTES, key);
      if (text !== undefined) return { text, values: [] };
      const number = lookUp(NUMBER_ATTRIBUTES, key);
      if (number !== undefined) return { number, values: [] };
      throw unknownName("attribute", key, column, [TEXT_ATTRIBUTES, NUMBER_ATTRIBUTES]);
    }
    case "dataset":
    case "datasets": {
      const text = lookUp(DATASET_COLUMNS, key);
      if (text === undefined) throw unknownName("data set field", key, column, [DATASET_COLUMNS]);
      return {
        text,
        values: [],
        within: (condition) =>
          `EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.id = i.dataset
             WHERE i.run = r.serial AND ${text} IS NOT NULL AND ${condition})`,
      };
    }
    default:
      throw unknownEntity(entity, column, "metrics, params, tags, attributes, datasets");
  }
}

function metric({ key, aggregate, over }: Name): Operand {
  if (over) return overGroup(key, aggregate!, over);
  if (aggregate === "min" || aggregate === "max") {
    const best = aggregate === "min" ? "min(least)" : "max(greatest)";
    const number = `(SELECT ${best} FROM series WHERE run = r.serial AND key = ?)`;
    return { number, values: [key] };
  }
  return {
    number: LATEST_NUMBER,
    stored: LATEST,
    values: [key],
    candidates: {
      row: "r.serial",
      // NaN is a text, which is above every number.
      number: (is) =>
        `SELECT run FROM series WHERE key = ? AND latest_value < '' AND latest_value ${is}`,
    },
    // Numbers, then NaN, then nothing: in both directions.
    order: [
      `RANK (SELECT CASE typeof(v) WHEN 'null' THEN 2 WHEN 'text' THEN 1 ELSE 0 END FROM (SELECT ${LATEST} AS v))`,
      LATEST_NUMBER,
    ],
  };
}

/** Latest values of runs of one experiment that are alike in all params but those of `over`. */
function overGroup(key: string, aggregate: string, over: readonly string[]): Operand {
  const aggregateSql = aggregate === "mean" ? "avg" : aggregate;
  const but = over.map(() => "?").join(", ");
  const latest = LATEST_NUMBER.replace("r.serial", "m.serial");
  const signature = `(SELECT json_group_array(json_array(key, value)) FROM (SELECT key, value FROM params
    WHERE run = m.serial AND key NOT IN (${but}) ORDER BY key))`;
  return {
    number: "v",
    values: [key, key, ...over],
    within: (condition) => `r.serial IN (SELECT serial FROM (
      SELECT serial, ${aggregateSql}(v) OVER (PARTITION BY experiment, signature) AS v FROM (
        SELECT m.serial, m.experiment, ${latest} AS v, (SELECT 1 FROM series WHERE run = m.serial AND key = ? LIMIT 1) AS has,
          ${signature} AS signature
        FROM runs m WHERE m.lifecycle = 'active') WHERE has = 1) WHERE ${condition})`,
  };
}

/** Own entries only: `constructor` is no attribute. */
export function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

export function unknownName(
  what: string,
  key: string,
  column: number,
  tables: readonly Readonly<Record<string, string>>[],
): Error {
  const known = tables.flatMap((table) => Object.keys(table)).join(", ");
  return searchError(column, `unknown ${what} ${JSON.stringify(key)}, expected one of ${known}`);
}

export function unknownEntity(entity: string, column: number, known: string): Error {
  return searchError(column, `unknown entity ${JSON.stringify(entity)}, expected one of ${known}`);
}
