/** @file What may stand at the caret of a filter: a field, an operator, a value, a word that joins. */

export type Completion = {
  /** What is being typed, from here to the caret, gives way to the chosen option. */
  readonly from: number;
  readonly to: number;
  readonly options: readonly string[];
  /** Where a value is due: the column whose values it may be. */
  readonly column?: string;
};

const MOST = 10;
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "RLIKE", "IN", "NOT", "IS"];
const STATUSES = ["FINISHED", "RUNNING", "FAILED", "KILLED", "SCHEDULED"];
/** Columns that the search language calls otherwise. */
const FIELDS: Readonly<Record<string, string>> = {
  name: "run_name",
  user: "user_id",
  id: "run_id",
  startTime: "start_time",
};
/** Strings (the last one perhaps open), operators, brackets, words. */
const TOKEN = /'[^']*'?|"[^"]*"?|`[^`]*`?|[<>=!]+|[(),]|(?:[^\s<>=!(),"'`]|(?<=\.)"[^"]*"?)+/g;

/** A column as the search language names it. */
export function fieldOf(column: string): string {
  const own = Object.hasOwn(FIELDS, column) ? FIELDS[column] : undefined;
  if (own !== undefined || /^[A-Za-z_][\w.\-/:]*$/.test(column)) return own ?? column;
  const [group, ...rest] = column.split(".");
  return `${group}."${rest.join(".").replaceAll('"', '""')}"`;
}

/** @param values of the `column` named for the same text, if they are known */
export function completionAt(
  text: string,
  caret: number,
  columns: readonly string[],
  values: readonly string[] = [],
): Completion {
  const tokens = [...text.slice(0, caret).matchAll(TOKEN)];
  const last = tokens.at(-1);
  // What ends at the caret is still being typed, unless it is a bracket or a closed quote.
  const typing =
    last !== undefined &&
    last.index + last[0].length === caret &&
    !/^[(),]$|^(['"`]).*\1$/.test(last[0]);
  const before = (typing ? tokens.slice(0, -1) : tokens).map(([word]) => word);
  const word = typing ? last[0] : "";
  const from = typing ? last.index : caret;
  const { due, field } = stateAfter(before);
  const of = (options: readonly string[]): Completion => ({
    from,
    to: caret,
    options: matching(options, word),
  });
  switch (due) {
    case "field":
      return of([...columns.map(fieldOf), "NOT"]);
    case "operator":
      return of(/^(?:metrics\.|start_time)/.test(field) ? OPERATORS.slice(0, 6) : OPERATORS);
    case "negated":
      return of(["LIKE", "ILIKE", "RLIKE", "IN"]);
    case "null":
      return of(["NULL", "NOT NULL"]);
    case "value": {
      const column = columns.find((one) => fieldOf(one) === field);
      const known = field === "status" ? STATUSES : values;
      return {
        ...of(known.map((value) => literal(value, field))),
        ...(column !== undefined && field !== "status" && { column }),
      };
    }
    case "join":
      return of(["AND", "OR"]);
  }
}

type Due = "field" | "operator" | "negated" | "null" | "value" | "join";

/** Walks over whole words; a mistake in them leads somewhere, and the server says what it is. */
function stateAfter(words: readonly string[]): { due: Due; field: string } {
  let due: Due = "field";
  let field = "";
  let listed = false;
  for (const word of words) {
    const upper = word.toUpperCase();
    if (due === "field") {
      if (upper === "NOT" || word === "(") continue;
      [due, field] = ["operator", word];
    } else if (due === "operator" || due === "negated") {
      if (upper === "NOT") due = "negated";
      else if (upper === "IS") due = "null";
      else due = "value";
    } else if (due === "null") {
      if (upper !== "NOT") due = "join";
    } else if (due === "value") {
      if (word === "(") listed = true;
      else due = "join";
    } else if (word === "," && listed) due = "value";
    else if (word === ")") listed = false;
    else due = "field";
  }
  return { due, field };
}

function literal(value: string, field: string): string {
  const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
  if (isNumber && /^(?:params|metrics)\./.test(field)) return value;
  return `'${value.replaceAll("'", "''")}'`;
}

/** Those that begin so come before those that only hold it; what is there already is no help. */
function matching(options: readonly string[], word: string): string[] {
  const typed = word.toLowerCase().replace(/^['"`]/, "");
  const held = options.filter((option) => option.toLowerCase().includes(typed));
  const begins = (option: string): boolean =>
    option.toLowerCase().replace(/^'/, "").startsWith(typed);
  return [...held.filter(begins), ...held.filter((option) => !begins(option))]
    .filter((option) => option !== word)
    .slice(0, MOST);
}
