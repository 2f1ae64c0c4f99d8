/** @file A stored experiment -> the report record that src/plot draws. */
import type { Task } from "../data/types.ts";
import type {
  BaselineRow,
  CurveGroup,
  DatasetInfo,
  Report,
  Series,
  SoupRow,
} from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import { gridMembers } from "./ablate.ts";
import { BASELINE_TAG, chanceScores } from "./baselines.ts";
import { blockDelta, blockEstimate, exact, perQueryOf, meanPerQuery } from "./blocks.ts";
import type { QueryValues } from "./blocks.ts";
import { deltaOf, estimateOf } from "./compare.ts";
import type { ScoreCube } from "./cube.ts";
import { readCube } from "./cube.ts";
import { environment } from "./environment.ts";
import { GALLERY_ARTIFACT } from "./evaluate.ts";
import type { StoredRetrieval } from "./gallery.ts";
import { galleryItems } from "./gallery.ts";
import type { Grid } from "./grids.ts";
import { GRIDS, MIXTURES, SEED_MEMBERS, gridOf } from "./grids.ts";
import { OUTSIDE_FIGURES } from "./published.ts";
import { TAGS, recordedConfig } from "./record.ts";
import type { Workshop } from "./run.ts";
import { SOUP_CELLS } from "./soups.ts";
import { ablationTable, cellPairs, duplicatesControl, effects, ladderRows } from "./tables.ts";

/** The configuration that stands for "our model" in baselines, temperatures and the gallery. */
export const FINAL_CELL = "+HW+FN, tau learned";
/** Points of a curve; more only make the page larger. */
const CURVE_POINTS = 60;

const MODALITIES: Report["modalities"] = [
  { id: "image", label: "Image", inOverall: true },
  { id: "video", label: "Video", inOverall: true },
  { id: "visdoc", label: "Documents", inOverall: true },
  { id: "text", label: "Text", inOverall: false },
];

/** An experiment without what a report needs; `code` is NO_RESULTS. */
export class ReportError extends Error {
  override readonly name = "ReportError";
  readonly code = "NO_RESULTS";
}

export type ReportOptions = {
  /** What a person types to make it again. */
  readonly command: string;
  readonly wallSeconds: number;
  /** ISO 8601; default now. */
  readonly generatedAt?: string;
};

/** Everything the store knows of an experiment's grids, as one report. */
export async function buildReport(
  shop: Workshop,
  experiment: string,
  { command, wallSeconds, generatedAt = new Date().toISOString() }: ReportOptions,
): Promise<Report> {
  const { store } = shop;
  const test = await shop.tasks("test");
  const main = mainGrid(store, experiment);
  const cube = cubeOf(store, experiment, main);
  const { commit, dirtyDiff, versions, machine } = await environment();
  const factorial = main.name === "quick" || main.name === "full";
  const final = main.cells.some((cell) => cell.name === FINAL_CELL)
    ? FINAL_CELL
    : main.cells.at(-1)!.name;
  const some = cube.at(final, cube.replicates[0]!);
  return {
    title: main.title,
    experiment,
    generatedAt,
    summary: summaryOf(cube, main, test),
    remarks: OUTSIDE_FIGURES,
    modalities: MODALITIES.filter(({ id }) => test.some((task) => task.modality === id)),
    datasets: datasetsOf(test),
    grid: ablationTable(cube, main),
    ...(factorial ? { effects: effects(cube) } : {}),
    baselines: baselineRows(store, experiment, cube, final, test),
    curves: [
      {
        title: "Training loss",
        metric: "loss (nats)",
        groups: curveGroups(store, cube, "loss"),
        note: "Weighted losses are not comparable in value with unweighted ones.",
      },
    ],
    ...(factorial ? { taus: [tauChart(store, cube, final)], mask: maskPoints(store, cube) } : {}),
    ...optionalSections(store, experiment),
    gallery: await gallery(store, cube, final, main.baseline, test),
    method: method(store, some.runId),
    reproduction: {
      command,
      commit,
      dirty: dirtyDiff !== "",
      seeds: cube.replicates,
      digests: {
        data: store.run(some.runId).tags[TAGS.data]!,
        trunk: store.run(some.runId).tags[TAGS.start]!,
      },
      machine,
      versions,
      wallSeconds,
    },
  };
}

/** The grid the report is about: the first of these that has runs. */
function mainGrid(store: RunReader, experiment: string): Grid {
  const order = ["quick", "full", "ladder", "duplicates", "soup"];
  const found = order.find((name) => gridMembers(store, experiment, name).length > 0);
  if (found !== undefined) return gridOf(found);
  throw new ReportError(
    `experiment ${experiment} has no runs of a grid; there are ${Object.keys(GRIDS).join(", ")}`,
  );
}

function cubeOf(
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

/** Ladder, control and soups, where the experiment has them whole. */
function optionalSections(store: RunReader, experiment: string): Partial<Report> {
  const has = (grid: string): boolean => gridMembers(store, experiment, grid).length > 0;
  const ladder = gridOf("ladder");
  return {
    ...(has("ladder") ? { ladder: ladderRows(cubeOf(store, experiment, ladder), ladder) } : {}),
    ...(has("duplicates")
      ? { duplicates: duplicatesControl(cubeOf(store, experiment, gridOf("duplicates"))) }
      : {}),
    ...(has("soup") ? soupSection(store, experiment) : {}),
  };
}

function soupSection(store: RunReader, experiment: string): Partial<Report> {
  const members = gridMembers(store, experiment, "soup");
  const soups = SOUP_CELLS.filter(({ name }) => members.some((m) => m.cell === name));
  const cube = cubeOf(
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
    .searchRuns({ where: { tag: "rzenlab.barriers", is: "=", value: experiment } })
    .flatMap(
      (run) =>
        JSON.parse(store.readArtifact(run.id, "barriers.json").toString()) as Report["barriers"] &
          object,
    );
  return {
    soup: [
      ...memberCells.map(({ name }) => row(name, "member", null)),
      ...soups.map(({ name, kind, seedOnly }) => ({
        ...row(name, kind, bestOf(seedOnly ? [...SEED_MEMBERS] : [...MIXTURES])),
        merge: "weights" as const,
      })),
    ],
    ...(barriers.length > 0 ? { barriers } : {}),
  };
}

function summaryOf(cube: ScoreCube, grid: Grid, test: readonly Task[]): string {
  return (
    `${grid.cells.length} configurations, each trained with ${cube.replicates.length} seeds on equal data, steps and batches, ` +
    `scored on ${test.length} held-out tasks of mini-MMEB over text, images, videos and visual documents. ` +
    `Every difference is paired by data set and seed.`
  );
}

function datasetsOf(test: readonly Task[]): DatasetInfo[] {
  const chance = chanceScores(test);
  return test.map(({ name, modality, metaTask, kind, domain, metric, queries, corpus }) => ({
    name,
    modality,
    metaTask,
    kind,
    domain,
    metric,
    queries: queries.length,
    candidates: corpus.size,
    chance: chance.get(name)!,
  }));
}

/** Chance, ridge, untrained, stage 1 and the final model, each with what the final one is above it. */
function baselineRows(
  store: RunReader,
  experiment: string,
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
  const stored = (
    [
      ["pixel ridge", "ridge"],
      ["untrained trunk", "untrained"],
      ["stage 1 trunk", "stage1"],
    ] as const
  ).flatMap(([name, kind]) => {
    const [run] = store.searchRuns({
      where: {
        and: [
          { tag: BASELINE_TAG, is: "=", value: kind },
          { attribute: "status", is: "=", value: "FINISHED" },
          {
            tag: TAGS.data,
            is: "=",
            value: store.run(cube.at(final, cube.replicates[0]!).runId).tags[TAGS.data]!,
          },
        ],
      },
      limit: 1,
    });
    return run === undefined ? [] : [row(name, kind, perQueryOf(store, run.id))];
  });
  const all: BaselineRow[] = [
    {
      ...row("chance", "chance", chanceValues),
      ...byColumn((tasks) => exact(chanceValues, tasks)),
    },
    ...stored,
    row(`stage 2: ${final}`, "stage2", own),
  ];
  void experiment;
  return all.sort((a, b) => a.overall.mean - b.overall.mean);
}

function curveGroups(store: RunReader, cube: ScoreCube, key: string): CurveGroup[] {
  return cube.cells.map((name) => ({
    name,
    members: cube.of(name).map(({ runId, replicate }) => series(store, runId, replicate, key)),
  }));
}

/** A metric's history as means of equal stretches of steps. */
function series(store: RunReader, runId: string, seed: number, key: string): Series {
  const points = store.history(runId, key);
  const size = Math.max(1, Math.ceil(points.length / CURVE_POINTS));
  const steps: number[] = [];
  const values: number[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    steps.push(part.at(-1)!.step);
    values.push(part.reduce((sum, { value }) => sum + value, 0) / part.length);
  }
  return { seed, steps, values };
}

function tauChart(
  store: RunReader,
  cube: ScoreCube,
  cell: string,
): NonNullable<Report["taus"]>[number] {
  const { temperature } = recordedConfig(store, cube.of(cell)[0]!.runId).loss;
  const keys = store
    .series(cube.of(cell)[0]!.runId)
    .map(({ key }) => key)
    .filter((key) => key.startsWith("tau/"));
  return {
    configuration: cell,
    tasks: keys.map((key) => ({
      name: key.slice("tau/".length),
      members: cube.of(cell).map(({ runId, replicate }) => series(store, runId, replicate, key)),
    })),
    initial: temperature.init,
    clamp: [temperature.min, temperature.max],
  };
}

/** Mask quality of every cell that masks, averaged over steps where it is defined. */
function maskPoints(store: RunReader, cube: ScoreCube): NonNullable<Report["mask"]> {
  return cube.cells
    .filter((cell) => cell.includes("+FN"))
    .flatMap((cell) => {
      const { delta } = recordedConfig(store, cube.of(cell)[0]!.runId).loss;
      if (delta === null) return [];
      const over = (key: string): number[] =>
        cube.of(cell).flatMap(({ runId }) => {
          const points = store.history(runId, key);
          return points.length === 0
            ? []
            : [points.reduce((sum, p) => sum + p.value, 0) / points.length];
        });
      const [precision, recall, rate] = ["maskPrecision", "maskRecall", "maskRate"].map(over);
      if (precision!.length === 0 || recall!.length === 0) return [];
      return [
        {
          configuration: cell,
          threshold: delta,
          precision: estimateOf(precision!),
          recall: estimateOf(recall!),
          rate: estimateOf(rate!),
          used: true,
        },
      ];
    });
}

async function gallery(
  store: RunReader,
  cube: ScoreCube,
  cell: string,
  baseline: string,
  test: readonly Task[],
): Promise<NonNullable<Report["gallery"]>> {
  const of = (name: string): readonly StoredRetrieval[] =>
    JSON.parse(
      store.readArtifact(cube.of(name)[0]!.runId, GALLERY_ARTIFACT).toString(),
    ) as StoredRetrieval[];
  return galleryItems({
    configuration: cell,
    tasks: test,
    retrievals: of(cell),
    before: { configuration: baseline, retrievals: of(baseline) },
  });
}

function method(store: RunReader, runId: string): Report["method"] {
  const { model, steps, batchSize, optimizer, sampler, loss } = recordedConfig(store, runId);
  const cap =
    sampler.capPerDataset === null ? "" : `, at most ${sampler.capPerDataset} pairs a data set`;
  return {
    text: [
      `Model: the ${model.scale} encoder (Qwen2-VL-shaped, last-token pooling, unit norm) from ${model.init}, adapter: ${model.adapter.kind}.`,
      `Training: ${steps} steps of ${batchSize} pairs from one data set each${cap}; AdamW, peak learning rate ${optimizer.learningRate}, ${optimizer.schedule} schedule.`,
      `Loss: InfoNCE with in-batch negatives, starting temperature ${loss.temperature.init}; hardness weight exp(9 s) with stopped gradient, mask at target similarity above 0.95.`,
      "Evaluation: MMEB-V2's protocol. hit@1 for images and video, linear nDCG@5 for documents; a tie counts against the positive.",
    ],
    notes: [
      "Encoder, data and compute are far below the paper's: compare signs and order, not values.",
      "Text tasks are reported beside the average, never in it: MMEB-V2 has none.",
      "Retrieval examples are spread evenly over each task, not chosen by outcome.",
    ],
  };
}
