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
  /** What to order by, each with the same values; default: number, then text. */
  readonly order?: readonly string[];
};

/** What can be searched by, and what the names mean. */
export type Vocabulary = {
  /** @throws StoreError if there is no such thing */
  readonly operand: (name: Name) => Operand;
};

/** A condition; `1` for a blank filter. */
export function filterSql(text: string, vocabulary: Vocabulary): Sql {
  const filter = parseFilter(text);
  return filter === undefined ? { text: "1", values: [] } : compile(filter, vocabulary);
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

function compile(filter: Filter, vocabulary: Vocabulary): Sql {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.parts.map((part) => compile(part, vocabulary));
      return {
        text: `(${parts.map((part) => part.text).join(filter.kind === "and" ? " AND " : " OR ")})`,
        values: parts.flatMap((part) => part.values),
      };
    }
    case "not": {
      const { text, values } = compile(filter.part, vocabulary);
      return { text: `(NOT ${text})`, values };
    }
    case "null": {
      const operand = vocabulary.operand(filter.name);
      const sql = operand.stored ?? operand.text ?? operand.number!;
      const text = operand.within ? `NOT ${operand.within("1")}` : `${sql} IS NULL`;
      return { text: `(${text})`, values: operand.values };
    }
    case "in":
    case "notIn":
      return compileList(filter.name, filter.list, filter.kind === "notIn", vocabulary);
    case "match":
      return compileMatch(filter.name, filter.is, filter.literal, vocabulary);
  }
}

function compileMatch(name: Name, is: Match, literal: Literal, vocabulary: Vocabulary): Sql {
  const operand = vocabulary.operand(name);
  const side = sideFor(operand, literal, name);
  const pattern = is === "LIKE" || is === "ILIKE" || is === "RLIKE";
  if (pattern && typeof literal.value === "number") {
    throw searchError(literal.column, `${is} expects a text in quotes`);
  }
  const value =
    is === "LIKE" ? globOf(String(literal.value)) : is === "RLIKE" ? regex(literal) : literal.value;
  const word = { LIKE: "GLOB", ILIKE: "LIKE", RLIKE: "REGEXP" }[is as string] ?? is;
  return condition(operand, `${side} ${word} ?`, [value]);
}

function compileList(
  name: Name,
  list: readonly Literal[],
  negated: boolean,
  vocabulary: Vocabulary,
): Sql {
  const operand = vocabulary.operand(name);
  const sides = new Set(list.map((literal) => sideFor(operand, literal, name)));
  if (sides.size > 1) {
    throw searchError(list[0]!.column, "a list holds numbers or texts, not both");
  }
  const marks = list.map(() => "?").join(", ");
  return condition(
    operand,
    `${[...sides][0]} ${negated ? "NOT IN" : "IN"} (${marks})`,
    list.map(({ value }) => value),
  );
}

/** A missing value never matches: NULL counts as no. */
function condition(operand: Operand, text: string, values: readonly (string | number)[]): Sql {
  const whole = operand.within ? operand.within(text) : `coalesce(${text}, 0)`;
  return { text: whole, values: [...operand.values, ...values] };
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
