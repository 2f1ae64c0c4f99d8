/** @file The table of what the final model has to beat. */
import type { Task } from "../data/types.ts";
import type { BaselineRow } from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import type { BaselineKind } from "./baselines.ts";
import { BASELINE_TAG, chanceScores } from "./baselines.ts";
import type { QueryValues } from "./blocks.ts";
import { blockDelta, blockEstimate, exact, meanPerQuery, perQueryOf } from "./blocks.ts";
import type { ScoreCube } from "./cube.ts";
import { TAGS } from "./tags.ts";

const STORED = [
  ["pixel ridge", "ridge"],
  ["untrained trunk", "untrained"],
  ["stage 1 trunk", "stage1"],
] as const;

/** Chance, ridge, untrained, stage 1 and the final model, each with what the final one is above it. */
export function baselineRows(
  store: RunReader,
  cube: ScoreCube,
  final: string,
  test: readonly Task[],
): BaselineRow[] {
  const own = meanPerQuery(cube.of(final).map((run) => perQueryOf(store, run.runId)));
  const chance = chanceScores(test);
  const columns = ["overall", ...new Set(test.map((task) => task.modality))];
  const tasksOf = (column: string): readonly Task[] =>
    test.filter(({ modality }) =>
      column === "overall" ? modality !== "text" : modality === column,
    );
  const byColumn = <T>(
    make: (tasks: readonly Task[]) => T,
  ): { overall: T; modalities: Record<string, T> } => ({
    overall: make(tasksOf("overall")),
    modalities: Object.fromEntries(
      columns.slice(1).map((column) => [column, make(tasksOf(column))]),
    ),
  });
  const row = (name: string, kind: BaselineRow["kind"], values: QueryValues): BaselineRow => ({
    name,
    kind,
    ...byColumn((tasks) => blockEstimate(values, tasks)),
    deltas: values === own ? null : byColumn((tasks) => blockDelta(own, values, tasks)),
  });
  const chanceValues: QueryValues = new Map(
    test.map((task) => [task.name, task.queries.map(() => chance.get(task.name)!)]),
  );
  const stored = STORED.flatMap(([name, kind]) => {
    const runId = storedBaseline(store, kind, cube.of(final)[0]!.runId);
    return runId === undefined ? [] : [row(name, kind, perQueryOf(store, runId))];
  });
  const all: BaselineRow[] = [
    {
      ...row("chance", "chance", chanceValues),
      ...byColumn((tasks) => exact(chanceValues, tasks)),
    },
    ...stored,
    row(`stage 2: ${final}`, "stage2", own),
  ];
  return all.sort((a, b) => a.overall.mean - b.overall.mean);
}

/** The newest baseline of a kind on the data, and for stage 1 on the trunk and prompt, of a run. */
function storedBaseline(store: RunReader, kind: BaselineKind, runId: string): string | undefined {
  const { tags, params } = store.run(runId);
  const same = (tag: string): { tag: string; is: "="; value: string } => ({
    tag,
    is: "=",
    value: tags[tag]!,
  });
  const prompt = { param: "model.prompt", is: "=", value: params["model.prompt"]! } as const;
  const [found] = store.searchRuns({
    where: {
      and: [
        { tag: BASELINE_TAG, is: "=", value: kind },
        { attribute: "status", is: "=", value: "FINISHED" },
        same(TAGS.data),
        ...(kind === "stage1" ? [same(TAGS.start)] : []),
        ...(kind === "ridge" ? [] : [prompt]),
      ],
    },
    limit: 1,
  });
  return found?.id;
}
