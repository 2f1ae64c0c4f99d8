/** @file Scores side by side: bars by modality with intervals, and radars over meta-tasks. */
import { stylesOf, WHISKER } from "./colours.ts";
import { axis, errorBars, figure, type Figure, hatch, pct, type Trace } from "./figure.ts";
import { columnsOf, type ModalityLabel } from "./levels.ts";
import type { Estimate } from "./types.ts";

/** Anything with a name and scores: ablation rows, baselines, soups. */
export type Scored = {
  readonly name: string;
  readonly overall: Estimate;
  readonly modalities: Readonly<Record<string, Estimate>>;
};

/** Grouped bars from 0: a group for each modality, a bar with its interval for each row. */
export function modalityBars(
  rows: readonly Scored[],
  modalities: readonly ModalityLabel[],
): Figure {
  const columns = columnsOf(modalities);
  const styles = stylesOf(rows.map(({ name }) => name));
  const data = rows.map((row): Trace => {
    const { colour, pattern } = styles.get(row.name)!;
    const values = columns.map((column) => column.estimate(row));
    return {
      type: "bar",
      name: row.name,
      x: columns.map(({ label }) => label),
      y: values.map((value) => (value ? pct(value.mean) : null)),
      error_y: { ...errorBars(values), color: WHISKER },
      // Hatched in white over the colour, so that a variant is told from its stem without colour.
      marker: { color: colour, pattern: hatch(pattern) },
      hovertemplate: `${row.name}<br>%{x}: %{y:.1f} %<extra></extra>`,
    };
  });
  return figure(data, {
    description: `Mean score in percent of ${rows.length} rows (${names(rows)}), overall and by modality, with 95 percent intervals.`,
    height: 380,
    minWidth: 640,
    layout: {
      barmode: "group",
      bargap: 0.22,
      bargroupgap: 0.06,
      xaxis: { automargin: true },
      yaxis: axis("score (%)", { rangemode: "tozero" }),
    },
  });
}

/** A radar over the meta-tasks that every row has; undefined with fewer than three of them. */
export function metaTaskRadar(
  rows: readonly (Scored & { readonly metaTasks: Readonly<Record<string, Estimate>> })[],
): Figure | undefined {
  const axes = Object.keys(rows[0]?.metaTasks ?? {}).filter((name) =>
    rows.every((row) => name in row.metaTasks),
  );
  if (axes.length < 3) return undefined;
  const styles = stylesOf(rows.map(({ name }) => name));
  const closed = [...axes, axes[0]!];
  const data = rows.map((row): Trace => {
    const { colour, dash, symbol } = styles.get(row.name)!;
    return {
      type: "scatterpolar",
      mode: "lines+markers",
      name: row.name,
      theta: closed,
      r: closed.map((name) => pct(row.metaTasks[name]!.mean)),
      line: { color: colour, dash, width: 2 },
      marker: { color: colour, symbol, size: 6 },
      hovertemplate: `${row.name}<br>%{theta}: %{r:.1f} %<extra></extra>`,
    };
  });
  return figure(data, {
    description: `Radar of the mean score in percent on ${axes.join(", ")} for ${names(rows)}.`,
    height: 440,
    layout: {
      margin: { l: 60, r: 60, t: 32, b: 32 },
      polar: {
        bgcolor: "rgba(0,0,0,0)",
        radialaxis: { rangemode: "tozero", angle: 90, tickangle: 90, ticksuffix: " %", nticks: 5 },
        angularaxis: { direction: "clockwise", rotation: 90 },
      },
    },
  });
}

function names(rows: readonly { readonly name: string }[]): string {
  return rows.map(({ name }) => name).join(", ");
}
