/** @file Every query of a data set under two configurations: who found what where, and what changed most. */
import type { GalleryItem, QueryChange, QueryPage } from "../plot/types.ts";
import { blockDelta, meanPerQuery } from "./blocks.ts";
import type { QueryValues } from "./blocks.ts";
import type { ScoreCube } from "./cube.ts";
import { ReportError, gridCube } from "./cube.ts";
import type { PerQueryScores } from "./evaluate.ts";
import { GALLERY_ARTIFACT, PER_QUERY_ARTIFACT } from "./evaluate.ts";
import type { StoredRetrieval } from "./gallery.ts";
import { galleryItems, media } from "./gallery.ts";
import { mainGrid } from "./report.ts";
import type { Workshop } from "./run.ts";

export type QueryChoice = {
  readonly task: string;
  readonly configuration: string;
  readonly before: string;
  readonly offset: number;
  readonly limit: number;
};

/**
 * A page of the data set's queries, those whose rank changed most first; retrievals that runs kept come
 * with them.
 *
 * @throws ReportError for a task, configuration or experiment that is not there.
 */
export async function queriesOf(
  shop: Workshop,
  experiment: string,
  { task: name, configuration, before, offset, limit }: QueryChoice,
): Promise<QueryPage> {
  const grid = mainGrid(shop.store, experiment);
  const cube = gridCube(shop.store, experiment, grid);
  const tasks = await shop.tasks("test");
  const task = tasks.find((one) => one.name === name);
  if (task === undefined) {
    throw new ReportError(
      `no data set "${name}"; there are ${tasks.map((one) => one.name).join(", ")}`,
    );
  }
  const after = sideOf(shop, cube, configuration, name);
  const earlier = sideOf(shop, cube, before, name);
  const changes = task.queries.map((_, i) => ({
    i,
    moved: logRank(after.ranks, i) - logRank(earlier.ranks, i),
    gained: after.values.get(name)![i]! - earlier.values.get(name)![i]!,
  }));
  // Rank 1 instead of 2 matters more than 101 instead of 102: ranks are compared by their logarithms.
  const sorted = changes.toSorted((a, b) => Math.abs(b.moved) - Math.abs(a.moved) || a.i - b.i);
  const pictures = new Map<string, Promise<string>>();
  const queries = sorted.slice(offset, offset + limit).map(async ({ i }): Promise<QueryChange> => {
    const query = task.queries[i]!;
    const shown = async (side: Side): Promise<GalleryItem | undefined> => {
      const retrievals = side.retrievals.filter((r) => r.task === name && r.query === query.id);
      const items = { configuration: side.cell, tasks: [task], retrievals };
      return (await galleryItems(items))[0];
    };
    const [left, right] = [await shown(earlier), await shown(after)];
    return {
      id: query.id,
      query: await media(query.item, pictures),
      ranks: after.ranks.map((ranks) => ranks[i]!),
      ranksBefore: earlier.ranks.map((ranks) => ranks[i]!),
      value: after.values.get(name)![i]!,
      valueBefore: earlier.values.get(name)![i]!,
      results: left === undefined || right === undefined ? null : [left, right],
    };
  });
  const count = (holds: (gained: number) => boolean): number =>
    changes.filter(({ gained }) => holds(gained)).length;
  return {
    task: name,
    metric: task.metric,
    instruction: task.queryInstruction,
    configuration,
    before,
    seeds: cube.replicates,
    total: changes.length,
    offset,
    better: count((gained) => gained > 0),
    worse: count((gained) => gained < 0),
    same: count((gained) => gained === 0),
    delta: configuration === before ? null : blockDelta(after.values, earlier.values, [task]),
    queries: await Promise.all(queries),
  };
}

type Side = {
  readonly cell: string;
  /** Of each seed, in the task's order. */
  readonly ranks: readonly (readonly number[])[];
  readonly values: QueryValues;
  readonly retrievals: readonly StoredRetrieval[];
};

function sideOf(shop: Workshop, cube: ScoreCube, cell: string, task: string): Side {
  if (!cube.cells.includes(cell)) {
    throw new ReportError(`no configuration "${cell}"; there are ${cube.cells.join(", ")}`);
  }
  const runs = cube.of(cell).map(({ runId }) => runId);
  const kept = runs.map((runId) => {
    const bytes = shop.store.readArtifact(runId, PER_QUERY_ARTIFACT);
    const found = (JSON.parse(bytes.toString()) as PerQueryScores)[task];
    if (found === undefined) throw new ReportError(`run ${runId} kept no queries of ${task}`);
    return found;
  });
  const first = shop.store.readArtifact(runs[0]!, GALLERY_ARTIFACT);
  return {
    cell,
    ranks: kept.map(({ ranks }) => ranks),
    values: meanPerQuery(kept.map(({ values }) => new Map([[task, values]]))),
    retrievals: JSON.parse(first.toString()) as StoredRetrieval[],
  };
}

function logRank(ranks: readonly (readonly number[])[], query: number): number {
  return ranks.reduce((sum, own) => sum + Math.log(own[query]!), 0) / ranks.length;
}
