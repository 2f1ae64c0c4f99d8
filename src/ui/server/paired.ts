/** @file Configurations against one of them, by modality: the Ablation page's statistics, for any runs. */
import { correctFamily, deltaOf, STATISTICS } from "../../experiments/compare.ts";
import { MAIN_BENCHMARK } from "../../experiments/evaluate.ts";
import type { Observation } from "../../eval/index.ts";
import type { Delta } from "../../plot/types.ts";
import type { Evaluation, RunReader } from "../../tracking/index.ts";
import { configurations, type Line } from "../lines.ts";
import type { PairedPage, PairedRow } from "./types.ts";
import { runRows } from "./run-rows.ts";

/** Intervals take a moment each; more rows aren't read either. */
const MOST_CONFIGURATIONS = 16;
const MOST_RUNS = 500;

/** Scores of one run by data set. */
type Scored = ReadonlyMap<string, Evaluation>;

/** @param against name of the configuration that the others are compared with; default: the oldest's */
export function pairedPage(
  store: RunReader,
  serials: readonly number[],
  against?: string,
): PairedPage {
  const runs = runRows(store.connection, serials.slice(0, MOST_RUNS), ["*"]);
  const scores = Map.groupBy(
    store.evaluations({
      runIds: runs.map(({ id }) => id),
      benchmark: MAIN_BENCHMARK,
      split: "test",
    }),
    ({ runId }) => runId,
  );
  const all = configurations(runs.filter(({ id }) => scores.has(id))).toReversed();
  const names = all.map(({ name }) => name);
  const baseline = all.find(({ name }) => name === against) ?? all[0];
  const others = all.filter((line) => line !== baseline).slice(0, MOST_CONFIGURATIONS);
  const scored = (line: Line): Map<string, Scored> =>
    new Map(
      line.runs.map(({ id, params }) => [
        params["seed"] ?? "0",
        new Map(scores.get(id)!.map((row) => [row.task, row])),
      ]),
    );
  const before = baseline === undefined ? new Map<string, Scored>() : scored(baseline);
  const rows = others.map((line) => rowOf(line.name, scored(line), before));
  const corrected = correctFamily(rows.map(({ overall }) => overall));
  const modalities = new Set([...scores.values()].flat().map(({ modality }) => modality));
  return {
    names,
    against: baseline?.name ?? "",
    modalities: [...modalities].sort(),
    rows: rows.map((row, i) => ({ ...row, overall: corrected[i]! })),
    left: Math.max(0, all.length - 1 - others.length),
    statistics: STATISTICS,
  };
}

/** Pairs are of the same seed and data set. */
function rowOf(
  name: string,
  after: ReadonlyMap<string, Scored>,
  before: ReadonlyMap<string, Scored>,
): PairedRow {
  const seeds = [...after.keys()].filter((seed) => before.has(seed));
  const refused = (problem: string): PairedRow => ({
    name,
    seeds: seeds.length,
    overall: null,
    modalities: {},
    problem,
  });
  if (seeds.length === 0) return refused("no seed in common");
  const gap = seeds.map((seed) => differenceOf(after.get(seed)!, before.get(seed)!)).find(Boolean);
  if (gap !== undefined) return refused(gap);
  const pairs = seeds.flatMap((seed, i) =>
    [...after.get(seed)!.values()].map(({ task, modality, value }) => ({
      modality,
      dataset: task,
      seed: i,
      value: value - before.get(seed)!.get(task)!.value,
    })),
  );
  const modalities = [...Map.groupBy(pairs, ({ modality }) => modality)].flatMap(
    ([modality, own]): [string, Delta][] => {
      const delta = deltaFrom(own);
      return delta === null ? [] : [[modality, delta]];
    },
  );
  return {
    name,
    seeds: seeds.length,
    overall: deltaFrom(pairs.filter(({ modality }) => modality !== "text")),
    modalities: Object.fromEntries(modalities),
    problem: null,
  };
}

/** From one pair alone there is no interval. */
function deltaFrom(pairs: readonly Observation[]): Delta | null {
  return pairs.length < 2 ? null : deltaOf(pairs);
}

/** Why two runs' scores can't be compared. */
function differenceOf(a: Scored, b: Scored): string | undefined {
  const other = [...new Set([...a.keys(), ...b.keys()])].filter(
    (task) => !a.has(task) || !b.has(task),
  );
  if (other.length > 0) return `scored on different data sets: only one has ${other.join(", ")}`;
  const changed = [...a.values()].find(({ task, digest }) => b.get(task)!.digest !== digest);
  return changed && `data set ${changed.task} had other contents`;
}
