/** @file Which charts a table gives, with their titles and the questions they answer. */
import { Stream, thin } from "./random.ts";
import { readTable, yearOf, type Row, type TableSpec } from "./tables.ts";

export type Point = { readonly x: number; readonly y: number };

export type Chart = {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  readonly subject: string;
} & (
  | {
      readonly mark: "bar";
      readonly bars: readonly { readonly name: string; readonly value: number }[];
      readonly unit: string;
    }
  | {
      readonly mark: "line" | "scatter";
      readonly points: readonly Point[];
      readonly xTitle: string;
      readonly yTitle: string;
    }
);

/** Most charts of one table, so that no table fills the corpus. */
const CHARTS_PER_TABLE = 20;
const MAX_BARS = 6;
const MAX_POINTS = 150;
const MEMBERS = 8;

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

function numbersOf(rows: readonly Row[], column: string): number[] {
  return rows
    .map((row) => row[column])
    .filter((value): value is number => typeof value === "number");
}

/** The member of a category as a page writes it, or undefined where the cell is missing. */
function memberOf(row: Row, category: string): string | undefined {
  const value = row[category];
  return value === undefined ? undefined : String(value).replaceAll("_", " ");
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Rows by a key, in order of the key. */
function grouped<K extends string | number>(
  rows: readonly Row[],
  keyOf: (row: Row) => K | undefined,
): [K, Row[]][] {
  const groups = new Map<K, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Mean of a number for the six most frequent members of a category. */
function meanBars(
  rows: readonly Row[],
  table: TableSpec,
  number: string,
  category: string,
): Chart[] {
  const groups = grouped(rows, (row) => memberOf(row, category))
    .map(([name, members]) => ({ name, values: numbersOf(members, number) }))
    .filter(({ values }) => values.length > 0)
    .toSorted((a, b) => b.values.length - a.values.length || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_BARS);
  if (groups.length < 2) return [];
  const [what, by] = [table.numbers[number]!, table.categories![category]!];
  const mention = groups[0]!.values.length === 1 ? capital(what) : `Mean ${what}`;
  return [
    {
      id: `bar-${number}-${category}`,
      mark: "bar",
      bars: groups
        .map(({ name, values }) => ({ name, value: mean(values) }))
        .toSorted((a, b) => b.value - a.value),
      unit: what,
      subject: table.subject,
      title: `${mention} of ${table.subject} by ${by}`,
      question: new Stream(`bar ${table.file} ${number} ${category}`).pick([
        `How does the ${what} of ${table.subject} differ by ${by}?`,
        `Which ${by} has the highest ${what} among ${table.subject}?`,
        `Compare the ${what} of ${table.subject} for each ${by}`,
      ]),
    },
  ];
}

/** Rows per member of a category. */
function countBars(rows: readonly Row[], table: TableSpec, category: string): Chart[] {
  const groups = grouped(rows, (row) => memberOf(row, category))
    .map(([name, members]) => ({ name, value: members.length }))
    .toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_BARS);
  if (groups.length < 2 || groups[0]!.value === groups.at(-1)!.value) return [];
  const by = table.categories![category]!;
  return [
    {
      id: `count-${category}`,
      mark: "bar",
      bars: groups,
      unit: `number of ${table.subject}`,
      subject: table.subject,
      title: `Number of ${table.subject} by ${by}`,
      question: new Stream(`count ${table.file} ${category}`).pick([
        `How many ${table.subject} are there for each ${by}?`,
        `Which ${by} has the most ${table.subject}?`,
      ]),
    },
  ];
}

/** Mean of a number by time, of all rows or of one member. */
function timeLine(
  rows: readonly Row[],
  table: TableSpec,
  number: string,
  member?: string,
): Chart[] {
  const points = grouped(rows, (row) => yearOf(row[table.time!]))
    .map(([x, members]) => ({ x, values: numbersOf(members, number) }))
    .filter(({ values }) => values.length > 0)
    .map(({ x, values }) => ({ x, y: mean(values) }));
  if (points.length < 5) return [];
  const [what, of] = [table.numbers[number]!, member ?? table.subject];
  return [
    {
      id: `line-${number}${member === undefined ? "" : `-${member}`}`,
      mark: "line",
      points,
      xTitle: "year",
      yTitle: what,
      subject: table.subject,
      title: `${capital(what)} of ${of} over time`,
      question: new Stream(`line ${table.file} ${number} ${member ?? ""}`).pick([
        `How did the ${what} of ${of} change over the years?`,
        `When was the ${what} of ${of} highest?`,
        `Trend of the ${what} of ${of}`,
      ]),
    },
  ];
}

function scatter(rows: readonly Row[], table: TableSpec, x: string, y: string): Chart[] {
  const all = rows
    .map((row, at) => ({ at, x: row[x], y: row[y] }))
    .filter(
      (row): row is { at: number; x: number; y: number } =>
        typeof row.x === "number" && typeof row.y === "number",
    );
  if (
    all.length < 8 ||
    new Set(all.map((p) => p.x)).size < 5 ||
    new Set(all.map((p) => p.y)).size < 5
  )
    return [];
  const [xName, yName] = [table.numbers[x]!, table.numbers[y]!];
  return [
    {
      id: `scatter-${x}-${y}`,
      mark: "scatter",
      points: thin(all, MAX_POINTS, (point) => `${table.file} ${point.at}`),
      xTitle: xName,
      yTitle: yName,
      subject: table.subject,
      title: `${capital(yName)} and ${xName} of ${table.subject}`,
      question: new Stream(`scatter ${table.file} ${x} ${y}`).pick([
        `Do ${table.subject} with more ${xName} have more ${yName}?`,
        `How are ${xName} and ${yName} of ${table.subject} related?`,
        `${table.subject}: ${yName} against ${xName}`,
      ]),
    },
  ];
}

/** Lines for the members with the most rows. */
function memberLines(rows: readonly Row[], table: TableSpec): Chart[] {
  const column = table.members;
  if (column === undefined) return [];
  const members = grouped(rows, (row) => memberOf(row, column))
    .filter(([name]) => name.length <= 24)
    .toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .slice(0, 60);
  const chosen = thin(members, MEMBERS, ([name]) => `${table.file} ${name}`);
  return chosen.flatMap(([name, own]) =>
    timeLine(own, table, Object.keys(table.numbers)[0]!, name),
  );
}

/** Up to `CHARTS_PER_TABLE` charts of a table, by hash of their kind and columns. */
export function chartsOf(table: TableSpec, rows: readonly Row[] = readTable(table)): Chart[] {
  const numbers = Object.keys(table.numbers);
  const categories = Object.keys(table.categories ?? {});
  const charts = [
    ...numbers.flatMap((number) =>
      categories.flatMap((category) => meanBars(rows, table, number, category)),
    ),
    ...categories.flatMap((category) => countBars(rows, table, category)),
    ...(table.time === undefined ? [] : numbers.flatMap((number) => timeLine(rows, table, number))),
    ...memberLines(rows, table),
    ...numbers.flatMap((x, i) => numbers.slice(i + 1).flatMap((y) => scatter(rows, table, x, y))),
  ];
  const key = (chart: Chart): string => `chart ${table.file} ${chart.id}`;
  return thin(charts, CHARTS_PER_TABLE, key).map((chart) => ({
    ...chart,
    id: `${table.file.replace(/\..*$/, "")}-${chart.id}`
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-"),
  }));
}
