/** @file The other tables of a report: baselines, effects, ladder, soup, duplicates, mask, data sets. */
import { deltaCell, marksOf, scoreCell, scoreColumn } from "./ablation-table.ts";
import { delta as deltaText, estimate, interval, percent, points } from "./format.ts";
import { columnsOf, modalityColumns, type ModalityLabel } from "./levels.ts";
import { intervalLimit } from "./svg.ts";
import type { Cell, Table } from "./table.ts";
import type {
  BaselineRow,
  DatasetInfo,
  Delta,
  DuplicatesControl,
  Effect,
  LadderRow,
  MaskPoint,
  SoupRow,
} from "./types.ts";

const right = (label: string, title?: string) =>
  title === undefined
    ? ({ label, align: "right" } as const)
    : ({ label, align: "right", title } as const);
const left = (label: string) => ({ label, align: "left" }) as const;

export function baselineTable(
  rows: readonly BaselineRow[],
  modalities: readonly ModalityLabel[],
): Table {
  const columns = columnsOf(modalities);
  const final = rows.find((row) => row.deltas === null)?.name ?? "the model";
  return {
    id: "baselines",
    caption: `What ${final} has to beat`,
    columns: [left("System"), ...columns.map(scoreColumn), right(`${final} ahead by`, "in points")],
    rows: rows.map((row) => ({
      colourOf: row.name,
      ...(row.deltas === null ? { emphasis: "baseline" as const } : {}),
      cells: [
        { text: row.name, ...(row.note === undefined ? {} : { detail: row.note }) },
        ...columns.map((column) => scoreCell(column.estimate(row), undefined)),
        plainDelta(row.deltas?.overall),
      ],
    })),
    notes: ["Scores in percent with 95 % intervals on held-out data; the last column in points."],
  };
}

export function effectTable(
  effects: readonly Effect[],
  modalities: readonly ModalityLabel[],
): Table {
  const columns = columnsOf(modalities);
  const limit = intervalLimit(effects.map(({ overall }) => overall));
  return {
    id: "effects",
    caption: "Main effects and interactions",
    columns: [left("Effect"), ...columns.map(scoreColumn)],
    rows: effects.map((effect) => ({
      cells: [
        { text: effect.name.replaceAll(" x ", " × "), detail: effect.order },
        ...columns.map((column): Cell => {
          const delta = column.delta({ deltas: effect });
          return column.id === "overall" ? deltaCell(delta, 0.05, limit) : plainDelta(delta);
        }),
      ],
    })),
    notes: [
      "In points with 95 % intervals. A main effect is the mean difference over all settings of the other factors; an interaction is the effect of one factor with the other minus without it.",
    ],
  };
}

export function ladderTable(
  rows: readonly LadderRow[],
  modalities: readonly ModalityLabel[],
): Table {
  const columns = modalityColumns(modalities).filter((column) => !column.beside);
  const first = rows[0]?.paper ?? undefined;
  const limit = intervalLimit(rows.map(({ delta }) => delta));
  return {
    id: "ladder",
    caption: "The paper's ladder, ours beside the paper's own figures",
    columns: [
      left("Step"),
      ...["Ours", "Δ ours", "Paper", "Δ paper"].map((label) => right(label)),
      ...columns.map(({ label }) => right(label, "ours, and the paper's below")),
    ],
    rows: rows.map(({ name, changes, ours, delta, paper }, i) => ({
      ...(i === 0 ? { emphasis: "baseline" as const } : {}),
      cells: [
        { text: name, detail: changes },
        scoreCell(ours.overall, undefined),
        deltaCell(delta, 0.05, limit),
        { text: percent(paper?.overall) },
        { text: i > 0 && paper && first ? points(paper.overall - first.overall) : "" },
        ...columns.map((column) => ({
          text: percent(column.estimate(ours)?.mean),
          detail: `paper ${percent(paper?.modalities[column.id])}`,
        })),
      ],
    })),
    notes: [
      "Paper: Qwen2-VL-2B on the 78 data sets of MMEB-V2. Ours: another model, other data, another scale. Compare signs and order, not values.",
    ],
  };
}

export function soupTable(rows: readonly SoupRow[], modalities: readonly ModalityLabel[]): Table {
  const columns = columnsOf(modalities);
  const marks = columns.map((column) => marksOf(rows.map((row) => column.estimate(row))));
  const limit = intervalLimit(rows.map(({ delta }) => delta));
  return {
    id: "soup",
    caption: "Members and soups",
    columns: [
      left("Model"),
      left("Merge"),
      left("Shares"),
      ...columns.map(scoreColumn),
      right("Δ overall", "against the best member, in points"),
    ],
    rows: rows.map((row, i) => ({
      cells: [
        { text: row.name, detail: row.kind },
        { text: row.merge ?? "" },
        { text: row.weights?.map((share) => share.toFixed(2)).join(" : ") ?? "" },
        ...columns.map((column, c) => scoreCell(column.estimate(row), marks[c]![i])),
        deltaCell(row.delta, 0.05, limit),
      ],
    })),
    notes: [
      "Δ in points against the best member. Merge: delta averages the products of the adapters' factors, factors the factors themselves (with cross terms), weights whole parameters.",
    ],
  };
}

export function duplicatesTable(control: DuplicatesControl): Table {
  const limit = intervalLimit(control.rows.map(({ change }) => change));
  return {
    id: "duplicates",
    caption: `Planted duplicates: ${percent(control.rate, 0)} % of a batch's targets`,
    columns: [left("Configuration"), right("As it is"), right("Planted"), right("Change")],
    rows: control.rows.map(({ name, clean, planted, change }) => ({
      colourOf: name,
      cells: [
        { text: name },
        scoreCell(clean, undefined),
        scoreCell(planted, undefined),
        deltaCell(change, 0, limit),
      ],
    })),
    notes: [
      ...(control.interaction
        ? [
            `Interaction (the mask's benefit with weighting minus without it, on planted data): ${deltaText(control.interaction)} points.`,
          ]
        : []),
      ...(control.note === undefined ? [] : [control.note]),
    ],
  };
}

export function maskTable(marks: readonly MaskPoint[]): Table {
  return {
    id: "mask",
    caption: "What the false-negative mask finds",
    columns: [
      left("Configuration"),
      right("Threshold δ"),
      right("Precision (%)", "share of masked pairs that truly match"),
      right("Recall (%)", "share of matching pairs that are masked"),
      right("Masked (%)", "share of all negatives that are masked"),
    ],
    rows: marks.map(({ configuration, threshold, precision, recall, rate, used }) => ({
      colourOf: configuration,
      cells: [
        { text: configuration },
        { text: `${threshold}`, ...(used ? { detail: "in use" } : {}) },
        { text: estimate(precision) },
        { text: estimate(recall) },
        { text: percent(rate.mean, 2) },
      ],
    })),
    notes: [],
  };
}

export function datasetTable(datasets: readonly DatasetInfo[]): Table {
  return {
    id: "datasets",
    caption: "The tasks",
    columns: [
      ...["Task", "Modality", "Meta-task", "Inputs", "Domain", "Metric"].map(left),
      right("Queries"),
      right("Candidates"),
      right("Chance (%)"),
    ],
    rows: datasets.map((task) => ({
      cells: [
        { text: task.name },
        { text: task.modality },
        { text: task.metaTask },
        { text: task.kind },
        { text: task.domain === null ? "" : task.domain },
        { text: task.metric },
        { text: `${task.queries}` },
        { text: `${task.candidates}` },
        { text: percent(task.chance) },
      ],
    })),
    notes: [
      "Inputs: real (taken as they are), composed (real parts put together by us), synthetic (drawn by us). Domain: IND as in training, OOD an unseen style, table or package.",
    ],
  };
}

/** A difference without drawing or dagger. */
function plainDelta(delta: Delta | undefined): Cell {
  if (!delta) return { text: "" };
  return { text: points(delta.mean), detail: interval(delta.low, delta.high, percent) };
}
