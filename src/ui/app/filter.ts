/**
 * @file The little language of the runs table: `status = FINISHED and params.seed < 3 and name ~ "HW"`.
 *
 * Words: a field, an operator (= != < <= > >= and ~ for "contains"), a value; joined by `and`, `or`,
 * `not` and brackets. Fields are name, status, user, params.X, metrics.X, tags.X.
 */
import type { RunRow } from "../server/types.ts";

export class FilterError extends Error {
  override readonly name = "FilterError";
  /** Where in the text, from 0. */
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

export type RunTest = (run: RunRow) => boolean;

type Token = { readonly text: string; readonly at: number; readonly quoted: boolean };

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(<=|>=|!=|=|<|>|~|\(|\))|([^\s"<>=!~()]+))/y;
const OPERATORS: Readonly<Record<string, (a: string | number, b: string | number) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "~": (a, b) => String(a).toLowerCase().includes(String(b).toLowerCase()),
};

/** Compiles a filter; an empty one lets every run through. */
export function parseFilter(text: string): RunTest {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return () => true;
  const parser = new Parser(tokens, text.length);
  const test = parser.either();
  const rest = parser.peek();
  if (rest) throw new FilterError(`expected "and" or "or" before "${rest.text}"`, rest.at);
  return test;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      const at = from + (text.slice(from).length - text.slice(from).trimStart().length);
      throw new FilterError(`can't read "${text.slice(at, at + 12)}"`, at);
    }
    const [whole, quoted, operator, word] = match;
    const body = quoted === undefined ? (operator ?? word)! : quoted.replaceAll(/\\(.)/g, "$1");
    tokens.push({
      text: body,
      at: from + (whole.length - whole.trimStart().length),
      quoted: quoted !== undefined,
    });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  either(): RunTest {
    let left = this.#both();
    while (this.#takes("or")) {
      const [a, b] = [left, this.#both()];
      left = (run) => a(run) || b(run);
    }
    return left;
  }

  #both(): RunTest {
    let left = this.#one();
    while (this.#takes("and")) {
      const [a, b] = [left, this.#one()];
      left = (run) => a(run) && b(run);
    }
    return left;
  }

  #one(): RunTest {
    if (this.#takes("not")) {
      const inner = this.#one();
      return (run) => !inner(run);
    }
    if (this.#takes("(")) {
      const inner = this.either();
      if (!this.#takes(")")) throw new FilterError('expected ")"', this.peek()?.at ?? this.#end);
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): RunTest {
    const field = this.#word("a field such as status or params.seed");
    const read = reader(field);
    const operator = this.#word("one of = != < <= > >= ~");
    const compare = Object.hasOwn(OPERATORS, operator.text) ? OPERATORS[operator.text]! : undefined;
    if (compare === undefined) {
      throw new FilterError(
        `expected one of = != < <= > >= ~, got "${operator.text}"`,
        operator.at,
      );
    }
    const { text, quoted } = this.#word("a value");
    const number = quoted || text.trim() === "" ? Number.NaN : Number(text);
    return (run) => {
      const value = read(run);
      if (value === undefined || value === null) return false;
      const numeric = !Number.isNaN(number) && !Number.isNaN(Number(value));
      return numeric ? compare(Number(value), number) : compare(String(value), text);
    };
  }

  #word(expected: string): Token {
    const token = this.#tokens[this.#next++];
    if (token) return token;
    throw new FilterError(`expected ${expected}`, this.#end);
  }

  #takes(word: string): boolean {
    const token = this.peek();
    if (!token || token.quoted || token.text.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }
}

type Read = (run: RunRow) => string | number | null | undefined;

function reader({ text, at }: Token): Read {
  if (text === "name" || text === "status" || text === "user" || text === "id")
    return (run) => run[text];
  const [group, ...rest] = text.split(".");
  const key = rest.join(".");
  if (key !== "" && (group === "params" || group === "metrics" || group === "tags")) {
    return (run) => (Object.hasOwn(run[group], key) ? run[group][key] : undefined);
  }
  throw new FilterError(
    `no field "${text}"; there are name, status, user, id, params.X, metrics.X, tags.X`,
    at,
  );
}
