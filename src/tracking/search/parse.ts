/**
 * @file MLflow's filters and more, as a tree.
 *
 *     filter  := all ( OR all )*            all    := clause ( AND clause )*
 *     clause  := NOT clause | ( filter ) | value op literal | value [NOT] IN ( 'a', 'b' )
 *              | value IS [NOT] NULL
 *     op      := = != < <= > >= [NOT] LIKE | [NOT] ILIKE | [NOT] RLIKE
 *     value   := [entity.]key | latest|min|max ( [metrics.]key )
 *              | mean|min|max|count ( [metrics.]key ) OVER param | OVER ( param, ... )
 */
import { searchError, type Token, tokenize } from "./tokenize.ts";

export const AGGREGATES = ["latest", "min", "max", "mean", "count"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export type Name = {
  /** As written before the first dot; empty when there is none. */
  readonly entity: string;
  readonly key: string;
  readonly column: number;
  readonly aggregate?: Aggregate;
  /** Runs alike in all params but these form a group. */
  readonly over?: readonly string[];
};

export type Match = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" | "RLIKE";
export type Literal = { readonly value: string | number; readonly column: number };

export type Filter =
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | { readonly kind: "match"; readonly name: Name; readonly is: Match; readonly literal: Literal }
  | { readonly kind: "in"; readonly name: Name; readonly list: readonly Literal[] }
  | { readonly kind: "notIn"; readonly name: Name; readonly list: readonly Literal[] }
  | { readonly kind: "null"; readonly name: Name };

export type OrderBy = { readonly name: Name; readonly descending: boolean };

/** Nested clauses; deeper ones would only exhaust the stack. */
const MAX_DEPTH = 100;

/** The tree of a filter; undefined when it is blank. */
export function parseFilter(text: string): Filter | undefined {
  const parser = new Parser(tokenize(text));
  if (parser.atEnd()) return undefined;
  const filter = parser.filter(0);
  parser.expectEnd();
  return filter;
}

/** One entry of `order_by`: a name, perhaps with ASC or DESC. */
export function parseOrder(text: string): OrderBy {
  const parser = new Parser(tokenize(text));
  const name = parser.name();
  const descending = parser.accept("DESC");
  if (!descending) parser.accept("ASC");
  parser.expectEnd();
  return { name, descending };
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  filter(depth: number): Filter {
    return this.#chain("or", "OR", () => this.#all(depth));
  }

  #all(depth: number): Filter {
    return this.#chain("and", "AND", () => this.#clause(depth));
  }

  #chain(kind: "and" | "or", word: string, next: () => Filter): Filter {
    const parts = [next()];
    while (this.accept(word)) parts.push(next());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #clause(depth: number): Filter {
    if (depth > MAX_DEPTH) {
      throw searchError(this.#peek.column, `at most ${MAX_DEPTH} clauses may be nested`);
    }
    if (this.accept("NOT")) return { kind: "not", part: this.#clause(depth + 1) };
    if (this.#mark("(")) {
      const inner = this.filter(depth + 1);
      this.#expectMark(")");
      return inner;
    }
    const name = this.name();
    if (this.accept("IS")) {
      const negated = this.accept("NOT");
      this.#expectWord("NULL");
      return negated ? { kind: "not", part: { kind: "null", name } } : { kind: "null", name };
    }
    const negated = this.accept("NOT");
    if (this.accept("IN")) return { kind: negated ? "notIn" : "in", name, list: this.#list() };
    for (const is of ["LIKE", "ILIKE", "RLIKE"] as const) {
      if (!this.accept(is)) continue;
      const match: Filter = { kind: "match", name, is, literal: this.#literal() };
      // Like !=, NOT LIKE asks for a value that is there.
      return negated
        ? { kind: "and", parts: [{ kind: "not", part: match }, present(name)] }
        : match;
    }
    const token = this.#next();
    if (negated || token.kind !== "operator") {
      const expected = negated ? "IN, LIKE, ILIKE or RLIKE" : "a comparison such as =, <, LIKE, IN";
      throw searchError(token.column, `expected ${expected}, got ${shown(token)}`);
    }
    const is = ({ "==": "=", "<>": "!=" }[token.text] ?? token.text) as Match;
    return { kind: "match", name, is, literal: this.#literal() };
  }

  name(): Name {
    const token = this.#next();
    const { column } = token;
    if (token.kind === "text") return { entity: "", key: token.text, column };
    if (token.kind !== "name") {
      throw searchError(column, `expected a name such as metrics.loss, got ${shown(token)}`);
    }
    if (token.key !== undefined) return { entity: token.text, key: token.key, column };
    const aggregate = AGGREGATES.find((word) => word === token.text.toLowerCase());
    if (aggregate !== undefined && this.#mark("(")) return this.#aggregate(aggregate, column);
    const dot = token.text.indexOf(".");
    return {
      entity: token.text.slice(0, Math.max(0, dot)),
      key: token.text.slice(dot + 1),
      column,
    };
  }

  #aggregate(aggregate: Aggregate, column: number): Name {
    const inner = this.name();
    this.#expectMark(")");
    // Keys such as val.loss have dots of their own: only "metrics." is an entity here.
    const whole = inner.entity === "" ? inner.key : `${inner.entity}.${inner.key}`;
    const key = /^metrics?$/.test(inner.entity) ? inner.key : whole;
    if (!this.accept("OVER")) {
      if (aggregate === "mean" || aggregate === "count") {
        throw searchError(column, `${aggregate}(...) needs OVER, such as OVER seed`);
      }
      return { entity: "metrics", key, column, aggregate };
    }
    if (aggregate === "latest") throw searchError(column, "latest(...) takes no OVER");
    const over: string[] = [];
    if (this.#mark("(")) {
      do over.push(this.#paramName());
      while (this.#mark(","));
      this.#expectMark(")");
    } else over.push(this.#paramName());
    return { entity: "metrics", key, column, aggregate, over };
  }

  #paramName(): string {
    const { entity, key } = this.name();
    return entity === "" || /^param(?:eter)?s?$/.test(entity) ? key : `${entity}.${key}`;
  }

  #list(): Literal[] {
    this.#expectMark("(");
    const list: Literal[] = [];
    do list.push(this.#literal());
    while (this.#mark(","));
    this.#expectMark(")");
    return list;
  }

  #literal(): Literal {
    const token = this.#next();
    const { column } = token;
    if (token.kind === "text") return { value: token.text, column };
    if (token.kind === "number") return { value: Number(token.text), column };
    throw searchError(column, `expected a number or a text in quotes, got ${shown(token)}`);
  }

  /** Takes the next token if it is this word. */
  accept(word: string): boolean {
    const token = this.#peek;
    if (token.kind !== "name" || token.text.toUpperCase() !== word) return false;
    if (token.key !== undefined) return false;
    this.#at++;
    return true;
  }

  atEnd(): boolean {
    return this.#peek.kind === "end";
  }

  expectEnd(): void {
    if (this.atEnd()) return;
    throw searchError(this.#peek.column, `expected AND, OR or the end, got ${shown(this.#peek)}`);
  }

  #expectWord(word: string): void {
    if (this.accept(word)) return;
    throw searchError(this.#peek.column, `expected ${word}, got ${shown(this.#peek)}`);
  }

  #mark(text: string): boolean {
    if (this.#peek.kind !== "mark" || this.#peek.text !== text) return false;
    this.#at++;
    return true;
  }

  #expectMark(text: string): void {
    if (this.#mark(text)) return;
    throw searchError(this.#peek.column, `expected ${text} , got ${shown(this.#peek)}`);
  }

  get #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#peek;
    if (token.kind !== "end") this.#at++;
    return token;
  }
}

function present(name: Name): Filter {
  return { kind: "not", part: { kind: "null", name } };
}

function shown(token: Token): string {
  if (token.kind === "end") return "the end";
  return JSON.stringify(token.key === undefined ? token.text : `${token.text} ${token.key}`);
}
