/** @file The soup grid -> its ladder and loss barriers. */
import type { BarrierLine, Report, SoupRow } from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import { gridMembers } from "./ablate.ts";
import { deltaOf, estimateOf } from "./compare.ts";
import { gridCube } from "./cube.ts";
import { MIXTURES, SEED_MEMBERS, gridOf } from "./grids.ts";
import { SOUP_WEIGHTS_TAG } from "./soup.ts";
import { SOUP_CELLS } from "./soups.ts";
import { cellPairs } from "./tables.ts";
import { BARRIERS_TAG } from "./tags.ts";

/** Members, soups and, where stored, loss barriers. */
export function soupSection(
  store: RunReader,
  experiment: string,
): Pick<Report, "soup" | "barriers"> {
  const members = gridMembers(store, experiment, "soup");
  const soups = SOUP_CELLS.filter(({ name }) => members.some((m) => m.cell === name));
  const cube = gridCube(
    store,
    experiment,
    gridOf("soup"),
    soups.map(({ name }) => name),
  );
  const memberCells = [...MIXTURES, ...SEED_MEMBERS];
  const meanOf = (cell: string): number => estimateOf(cube.of(cell).map((run) => run.overall)).mean;
  const bestOf = (cells: typeof memberCells): string =>
    cells.map((c) => c.name).reduce((best, name) => (meanOf(name) > meanOf(best) ? name : best));
  const row = (name: string, kind: SoupRow["kind"], against: string | null): SoupRow => ({
    name,
    kind,
    overall: estimateOf(cube.of(name).map((run) => run.overall)),
    modalities: Object.fromEntries(
      Object.keys(cube.of(name)[0]!.modalities).map((m) => [
        m,
        estimateOf(cube.of(name).map((run) => run.modalities[m]!)),
      ]),
    ),
    delta: against === null ? null : deltaOf(cellPairs(cube, name, against)),
  });
  const barriers = store
    .searchRuns({ where: { tag: BARRIERS_TAG, is: "=", value: experiment } })
    .flatMap(
      (run) => JSON.parse(store.readArtifact(run.id, "barriers.json").toString()) as BarrierLine[],
    );
  return {
    soup: [
      ...memberCells.map(({ name }) => row(name, "member", null)),
      ...soups.map(({ name, kind, seedOnly }) => ({
        ...row(name, kind, bestOf(seedOnly ? [...SEED_MEMBERS] : [...MIXTURES])),
        merge: "weights" as const,
        weights: meanShares(
          members.filter((m) => m.cell === name).map((m) => m.run.tags),
          seedOnly,
        ),
      })),
    ],
    ...(barriers.length > 0 ? { barriers } : {}),
  };
}

/** Share of each member, mixtures first, averaged over replicates: greedy soups differ. */
function meanShares(
  tags: readonly Readonly<Record<string, string>>[],
  seedOnly: boolean,
): number[] {
  const own = tags.map((one) => JSON.parse(one[SOUP_WEIGHTS_TAG] ?? "[]") as number[]);
  const mean = [0, 1, 2].map((i) => own.reduce((sum, w) => sum + (w[i] ?? 0), 0) / own.length);
  return seedOnly ? [0, 0, 0, ...mean] : [...mean, 0, 0, 0];
}
