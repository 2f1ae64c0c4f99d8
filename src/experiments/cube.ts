/** @file Scores of a grid as one table: cell x replicate x data set, with the benchmark's averages. */
import type { DatasetKey } from "../eval/index.ts";
import { averageScores } from "../eval/index.ts";
import type { Evaluation, RunReader } from "../tracking/index.ts";
import { gridMembers } from "./ablate.ts";
import type { Grid } from "./grids.ts";
import { MAIN_BENCHMARK } from "./evaluate.ts";

/** One run's test scores, fractions. */
export type RunScores = {
  readonly runId: string;
  readonly cell: string;
  readonly replicate: number;
  /** By data set. */
  readonly datasets: ReadonlyMap<string, number>;
  readonly overall: number;
  readonly modalities: Readonly<Record<string, number>>;
  readonly metaTasks: Readonly<Record<string, number>>;
  readonly domains: Readonly<Record<string, number>>;
};

export type ScoreCube = {
  readonly cells: readonly string[];
  /** Replicates every cell has: the only ones that pair up. */
  readonly replicates: readonly number[];
  readonly keys: readonly DatasetKey[];
  at(cell: string, replicate: number): RunScores;
  /** Whole replicates of a cell, in the order of `replicates`. */
  of(cell: string): RunScores[];
  /** Replicates that are missing or failed in some cell. */
  readonly missing: Readonly<Record<string, number>>;
};

/**
 * Reads a grid's scores from the store. Replicates that some cell lacks are left out of every cell, so
 * that each difference is paired; how many each cell lacks is counted, not hidden.
 */
export function readCube(
  store: RunReader,
  experiment: string,
  grid: string,
  cells: readonly string[],
): ScoreCube {
  const members = gridMembers(store, experiment, grid).filter((m) => cells.includes(m.cell));
  const rows = store.evaluations({
    runIds: members.map((m) => m.run.id),
    benchmark: MAIN_BENCHMARK,
    split: "test",
  });
  const byRun = Map.groupBy(rows, (row) => row.runId);
  sameData(`experiment ${experiment}, grid ${grid}`, members, byRun);
  const runs = new Map<string, RunScores>();
  for (const { cell, replicate, run } of members) {
    const evaluations = byRun.get(run.id);
    if (evaluations !== undefined)
      runs.set(`${cell}\n${replicate}`, runScores(run.id, cell, replicate, evaluations));
  }
  return scoreCube(cells, [...runs.values()], rows);
}

/** Averages over different data sets say nothing of the configurations, so they are refused. */
function sameData(
  where: string,
  members: readonly { cell: string; replicate: number; run: { id: string } }[],
  byRun: ReadonlyMap<string, readonly Evaluation[]>,
): void {
  const seen = new Map<string, { digest: string; by: string }>();
  const scored = members.flatMap(({ cell, replicate, run }) => {
    const rows = byRun.get(run.id);
    return rows === undefined ? [] : [{ by: `${cell} (seed ${replicate})`, rows }];
  });
  for (const { by, rows } of scored) {
    for (const { task, digest } of rows) {
      const first = seen.get(task) ?? { digest: digest ?? "", by };
      seen.set(task, first);
      if (first.digest !== (digest ?? "")) {
        throw new ReportError(
          `${where}: data set ${task} had other contents for ${by} than for ${first.by} (digests ${digest ?? "none"} and ${first.digest || "none"}), so their scores can't be compared`,
        );
      }
    }
  }
  const gaps = scored.flatMap(({ by, rows }) => {
    const has = new Set(rows.map(({ task }) => task));
    const lacks = [...seen.keys()].filter((task) => !has.has(task));
    return lacks.length === 0 ? [] : [`${by} lacks ${lacks.join(", ")}`];
  });
  if (gaps.length > 0) {
    throw new ReportError(
      `${where}: runs were scored on different data sets, so their averages can't be compared: ${gaps.join("; ")}`,
    );
  }
}

/** The cube of scored runs; `keys` describe the data sets. */
export function scoreCube(
  cells: readonly string[],
  runs: readonly RunScores[],
  keys: readonly (DatasetKey | Evaluation)[],
): ScoreCube {
  const all = [...new Set(runs.map((run) => run.replicate))].sort((a, b) => a - b);
  const find = (cell: string, replicate: number): RunScores | undefined =>
    runs.find((run) => run.cell === cell && run.replicate === replicate);
  const replicates = all.filter((r) => cells.every((cell) => find(cell, r) !== undefined));
  const at = (cell: string, replicate: number): RunScores => {
    const found = find(cell, replicate);
    if (found === undefined) throw new RangeError(`no scores of ${cell} in replicate ${replicate}`);
    return found;
  };
  const byName = new Map(keys.map((key) => [nameOf(key), keyOf(key)]));
  return {
    cells,
    replicates,
    keys: [...byName.values()],
    at,
    of: (cell) => replicates.map((r) => at(cell, r)),
    missing: Object.fromEntries(
      cells.map((cell) => [cell, all.filter((r) => find(cell, r) === undefined).length]),
    ),
  };
}

/** A run's evaluation rows with the benchmark's averages. */
export function runScores(
  runId: string,
  cell: string,
  replicate: number,
  evaluations: readonly Evaluation[],
): RunScores {
  const scores = evaluations.map((row) => ({ ...keyOf(row), score: row.value }));
  const averages = averageScores(scores).all;
  const level = (name: string): Record<string, number> =>
    Object.fromEntries(
      averages
        .filter((a) => a.level === name && a.value !== null)
        .map((a) => [shortName(a.name), a.value!]),
    );
  const domains = averages.filter((a) => a.level === "domain" && a.name.startsWith("domain:"));
  return {
    runId,
    cell,
    replicate,
    datasets: new Map(scores.map(({ name, score }) => [name, score])),
    overall: averages.find((a) => a.level === "overall")?.value ?? Number.NaN,
    modalities: level("modality"),
    metaTasks: level("metaTask"),
    domains: Object.fromEntries(domains.map((a) => [a.name.slice("domain:".length), a.value!])),
  };
}

/** "image/I-CLS" -> "I-CLS". */
function shortName(name: string): string {
  return name.split("/").at(-1)!;
}

function nameOf(key: DatasetKey | Evaluation): string {
  return "task" in key ? key.task : key.name;
}

function keyOf(key: DatasetKey | Evaluation): DatasetKey {
  const { modality, metaTask, domain } = key;
  return { name: nameOf(key), modality, metaTask, domain };
}

/** An experiment without what a report needs; `code` is NO_RESULTS. */
export class ReportError extends Error {
  override readonly name = "ReportError";
  readonly code = "NO_RESULTS";
}

/** The cube of a grid; an error that says what is missing where no replicate is whole. */
export function gridCube(
  store: RunReader,
  experiment: string,
  grid: Grid,
  more: readonly string[] = [],
): ScoreCube {
  const cells = [...grid.cells.map((cell) => cell.name), ...more];
  const cube = readCube(store, experiment, grid.name, cells);
  if (cube.replicates.length > 0) return cube;
  const missing = cells.filter(
    (cell) => !gridMembers(store, experiment, grid.name).some((m) => m.cell === cell),
  );
  throw new ReportError(
    `experiment ${experiment}: no seed of grid ${grid.name} has every cell scored; missing: ${missing.join(", ") || "scores"}`,
  );
}
