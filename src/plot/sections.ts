/** @file What a report consists of, in order: the one list that HTML, Markdown and LaTeX are made from. */
import { ablationTable } from "./ablation-table.ts";
import { metaTaskRadar, modalityBars } from "./bars.ts";
import { duplicatesSlope, ladderGains, maskQuality } from "./controls.ts";
import { learningCurves, tauCurves } from "./curves.ts";
import { deltaForest, deltaHeatmap, effectForest } from "./deltas.ts";
import type { Figure } from "./figure.ts";
import { duration } from "./format.ts";
import { baselineOf } from "./levels.ts";
import { lossBarrier, soupLadder } from "./soup.ts";
import type { Table } from "./table.ts";
import {
  baselineTable,
  datasetTable,
  duplicatesTable,
  effectTable,
  ladderTable,
  maskTable,
  soupTable,
} from "./tables.ts";
import type { AblationRow, GalleryItem, Report } from "./types.ts";

export type Block =
  | { readonly kind: "text"; readonly paragraphs: readonly string[] }
  | { readonly kind: "list"; readonly title: string; readonly items: readonly string[] }
  | {
      readonly kind: "figure";
      readonly id: string;
      readonly title: string;
      readonly figure: Figure;
      readonly note?: string;
    }
  | { readonly kind: "table"; readonly table: Table; readonly folded?: boolean }
  | { readonly kind: "gallery"; readonly items: readonly GalleryItem[] }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [string, string])[] }
  | { readonly kind: "command"; readonly command: string };

export type Section = {
  readonly id: string;
  readonly title: string;
  /** One sentence: the question that the section answers. */
  readonly question: string;
  readonly blocks: readonly Block[];
};

/** Sections after the findings. One without its record is left out. */
export function sectionsOf(report: Report): Section[] {
  return [
    ablation(report),
    modalities(report),
    baselines(report),
    training(report),
    maskAndDuplicates(report),
    ladder(report),
    soup(report),
    gallery(report),
    method(report),
    reproduction(report),
  ].filter((section) => section.blocks.length > 0);
}

function ablation({ grid, effects, modalities }: Report): Section {
  return {
    id: "ablation",
    title: "The ablation",
    question: `What does each ingredient change against ${grid.baseline}, and how sure is it?`,
    blocks: [
      { kind: "table", table: ablationTable(grid, modalities) },
      {
        kind: "figure",
        id: "forest",
        title: "Differences from the baseline",
        figure: deltaForest(grid, modalities),
        note: "Bars are 95 % intervals in points. A filled mark is significant after Holm's correction; an open one is not. Only the overall column is corrected and tested.",
      },
      ...(effects && effects.length > 0
        ? ([
            {
              kind: "figure",
              id: "effects",
              title: "Main effects and interactions",
              figure: effectForest(effects, modalities),
              note: "All cells of the factorial grid take part in every effect.",
            },
            { kind: "table", table: effectTable(effects, modalities), folded: true },
          ] as const)
        : []),
    ],
  };
}

function modalities({ grid, modalities, datasets }: Report): Section {
  const radar = metaTaskRadar(radarRows(grid.rows, grid.baseline));
  return {
    id: "modalities",
    title: "By modality and task",
    question: "Where does a gain or a loss come from?",
    blocks: [
      {
        kind: "figure",
        id: "modality-bars",
        title: "Scores by modality",
        figure: modalityBars(grid.rows, modalities),
        note: "Whiskers are 95 % intervals over seeds. A hatched bar is its plain neighbour with another temperature.",
      },
      ...(radar
        ? [
            {
              kind: "figure",
              id: "radar",
              title: "Meta-tasks",
              figure: radar,
              note: "The baseline and the rows that are best or last overall; means over seeds.",
            } as const,
          ]
        : []),
      {
        kind: "figure",
        id: "heatmap",
        title: "Differences by data set",
        figure: deltaHeatmap(grid, datasets, modalities),
        note: "Points against the baseline: blue better, orange worse. An asterisk marks an interval that leaves out 0; with this many cells, some do by chance alone.",
      },
    ],
  };
}

/** The baseline, the best, the last, and the full method if it is none of these: a radar of eight is a knot. */
function radarRows(rows: readonly AblationRow[], baseline: string): AblationRow[] {
  const ranked = [...rows].sort((a, b) => b.overall.mean - a.overall.mean);
  const chosen = new Set([baseline, ranked[0]?.name, ranked.at(-1)?.name]);
  return rows.filter(({ name }) => chosen.has(name));
}

function baselines({ baselines, modalities }: Report): Section {
  return {
    id: "baselines",
    title: "Is anything learned?",
    question:
      "Chance, a closed-form model on pixels and untrained features must all be beaten on held-out concepts.",
    blocks: baselines
      ? [
          { kind: "table", table: baselineTable(baselines, modalities) },
          {
            kind: "figure",
            id: "baseline-bars",
            title: "Trained model and baselines",
            figure: modalityBars(baselines, modalities),
            note: "Whiskers are 95 % intervals.",
          },
        ]
      : [],
  };
}

function training({ curves = [], taus = [] }: Report): Section {
  return {
    id: "training",
    title: "Training",
    question: "Did every configuration train, and what did it do on the way?",
    blocks: [
      ...curves.map((chart, i) => ({
        kind: "figure" as const,
        id: `curve-${i + 1}`,
        title: chart.title,
        figure: learningCurves(chart),
        note: `Mean over seeds with its 95 % interval; each seed's curve is smoothed over a fortieth of its length.${chart.note ? ` ${chart.note}` : ""}`,
      })),
      ...taus.map((chart, i) => ({
        kind: "figure" as const,
        id: `tau-${i + 1}`,
        title: `Learned temperatures: ${chart.configuration}`,
        figure: tauCurves(chart),
        ...(chart.note === undefined ? {} : { note: chart.note }),
      })),
    ],
  };
}

function maskAndDuplicates({ mask, duplicates }: Report): Section {
  return {
    id: "mask",
    title: "The mask and planted duplicates",
    question:
      "Does the mask remove what it should, and do weighting and mask interact as the formulas say?",
    blocks: [
      ...(mask && mask.length > 0
        ? ([
            {
              kind: "figure",
              id: "mask",
              title: "Precision and recall of the mask",
              figure: maskQuality(mask),
              note: "A pair truly matches if the data say that the query's positive and the other target are both right. The large mark is the threshold in use.",
            },
            { kind: "table", table: maskTable(mask), folded: true },
          ] as const)
        : []),
      ...(duplicates
        ? ([
            {
              kind: "figure",
              id: "duplicates",
              title: "Planted duplicates",
              figure: duplicatesSlope(duplicates),
            },
            { kind: "table", table: duplicatesTable(duplicates) },
          ] as const)
        : []),
    ],
  };
}

function ladder({ ladder, modalities }: Report): Section {
  return {
    id: "ladder",
    title: "The paper's ladder",
    question: "Do the paper's own steps point the same way here?",
    blocks: ladder
      ? [
          {
            kind: "figure",
            id: "ladder",
            title: "Gains over the first step",
            figure: ladderGains(ladder),
            note: "Ours with 95 % intervals; the paper gives none.",
          },
          { kind: "table", table: ladderTable(ladder, modalities) },
        ]
      : [],
  };
}

function soup({ soup, barriers, modalities }: Report): Section {
  return {
    id: "soup",
    title: "Model soups",
    question: "Is the mean of several adapters better than the best of them?",
    blocks: [
      ...(soup
        ? ([
            {
              kind: "figure",
              id: "soup",
              title: "From members to soups",
              figure: soupLadder(soup, modalities),
              note: "The dotted line is the best member of the column.",
            },
            { kind: "table", table: soupTable(soup, modalities) },
          ] as const)
        : []),
      ...(barriers && barriers.length > 0
        ? ([
            {
              kind: "figure",
              id: "barrier",
              title: "Loss between members",
              figure: lossBarrier(barriers),
              note: "A hill above the dotted chord is a barrier: the members would not lie in one basin, and averaging them should not help.",
            },
          ] as const)
        : []),
    ],
  };
}

function gallery({ gallery }: Report): Section {
  return {
    id: "gallery",
    title: "What it retrieves",
    question: "Queries with what was ranked first, spread over the tasks and not picked by hand.",
    blocks: gallery && gallery.length > 0 ? [{ kind: "gallery", items: gallery }] : [],
  };
}

function method({ method, datasets }: Report): Section {
  return {
    id: "method",
    title: "Method, and what to keep in mind",
    question: "How the numbers were made, and what they cannot show.",
    blocks: [
      { kind: "text", paragraphs: method.text },
      { kind: "list", title: "Keep in mind", items: method.notes },
      { kind: "table", table: datasetTable(datasets), folded: true },
    ],
  };
}

function reproduction({ reproduction, grid }: Report): Section {
  const { commit, dirty, seeds, digests, machine, versions, wallSeconds } = reproduction;
  const members = grid.rows.reduce((sum, row) => sum + row.members, 0);
  return {
    id: "reproduce",
    title: "Make it again",
    question: `${members} runs of the grid, compared with ${baselineOf(grid).name}.`,
    blocks: [
      { kind: "command", command: reproduction.command },
      {
        kind: "facts",
        facts: [
          ["Commit", dirty ? `${commit} with uncommitted changes` : commit],
          ["Seeds", seeds.join(", ")],
          ["Machine", machine],
          ["Took", duration(wallSeconds)],
          ...Object.entries(versions),
          ...Object.entries(digests).map(
            ([name, digest]) => [`Digest of ${name}`, digest] as const,
          ),
        ],
      },
    ],
  };
}
