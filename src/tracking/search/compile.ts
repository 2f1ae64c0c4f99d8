/** @file From trees to SQL. Values and keys are always bound, never pasted. */
import type { Sql } from "../search.ts";
import {
  type Filter,
  type Literal,
  type Match,
  type Name,
  parseFilter,
  parseOrder,
} from "./parse.ts";
import { searchError } from "./tokenize.ts";

/** How SQL reaches what a name stands for, on the row that is searched for. */
export type Operand = {
  /** Expression for comparing with numbers; NULL where there is none. */
  readonly number?: string;
  /** Expression for comparing with text. */
  readonly text?: string;
  /** Expression that is NULL only where nothing is stored; default: text or number. */
  readonly stored?: string;
  /** Values bound by each of the expressions; by `within` if there is one. */
  readonly values: readonly (string | number)[];
  /** Makes a condition on many rows a condition on the one searched for. */
  readonly within?: (condition: string) => string;
  /** Selects, by an index, at least all rows searched for that meet a comparison, such as `= ?`. */
  readonly candidates?: {
    /** What they are selected as. */
    readonly row: string;
    readonly number?: (comparison: string) => string;
    readonly text?: (comparison: string) => string;
  };
  /** What to order by, each with the same values; default: number, then text. */
  readonly order?: readonly string[];
};

/** What can be searched by, and what the names mean. */
export type Vocabulary = {
  /** @throws StoreError if there is no such thing */
  readonly operand: (name: Name) => Operand;
};

/**
 * How many rows a statement of candidates selects: so few that the search begins with them, so many
 * that each row is asked anyway, or some, which spare most rows the exact question.
 */
export type Probe = (candidates: Sql) => "few" | "some" | "many";

/** `few`: the condition begins with candidates, so that few rows are looked at. */
export type Condition = Sql & { readonly few: boolean };

/** A condition; `1` for a blank filter. Candidates are used where `probe` says so. */
export function filterSql(
  text: string,
  vocabulary: Vocabulary,
  probe: Probe = () => "many",
): Condition {
  const filter = parseFilter(text);
  if (filter === undefined) return { text: "1", values: [], few: false };
  return compile(filter, vocabulary, probe);
}

/** What stands after ORDER BY; empty when nothing is asked for. */
export function orderSql(entries: readonly string[], vocabulary: Vocabulary): Sql {
  const seen = new Set<string>();
  const parts: string[] = [];
  const values: (string | number)[] = [];
  for (const entry of entries) {
    const { name, descending } = parseOrder(entry);
    const operand = vocabulary.operand(name);
    if (operand.within) throw searchError(name.column, `cannot order by ${JSON.stringify(entry)}`);
    const identity = JSON.stringify([operand.number, operand.text, operand.values]);
    if (seen.has(identity)) {
      throw searchError(name.column, `order_by names ${JSON.stringify(entry)} twice`);
    }
    seen.add(identity);
    const direction = descending ? "DESC" : "ASC";
    const plain = [operand.number, operand.text].filter((sql) => sql !== undefined);
    for (const sql of operand.order ?? plain) {
      // A rank such as "NaN after numbers" keeps its direction.
      parts.push(sql.startsWith("RANK ") ? sql.slice(5) : `${sql} ${direction} NULLS LAST`);
      values.push(...operand.values);
    }
  }
  return { text: parts.join(", "), values };
}

function compile(filter: Filter, vocabulary: Vocabulary, probe: Probe): Condition {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.parts.map((part) => compile(part, vocabulary, probe));
      const all = filter.kind === "and";
      return {
        text: `(${parts.map((part) => part.text).join(all ? " AND " : " OR ")})`,
        values: parts.flatMap((part) => part.values),
        few: all ? parts.some(({ few }) => few) : parts.every(({ few }) => few),
      };
    }
    case "not": {
      const { text, values } = compile(filter.part, vocabulary, () => "many");
      return { text: `(NOT ${text})`, values, few: false };
    }
    case "null": {
      const operand = vocabulary.operand(filter.name);
      const sql = operand.stored ?? operand.text ?? operand.number!;
      const text = operand.within ? `NOT ${operand.within("1")}` : `${sql} IS NULL`;
      return { text: `(${text})`, values: operand.values, few: false };
    }
    case "in":
    case "notIn":
      return compileList(filter.name, filter.list, filter.kind === "notIn", vocabulary, probe);
    case "match":
      return compileMatch(filter.name, filter.is, filter.literal, vocabulary, probe);
  }
}

/** Comparisons that an index answers. */
const RANGES: readonly string[] = ["=", "<", "<=", ">", ">="];

function compileMatch(
  name: Name,
  is: Match,
  literal: Literal,
  vocabulary: Vocabulary,
  probe: Probe,
): Condition {
  const operand = vocabulary.operand(name);
  const side = sideFor(operand, literal, name);
  const pattern = is === "LIKE" || is === "ILIKE" || is === "RLIKE";
  if (pattern && typeof literal.value === "number") {
    throw searchError(literal.column, `${is} expects a text in quotes`);
  }
  const value =
    is === "LIKE" ? globOf(String(literal.value)) : is === "RLIKE" ? regex(literal) : literal.value;
  const word = { LIKE: "GLOB", ILIKE: "LIKE", RLIKE: "REGEXP" }[is as string] ?? is;
  const exact = condition(operand, `${side} ${word} ?`, [value]);
  return RANGES.includes(is) ? narrowed(exact, operand, is, [literal], probe) : exact;
}

function compileList(
  name: Name,
  list: readonly Literal[],
  negated: boolean,
  vocabulary: Vocabulary,
  probe: Probe,
): Condition {
  const operand = vocabulary.operand(name);
  const sides = new Set(list.map((literal) => sideFor(operand, literal, name)));
  if (sides.size > 1) {
    throw searchError(list[0]!.column, "a list holds numbers or texts, not both");
  }
  const exact = condition(
    operand,
    `${[...sides][0]} ${negated ? "NOT IN" : "IN"} (${list.map(() => "?").join(", ")})`,
    list.map(({ value }) => value),
  );
  return negated ? exact : narrowed(exact, operand, "IN", list, probe);
}

/** The condition, asked of its candidates only where these are not many. */
function narrowed(
  exact: Condition,
  operand: Operand,
  is: string,
  literals: readonly Literal[],
  probe: Probe,
): Condition {
  const numeric = typeof literals[0]!.value === "number";
  const select = numeric ? operand.candidates?.number : operand.candidates?.text;
  // Texts are indexed by how they begin, which keeps only equality.
  if (!select || (!numeric && is !== "=" && is !== "IN")) return exact;
  const marks = literals.map(() => (numeric ? "?" : "substr(?, 1, 40)")).join(", ");
  const text = select(is === "IN" ? `IN (${marks})` : `${is} ${marks}`);
  const values = [...operand.values, ...literals.map(({ value }) => value)];
  const amount = probe({ text, values });
  if (amount === "many") return exact;
  // The sign keeps SQLite from beginning with them.
  const row = `${amount === "few" ? "" : "+"}${operand.candidates!.row}`;
  return {
    text: `(${row} IN (${text}) AND ${exact.text})`,
    values: [...values, ...exact.values],
    few: amount === "few",
  };
}

/** A missing value never matches: NULL counts as no. */
function condition(
  operand: Operand,
  text: string,
  values: readonly (string | number)[],
): Condition {
  const whole = operand.within ? operand.within(text) : `coalesce(${text}, 0)`;
  return { text: whole, values: [...operand.values, ...values], few: false };
}

function sideFor(operand: Operand, literal: Literal, name: Name): string {
  const [side, expected] =
    typeof literal.value === "number"
      ? [operand.number, "a text in quotes"]
      : [operand.text, "a number without quotes"];
  if (side !== undefined) return side;
  throw searchError(
    literal.column,
    `${JSON.stringify(name.key)} is compared with ${expected}, got ${JSON.stringify(literal.value)}`,
  );
}

/** LIKE heeds case, as MLflow's does; of SQLite's patterns only GLOB does. */
function globOf(like: string): string {
  return like.replaceAll(/[*?[]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?");
}

function regex({ value, column }: Literal): string {
  try {
    linearRegex(String(value));
  } catch (error) {
    const why = (error as Error).message.replace(/^Invalid regular expression: /, "");
    throw searchError(column, `not a regular expression we can run in linear time: ${why}`);
  }
  return String(value);
}

/** V8's engine without backtracking (flag l): no pattern can hang the server. */
export function linearRegex(pattern: string): RegExp {
  // oxlint-disable-next-line no-invalid-regexp -- V8's own flag, switched on in regexp.ts
  return new RegExp(pattern, "l");
}
