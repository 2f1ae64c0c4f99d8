/**
 * @file Runs of CSV files that Weights & Biases writes: the runs table, the history of one run, and
 * a chart's lines. The header says which.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "csv-parse/sync";
import { StoreError } from "../error.ts";
import type { NewPoint, RunStatus } from "../types.ts";
import type { ForeignRun, RunSource } from "./import.ts";
import { parseFloatOf } from "./mlruns.ts";

export type WandbOptions = {
  /** Default: the file's name without `.csv`. */
  readonly experiment?: string;
};

type Row = Readonly<Record<string, string>>;

/** Columns of the runs table that are about the run itself. */
const ABOUT = new Set(
  "Name ID State Notes User Tags Created Runtime Sweep Hostname End Updated GitHub".split(" "),
);
const STATES: Readonly<Record<string, RunStatus>> = {
  finished: "FINISHED",
  running: "RUNNING",
  pending: "SCHEDULED",
  failed: "FAILED",
  crashed: "FAILED",
  killed: "KILLED",
};

export function wandbCsv(file: string, options: WandbOptions = {}): RunSource {
  if (!existsSync(file)) throw new StoreError("NOT_FOUND", `import: no file ${file}`);
  const experiment = options.experiment ?? basename(file).replace(/\.csv$/i, "");
  const rows = readRows(file);
  const header = Object.keys(rows[0] ?? {});
  const lines = header.filter((name) => name.includes(" - ") && !/__(MIN|MAX)$/.test(name));
  const warnings: string[] = [];
  const runs = header.includes("Name")
    ? rows.map((row, i) => tableRun(experiment, row, i))
    : header.includes("_step")
      ? [historyRun(experiment, rows, warnings)]
      : header.length > 0 && lines.length > 0
        ? chartRuns(experiment, rows, header[0]!, lines)
        : undefined;
  if (runs === undefined) {
    const shown = header.slice(0, 6).join(", ");
    const text = `import: ${file} is no CSV of Weights & Biases (needs a column Name, _step, or "<run> - <metric>"; has ${shown || "none"})`;
    throw new StoreError("INVALID", text);
  }
  return { warnings, runs: () => runs };
}

function readRows(file: string): Row[] {
  try {
    const options = { columns: true, bom: true, skip_empty_lines: true } as const;
    return parse(readFileSync(file), options) as unknown as Row[];
  } catch (error) {
    const text = `import: ${file} is no CSV: ${(error as Error).message}`;
    throw new StoreError("INVALID", text, { cause: error });
  }
}

/**
 * The table does not say which column is a config value and which a result: every column becomes a
 * param, and one that holds a number a metric as well.
 */
function tableRun(experiment: string, row: Row, place: number): ForeignRun {
  const name = row["Name"] || `run ${place + 1}`;
  const started = timeOf(row["Created"]);
  const runtime = Number(row["Runtime"] || NaN);
  const rest = Object.entries(row).filter(([key, text]) => key && !ABOUT.has(key) && text !== "");
  const about = ["Notes", "Tags", "Sweep", "Hostname"].flatMap((key) =>
    row[key]
      ? [[key === "Notes" ? "mlflow.note.content" : `wandb.${key.toLowerCase()}`, row[key]]]
      : [],
  );
  const timestamp = started + (Number.isFinite(runtime) ? runtime * 1_000 : 0);
  return {
    sourceId: `wandb:${experiment}/${row["ID"] || `${name}/${row["Created"] ?? place}`}`,
    experiment,
    name,
    ...(row["User"] ? { user: row["User"] } : {}),
    status: STATES[(row["State"] ?? "finished").toLowerCase()] ?? "FINISHED",
    startTime: started,
    endTime: Number.isFinite(runtime) ? Math.round(timestamp) : null,
    params: Object.fromEntries(rest),
    tags: Object.fromEntries(about) as Record<string, string>,
    points: () =>
      rest.flatMap(([key, text]) =>
        isNumber(text)
          ? [{ key, value: parseFloatOf(text), step: 0, timestamp: Math.round(timestamp) }]
          : [],
      ),
  };
}

/** What `run.history().to_csv()` writes: a row a step, `_step`, `_timestamp` in seconds. */
function historyRun(experiment: string, rows: readonly Row[], warnings: string[]): ForeignRun {
  const times = rows.map((row) => Number(row["_timestamp"] || NaN) * 1_000).filter(Number.isFinite);
  const points = rows.flatMap((row, line) =>
    Object.entries(row).flatMap(([key, text]): NewPoint[] => {
      if (key === "" || key.startsWith("_") || text === "") return [];
      if (!isNumber(text)) {
        warnings.push(
          `row ${line + 1}, ${key}: left out, no number: ${JSON.stringify(text.slice(0, 40))}`,
        );
        return [];
      }
      const timestamp = Math.round(Number(row["_timestamp"] || 0) * 1_000);
      return [
        { key, value: parseFloatOf(text), step: Math.round(Number(row["_step"])), timestamp },
      ];
    }),
  );
  return {
    sourceId: `wandb:${experiment}:history`,
    experiment,
    name: experiment,
    status: "FINISHED",
    startTime: times.length > 0 ? Math.round(Math.min(...times.slice(0, 1))) : 0,
    endTime: times.length > 0 ? Math.round(times.at(-1)!) : null,
    params: {},
    tags: {},
    points: () => points,
  };
}

/** What a chart exports: its x-axis, then `<run> - <metric>` for each line. */
function chartRuns(
  experiment: string,
  rows: readonly Row[],
  axis: string,
  lines: readonly string[],
): ForeignRun[] {
  const byRun = Map.groupBy(lines, (line) => line.slice(0, line.lastIndexOf(" - ")));
  return [...byRun].map(([name, columns]) => ({
    sourceId: `wandb:${experiment}/${name}:chart`,
    experiment,
    name,
    status: "FINISHED",
    startTime: 0,
    endTime: null,
    params: {},
    tags: {},
    points: () =>
      columns.flatMap((column) =>
        rows.flatMap((row): NewPoint[] => {
          const text = row[column] ?? "";
          if (!isNumber(text)) return [];
          const key = column.slice(column.lastIndexOf(" - ") + 3);
          return [
            { key, value: parseFloatOf(text), step: Math.round(Number(row[axis])), timestamp: 0 },
          ];
        }),
      ),
  }));
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && (!Number.isNaN(parseFloatOf(text)) || /^nan$/i.test(text.trim()));
}

function timeOf(text: string | undefined): number {
  const time = Date.parse(text ?? "");
  return Number.isFinite(time) ? time : 0;
}
