/** @file `compare`: stored runs side by side, with intervals and paired differences. */
import { runScores, scoreCube } from "../experiments/cube.ts";
import { ablationTable as paired } from "../experiments/tables.ts";
import type { Figure } from "../plot/index.ts";
import {
  type AblationTable,
  ablationTable as asTable,
  deltaForest,
  modalitiesOf,
  modalityBars,
  tableHtml,
  tableMarkdown,
} from "../plot/index.ts";
import type { Run } from "../tracking/index.ts";
import { Shown } from "./bundle.ts";
import { figure } from "./figure.ts";
import type { RunFilter } from "./runs.ts";
import { runs, withStore } from "./runs.ts";

/** Runs that differ by seed alone, in the same order as those of the others. */
export type Group = { readonly name: string; readonly runIds: readonly string[] };

export type CompareOptions = {
  /** Name of the group the others are compared with; default the first. */
  readonly baseline?: string;
  readonly home?: string;
};

/** Scores of groups; as a cell's result a table. */
export class Comparison extends Shown {
  /** Means, intervals and paired differences, at every level of the roll-up. */
  readonly table: AblationTable;

  constructor(table: AblationTable) {
    const shown = asTable(table, modalitiesOf(table));
    super(tableMarkdown(shown), () => ({
      "text/html": tableHtml(shown),
      "text/markdown": tableMarkdown(shown),
    }));
    this.table = table;
  }

  /** Mean scores as bars with intervals. */
  bars(): Shown {
    return figure(modalityBars(this.table.rows, modalitiesOf(this.table)));
  }

  /** Differences from the baseline with intervals. */
  forest(): Shown {
    return figure(this.forestFigure());
  }

  forestFigure(): Figure {
    return deltaForest(this.table, modalitiesOf(this.table));
  }
}

/**
 * Compares runs: ids, groups of ids, or whatever a filter finds (its runs are grouped by name, without
 * a trailing `#seed`). Differences are paired by data set and position within the group.
 */
export function compare(
  what: readonly string[] | readonly Group[] | RunFilter,
  { baseline, home }: CompareOptions = {},
): Comparison {
  const groups = groupsOf(what, home);
  const first = groups[0];
  if (first === undefined) throw new RangeError("compare: no runs to compare");
  const base = baseline ?? first.name;
  if (!groups.some(({ name }) => name === base)) {
    const names = groups.map(({ name }) => name).join(", ");
    throw new RangeError(`compare: the baseline "${base}" is none of ${names}`);
  }
  const rows = withStore(home, (store) =>
    store.evaluations({ runIds: groups.flatMap(({ runIds }) => runIds), split: "test" }),
  );
  const byRun = Map.groupBy(rows, ({ runId }) => runId);
  const scores = groups.flatMap(({ name, runIds }) =>
    runIds.map((id, replicate) => {
      const own = byRun.get(id);
      if (own !== undefined) return runScores(id, name, replicate, own);
      throw new RangeError(`compare: run ${id} has no test scores`);
    }),
  );
  const cube = scoreCube(
    groups.map(({ name }) => name),
    scores,
    rows,
  );
  const cells = groups.map(({ name }) => ({ name, changes: "", patch: {} }));
  const grid = { name: "compare", title: "Stored runs", base: {}, baseline: base, cells };
  return new Comparison(paired(cube, grid));
}

function groupsOf(
  what: readonly string[] | readonly Group[] | RunFilter,
  home: string | undefined,
): Group[] {
  if (!Array.isArray(what)) {
    const found = runs({ ...(home === undefined ? {} : { home }), ...(what as RunFilter) });
    const scored = found.filter((run) => run.tags["rzenlab.scored"] === "true");
    const byName = Map.groupBy(scored, stem);
    return [...byName].map(([name, own]) => ({ name, runIds: bySeed(own).map(({ id }) => id) }));
  }
  const list = what as readonly (string | Group)[];
  return list.map((one) =>
    typeof one === "string" ? { name: one.slice(0, 8), runIds: [one] } : one,
  );
}

/** "quick +HW #2" -> "quick +HW" */
function stem({ name }: Run): string {
  return name.replace(/ #\d+$/, "");
}

function bySeed(own: readonly Run[]): Run[] {
  return own.toSorted((a, b) => Number(a.params["seed"]) - Number(b.params["seed"]));
}
