/** @file A stored experiment -> the report record that src/plot draws. */
import type { Task } from "../data/types.ts";
import type { DatasetInfo, Report } from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import { gridMembers } from "./ablate.ts";
import { chanceScores } from "./baselines.ts";
import type { ScoreCube } from "./cube.ts";
import { ReportError, gridCube } from "./cube.ts";
import { environment } from "./environment.ts";
import { GALLERY_ARTIFACT } from "./evaluate.ts";
import type { StoredRetrieval } from "./gallery.ts";
import { galleryItems } from "./gallery.ts";
import type { Grid } from "./grids.ts";
import { GRIDS, gridOf } from "./grids.ts";
import { OUTSIDE_FIGURES } from "./published.ts";
import { recordedConfig } from "./record.ts";
import { TAGS } from "./tags.ts";
import { baselineRows } from "./report-baselines.ts";
import { curveGroups, maskPoints, tauChart } from "./report-curves.ts";
import { soupSection } from "./report-soups.ts";
import type { Workshop } from "./run.ts";
import { ablationTable, duplicatesControl, effects, ladderRows } from "./tables.ts";

/** The configuration that stands for "our model" in baselines, temperatures and the gallery. */
export const FINAL_CELL = "+HW+FN, tau learned";

const MODALITIES: Report["modalities"] = [
  { id: "image", label: "Image", inOverall: true },
  { id: "video", label: "Video", inOverall: true },
  { id: "visdoc", label: "Documents", inOverall: true },
  { id: "text", label: "Text", inOverall: false },
];

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
  const cube = gridCube(store, experiment, main);
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
    baselines: baselineRows(store, cube, final, test),
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
export function mainGrid(store: RunReader, experiment: string): Grid {
  const order = ["quick", "full", "ladder", "duplicates", "soup"];
  const found = order.find((name) => gridMembers(store, experiment, name).length > 0);
  if (found !== undefined) return gridOf(found);
  throw new ReportError(
    `experiment ${experiment} has no runs of a grid; there are ${Object.keys(GRIDS).join(", ")}`,
  );
}

/** Ladder, control and soups, where the experiment has them whole. */
function optionalSections(store: RunReader, experiment: string): Partial<Report> {
  const has = (grid: string): boolean => gridMembers(store, experiment, grid).length > 0;
  const ladder = gridOf("ladder");
  return {
    ...(has("ladder") ? { ladder: ladderRows(gridCube(store, experiment, ladder), ladder) } : {}),
    ...(has("duplicates")
      ? { duplicates: duplicatesControl(gridCube(store, experiment, gridOf("duplicates"))) }
      : {}),
    ...(has("soup") ? soupSection(store, experiment) : {}),
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
