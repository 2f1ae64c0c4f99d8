/** @file Differences from a baseline: a forest of intervals, a heat map over data sets. */
import { BETTER, NEUTRAL, stylesOf, WORSE } from "./colours.ts";
import {
  axis,
  errorBars,
  figure,
  type Figure,
  guide,
  panels,
  panelTitle,
  pct,
  type Trace,
} from "./figure.ts";
import { delta as deltaText } from "./format.ts";
import { columnsOf, excludesZero, isSignificant, type ModalityLabel } from "./levels.ts";
import type { AblationTable, DatasetInfo, Delta, Effect } from "./types.ts";

/** A labelled difference at every column of the report. */
type ForestRow = {
  readonly name: string;
  readonly deltas: {
    readonly overall: Delta;
    readonly modalities: Readonly<Record<string, Delta>>;
  };
};

/** Each configuration against the baseline: a panel for each column, 0 as a line. */
export function deltaForest(table: AblationTable, modalities: readonly ModalityLabel[]): Figure {
  const rows = table.rows.flatMap(({ name, deltas }) => (deltas ? [{ name, deltas }] : []));
  return forest(rows, modalities, table.alpha, `difference from ${table.baseline} (points)`);
}

/** Main effects and interactions of a factorial grid. */
export function effectForest(
  effects: readonly Effect[],
  modalities: readonly ModalityLabel[],
): Figure {
  const rows = effects.map(({ name, overall, modalities }) => ({
    name: name.replaceAll(" x ", " × "),
    deltas: { overall, modalities },
  }));
  return forest(rows, modalities, 0.05, "effect (points)");
}

function forest(
  rows: readonly ForestRow[],
  modalities: readonly ModalityLabel[],
  alpha: number,
  title: string,
): Figure {
  const columns = columnsOf(modalities);
  const styles = stylesOf(rows.map(({ name }) => name));
  const layout: Record<string, unknown> = {};
  const shapes: object[] = [];
  const annotations: object[] = [];
  const places = panels(columns.length);
  const data = columns.flatMap((column, i): Trace[] => {
    const id = i === 0 ? "" : `${i + 1}`;
    const [from, to] = places[i]!;
    // One scale for all panels: lengths of intervals can be compared across them.
    layout[`xaxis${id}`] = axis("", {
      domain: [from, to],
      nticks: 5,
      tickangle: 0,
      ...(i > 0 ? { matches: "x" } : {}),
    });
    shapes.push(guide({ xref: `x${id}`, x0: 0, x1: 0, yref: "paper", y0: 0, y1: 1 }));
    annotations.push(panelTitle(column.label, (from + to) / 2));
    // A trace for each row, for error bars have one colour a trace.
    return rows.map((row): Trace => {
      const delta = column.delta(row);
      const { colour } = styles.get(row.name)!;
      return {
        type: "scatter",
        mode: "markers",
        name: row.name,
        showlegend: false,
        xaxis: `x${id}`,
        x: [delta ? pct(delta.mean) : null],
        y: [row.name],
        error_x: { ...errorBars([delta]), color: colour },
        marker: {
          color: colour,
          // Filled only where it is significant after correction.
          symbol: isSignificant(delta, alpha) ? "circle" : "circle-open",
          size: 10,
          line: { width: 2, color: colour },
        },
        text: [deltaText(delta)],
        hovertemplate: `${column.label}<br>%{y}: %{text}<extra></extra>`,
      };
    });
  });
  const words = rows.map(({ name, deltas }) => `${name} ${deltaText(deltas.overall)}`).join("; ");
  return figure(data, {
    description: `${title}, with 95 percent intervals, overall: ${words}. Filled marks are significant after Holm's correction.`,
    height: 110 + 34 * rows.length,
    minWidth: 640,
    layout: {
      ...layout,
      yaxis: { automargin: true, autorange: "reversed", ticklabelstandoff: 6 },
      margin: { l: 16, r: 12, t: 34, b: 52 },
      shapes,
      annotations: [
        ...annotations,
        { text: title, xref: "paper", yref: "paper", x: 0.5, y: 0, yshift: -48, showarrow: false },
      ],
    },
  });
}

/** Configurations by data sets: how much each differs from the baseline, in points. */
export function deltaHeatmap(
  table: AblationTable,
  datasets: readonly DatasetInfo[],
  modalities: readonly ModalityLabel[],
): Figure {
  const rows = table.rows.filter((row) => row.deltas !== null);
  const order = new Map(modalities.map(({ id }, i) => [id, i]));
  const rank = (modality: string): number => order.get(modality) ?? modalities.length;
  const columns = [...datasets].sort((a, b) => rank(a.modality) - rank(b.modality));
  const deltas = columns.map(({ name }) => rows.map((row) => row.deltas!.datasets[name]));
  const means = deltas.flat().map((delta) => (delta ? Math.abs(delta.mean) : 0));
  const limit = Math.max(pct(Math.max(0, ...means)), 1);
  const data: Trace = {
    type: "heatmap",
    x: rows.map(({ name }) => name),
    y: columns.map(({ name }) => name),
    z: deltas.map((row) => row.map((delta) => (delta ? pct(delta.mean) : null))),
    text: deltas.map((row) => row.map((delta) => cellText(delta))),
    texttemplate: "%{text}",
    customdata: deltas.map((row) => row.map((delta) => deltaText(delta))),
    hovertemplate: "%{y}<br>%{x}: %{customdata}<extra></extra>",
    colorscale: [
      [0, WORSE],
      [0.5, NEUTRAL],
      [1, BETTER],
    ],
    zmid: 0,
    zmin: -limit,
    zmax: limit,
    xgap: 2,
    ygap: 2,
    hoverongaps: false,
    colorbar: {
      title: { text: "points", side: "right", font: { size: 12 } },
      thickness: 12,
      outlinewidth: 0,
    },
  };
  return figure([data], {
    description: `Difference from ${table.baseline} in points, ${rows.length} configurations by ${columns.length} data sets. Blue is better, orange is worse; an asterisk marks an uncorrected interval that leaves out 0.`,
    height: 130 + 24 * columns.length,
    minWidth: 640,
    layout: {
      xaxis: { side: "top", automargin: true, tickangle: -35, showgrid: false },
      yaxis: { automargin: true, autorange: "reversed", showgrid: false, ticklabelstandoff: 4 },
      shapes: separators(columns),
      margin: { l: 16, r: 8, t: 16, b: 16 },
    },
  });
}

/** `+1.2*`: the star says that the interval leaves 0 out, without correction. */
function cellText(delta: Delta | undefined): string {
  if (!delta) return "";
  const value = pct(delta.mean);
  const sign = value > 0 ? "+" : value < 0 ? "−" : "";
  return `${sign}${Math.abs(value).toFixed(1)}${excludesZero(delta) ? "*" : ""}`;
}

/** A line between one modality's data sets and the next's. */
function separators(columns: readonly DatasetInfo[]): object[] {
  return columns.flatMap(({ modality }, i) =>
    i > 0 && columns[i - 1]!.modality !== modality
      ? [
          guide({
            xref: "paper",
            x0: 0,
            x1: 1,
            y0: i - 0.5,
            y1: i - 0.5,
            line: { width: 2, color: "#808890" },
          }),
        ]
      : [],
  );
}
