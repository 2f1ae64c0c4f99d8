/** @file Score cubes -> the records that plots and reports draw: ablation, effects, ladder, control. */
import type {
  AblationRow,
  AblationTable,
  ByLevel,
  Delta,
  DuplicatesControl,
  Effect,
  Estimate,
  LadderRow,
} from "../plot/types.ts";
import type { RunScores, ScoreCube } from "./cube.ts";
import type { Grid } from "./grids.ts";
import { PLANTED } from "./grids.ts";
import type { Observation } from "../eval/index.ts";
import { correctFamily, deltaOf, estimateOf, STATISTICS } from "./compare.ts";
import { PAPER_LADDER } from "./published.ts";

export const SIGNIFICANCE = 0.05;

/** A cell against the baseline; p-values of the overall score are corrected together. */
export function ablationTable(cube: ScoreCube, grid: Grid): AblationTable {
  const rows = grid.cells.map((cell): AblationRow => {
    const members = cube.of(cell.name);
    const isBaseline = cell.name === grid.baseline;
    return {
      name: cell.name,
      changes: cell.changes,
      members: members.length,
      missing: cube.missing[cell.name] ?? 0,
      ...levels(members, (pick) => estimateOf(members.map(pick))),
      domains: byKey(
        members,
        (run) => run.domains,
        (pick) => estimateOf(members.map(pick)),
      ),
      deltas: isBaseline
        ? null
        : deltaLevels(members, (keep) => cellPairs(cube, cell.name, grid.baseline, keep)),
    };
  });
  const corrected = correctFamily(rows.map((row) => row.deltas?.overall ?? null));
  return {
    title: grid.title,
    baseline: grid.baseline,
    rows: rows.map((row, i) =>
      row.deltas === null ? row : { ...row, deltas: { ...row.deltas, overall: corrected[i]! } },
    ),
    alpha: SIGNIFICANCE,
    family: `${rows.length - 1} comparisons of the overall score`,
    statistics: STATISTICS,
    ...(grid.note === undefined ? {} : { note: grid.note }),
  };
}

/** Which data sets a comparison is over. */
type Keep = (task: { modality: string; metaTask: string; name: string }) => boolean;
type Pick = (run: RunScores) => number;

const IN_OVERALL: Keep = ({ modality }) => modality !== "text";

/** Differences at every level that has an interval: from one pair alone there is none (DESIGN D5). */
function deltaLevels(
  members: readonly RunScores[],
  pairsOf: (keep: Keep) => Observation[],
): ByLevel<Delta> | null {
  if (pairsOf(IN_OVERALL).length < 2) return null;
  return levels(members, (_pick, keep) => {
    const pairs = pairsOf(keep);
    return pairs.length < 2 ? undefined : deltaOf(pairs);
  });
}

/** One record at every level of the roll-up; names for which there is none are left out. */
function levels<T>(
  members: readonly RunScores[],
  make: (pick: Pick, keep: Keep) => T | undefined,
): ByLevel<T> {
  const first = members[0];
  const named = (
    names: readonly string[],
    entry: (name: string) => T | undefined,
  ): Record<string, T> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const made = entry(name);
        return made === undefined ? [] : [[name, made] as const];
      }),
    );
  return {
    overall: make((run) => run.overall, IN_OVERALL)!,
    modalities: named(Object.keys(first?.modalities ?? {}), (name) =>
      make(
        (run) => run.modalities[name]!,
        (task) => task.modality === name,
      ),
    ),
    metaTasks: named(Object.keys(first?.metaTasks ?? {}), (name) =>
      make(
        (run) => run.metaTasks[name]!,
        (task) => task.metaTask === name,
      ),
    ),
    datasets: named([...(first?.datasets.keys() ?? [])], (name) =>
      make(
        (run) => run.datasets.get(name)!,
        (task) => task.name === name,
      ),
    ),
  };
}

function byKey<T>(
  members: readonly RunScores[],
  record: (run: RunScores) => Readonly<Record<string, number>>,
  make: (pick: Pick) => T,
): Record<string, T> {
  const names = Object.keys(members[0] === undefined ? {} : record(members[0]));
  return Object.fromEntries(names.map((name) => [name, make((run) => record(run)[name]!)]));
}

/** Differences `cell - baseline` by data set and replicate. */
export function cellPairs(
  cube: ScoreCube,
  cell: string,
  baseline: string,
  keep: Keep = IN_OVERALL,
): Observation[] {
  return contrast(
    cube,
    [
      [cell, 1],
      [baseline, -1],
    ],
    keep,
  );
}

/** A weighted sum of cells for each data set and replicate: main effects and interactions too. */
export function contrast(
  cube: ScoreCube,
  terms: readonly (readonly [cell: string, weight: number])[],
  keep: Keep = IN_OVERALL,
): Observation[] {
  return cube.keys.filter(keep).flatMap(({ name }) =>
    cube.replicates.map((seed) => ({
      dataset: name,
      seed,
      value: terms.reduce((sum, [cell, w]) => sum + w * cube.at(cell, seed).datasets.get(name)!, 0),
    })),
  );
}

const FACTORS = [
  { name: "hardness weighting", has: (cell: string) => cell.includes("+HW") },
  { name: "false-negative mask", has: (cell: string) => cell.includes("+FN") },
  { name: "learned temperature", has: (cell: string) => cell.includes("tau learned") },
] as const;

/** Main effects and two-factor interactions of the factorial, each over all eight cells. */
export function effects(cube: ScoreCube): Effect[] {
  const orders = [
    ...FACTORS.map((factor) => [factor]),
    ...FACTORS.flatMap((a, i) => FACTORS.slice(i + 1).map((b) => [a, b])),
  ];
  return orders.map((factors) => {
    // An interaction is the effect of one factor with the other minus without it.
    const scale = 2 ** factors.length / cube.cells.length;
    const terms = cube.cells.map((cell) => {
      const sign = factors.reduce((s, { has }) => s * (has(cell) ? 1 : -1), 1);
      return [cell, sign * scale] as const;
    });
    const modalities = [...new Set(cube.keys.map((key) => key.modality))];
    return {
      name: factors.map((f) => f.name).join(" x "),
      order: factors.length === 1 ? "main" : "interaction",
      overall: deltaOf(contrast(cube, terms)),
      modalities: Object.fromEntries(
        modalities.map((m) => [m, deltaOf(contrast(cube, terms, (task) => task.modality === m))]),
      ),
    };
  });
}

/** The paper's ladder, ours beside its own figures. */
export function ladderRows(cube: ScoreCube, grid: Grid): LadderRow[] {
  return grid.cells.map((cell) => {
    const members = cube.of(cell.name);
    const { overall, modalities } = levels(members, (pick) => estimateOf(members.map(pick)));
    return {
      name: cell.name,
      changes: cell.changes,
      ours: { overall, modalities },
      delta:
        cell.name === grid.baseline ? null : deltaOf(cellPairs(cube, cell.name, grid.baseline)),
      paper: PAPER_LADDER[cell.name] ?? null,
    };
  });
}

/** Clean against planted duplicates, and how much more the mask gives where weighting is on. */
export function duplicatesControl(cube: ScoreCube): DuplicatesControl {
  const names = ["baseline", "+HW", "+FN", "+HW+FN"];
  const planted = (name: string): string => `${name}, planted`;
  const estimate = (cell: string): Estimate => estimateOf(cube.of(cell).map((run) => run.overall));
  const interaction: Delta = deltaOf(
    contrast(cube, [
      [planted("+HW+FN"), 1],
      [planted("+HW"), -1],
      [planted("+FN"), -1],
      [planted("baseline"), 1],
    ]),
  );
  return {
    rate: PLANTED,
    rows: names.map((name) => ({
      name,
      clean: estimate(name),
      planted: estimate(planted(name)),
      change: deltaOf(cellPairs(cube, planted(name), name)),
    })),
    interaction,
  };
}
