/** @file Run filters as data, turned into SQL. Values are always bound, never pasted. */
import { invalid, checkCount } from "./validate.ts";

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/**
 * A condition on runs. A run without the key matches no condition on it, not even `!=`; a NaN metric
 * matches no comparison. A parameter compared with a number is compared as a number, else as text.
 * `like` has SQL's wildcards, `%` and `_`, and respects case only in `=` and `!=`.
 */
export type Condition =
  | { readonly metric: string; readonly is: Comparison; readonly value: number }
  | { readonly param: string; readonly is: Comparison | "like"; readonly value: string | number }
  | { readonly tag: string; readonly is: Comparison | "like"; readonly value: string }
  | {
      readonly attribute: "id" | "name" | "status" | "user" | "startTime" | "endTime";
      readonly is: Comparison | "like";
      readonly value: string | number;
    }
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition };

export type Order = (
  | { readonly metric: string }
  | { readonly param: string }
  | { readonly attribute: "name" | "status" | "startTime" | "endTime" }
) & { readonly descending?: boolean };

export type RunSearch = {
  /** All experiments when left out. */
  readonly experimentIds?: readonly number[];
  /** Default `active`. */
  readonly lifecycle?: "active" | "deleted" | "all";
  readonly where?: Condition;
  /** After these: newest first, then by id. Real values, then NaN, then missing, in both directions. */
  readonly orderBy?: readonly Order[];
  /** Default 1,000. */
  readonly limit?: number;
  readonly offset?: number;
};

/** SQL text and the values of its `?`, in order. */
export type Sql = { readonly text: string; readonly values: readonly (string | number)[] };

const COMPARISONS: readonly string[] = ["=", "!=", "<", "<=", ">", ">="];
const ATTRIBUTES: Readonly<Record<string, string>> = {
  id: "r.id",
  name: "r.name",
  status: "r.status",
  user: "r.user",
  startTime: "r.start_time",
  endTime: "r.end_time",
};
/** Latest value of a key over all its data sets. */
const LATEST = `(SELECT latest_value FROM series WHERE run = r.serial AND key = ?
  ORDER BY latest_step DESC, latest_timestamp DESC, latest_value DESC LIMIT 1)`;

/** The statement that finds the serial numbers of the runs of `search`, in order. */
export function searchSql(search: RunSearch): Sql {
  const { lifecycle = "active", limit = 1_000, offset = 0 } = search;
  checkCount("search: limit", limit);
  checkCount("search: offset", offset);
  const parts: Sql[] = [];
  if (lifecycle !== "all") parts.push({ text: "r.lifecycle = ?", values: [lifecycle] });
  if (search.experimentIds) {
    const marks = search.experimentIds.map(() => "?").join(", ");
    parts.push({ text: `r.experiment IN (${marks})`, values: search.experimentIds });
  }
  if (search.where) parts.push(conditionSql(search.where));
  const where = joined(parts, "AND", "1");
  const orders = (search.orderBy ?? []).map(orderSql);
  const order = [...orders.map((o) => o.text), "r.start_time DESC", "r.id"].join(", ");
  return {
    text: `SELECT r.serial FROM runs r WHERE ${where.text} ORDER BY ${order} LIMIT ? OFFSET ?`,
    values: [...where.values, ...orders.flatMap((o) => o.values), limit, offset],
  };
}

function conditionSql(condition: Condition): Sql {
  if ("and" in condition) return joined(condition.and.map(conditionSql), "AND", "1");
  if ("or" in condition) return joined(condition.or.map(conditionSql), "OR", "0");
  if ("not" in condition) {
    const inner = conditionSql(condition.not);
    return { text: `NOT ${inner.text}`, values: inner.values };
  }
  const is = operator(condition.is);
  if ("metric" in condition) {
    const text = `coalesce((SELECT typeof(v) <> 'text' AND v ${is} ? FROM (SELECT ${LATEST} AS v)), 0)`;
    return { text, values: [condition.value, condition.metric] };
  }
  if ("attribute" in condition) {
    const column = columnOf(condition.attribute);
    return { text: `coalesce(${column} ${is} ?, 0)`, values: [condition.value] };
  }
  const [table, key] = "param" in condition ? ["params", condition.param] : ["tags", condition.tag];
  const column = typeof condition.value === "number" ? "number" : "value";
  return {
    text: `EXISTS (SELECT 1 FROM ${table} WHERE run = r.serial AND key = ? AND ${column} ${is} ?)`,
    values: [key, condition.value],
  };
}

function orderSql(order: Order): Sql {
  const direction = order.descending ? "DESC" : "ASC";
  if ("metric" in order) {
    const rank = `(SELECT CASE typeof(v) WHEN 'null' THEN 2 WHEN 'text' THEN 1 ELSE 0 END FROM (SELECT ${LATEST} AS v))`;
    return { text: `${rank}, ${LATEST} ${direction}`, values: [order.metric, order.metric] };
  }
  if ("param" in order) {
    const of = (column: string) =>
      `(SELECT ${column} FROM params WHERE run = r.serial AND key = ?)`;
    return {
      text: `${of("number")} ${direction} NULLS LAST, ${of("value")} ${direction} NULLS LAST`,
      values: [order.param, order.param],
    };
  }
  return { text: `${columnOf(order.attribute)} ${direction} NULLS LAST`, values: [] };
}

function joined(parts: readonly Sql[], word: "AND" | "OR", empty: string): Sql {
  if (parts.length === 0) return { text: empty, values: [] };
  return {
    text: `(${parts.map((part) => part.text).join(` ${word} `)})`,
    values: parts.flatMap((part) => part.values),
  };
}

function operator(is: string): string {
  if (is === "like") return "LIKE";
  if (!COMPARISONS.includes(is)) {
    throw invalid("search: comparison", is, `one of ${COMPARISONS.join(" ")} like`);
  }
  return is;
}

function columnOf(attribute: string): string {
  const column = ATTRIBUTES[attribute];
  if (column === undefined) {
    throw invalid("search: attribute", attribute, `one of ${Object.keys(ATTRIBUTES).join(", ")}`);
  }
  return column;
}
