/** @file Souping: the ladder from members to soups, and the loss on the line between members. */
import { styleOf, stylesOf } from "./colours.ts";
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
import { delta as deltaText, estimate } from "./format.ts";
import { columnsOf, type ModalityLabel } from "./levels.ts";
import type { BarrierLine, SoupRow } from "./types.ts";

const KINDS: Readonly<Record<SoupRow["kind"], { label: string; symbol: string; like: string }>> = {
  member: { label: "member", symbol: "circle", like: "baseline" },
  uniform: { label: "uniform soup", symbol: "square", like: "+HW+FN" },
  weighted: { label: "weighted soup", symbol: "diamond", like: "+FN" },
  greedy: { label: "greedy soup", symbol: "triangle-right", like: "Exp1" },
  control: { label: "control: seeds only", symbol: "x", like: "Exp2" },
};

/** Members and soups as dots with intervals, a panel for each column; the best member is a line. */
export function soupLadder(rows: readonly SoupRow[], modalities: readonly ModalityLabel[]): Figure {
  const columns = columnsOf(modalities);
  const layout: Record<string, unknown> = {};
  const shapes: object[] = [];
  const annotations: object[] = [];
  const places = panels(columns.length, 0.03);
  const data = columns.flatMap((column, i): Trace[] => {
    const id = i === 0 ? "" : `${i + 1}`;
    const [from, to] = places[i]!;
    layout[`xaxis${id}`] = axis("", { domain: [from, to], nticks: 4, tickangle: 0 });
    annotations.push(panelTitle(column.label, (from + to) / 2));
    const best = Math.max(
      ...rows.flatMap((row) => (row.kind === "member" ? [column.estimate(row)?.mean ?? 0] : [])),
    );
    if (Number.isFinite(best)) {
      shapes.push(
        guide({ xref: `x${id}`, x0: pct(best), x1: pct(best), yref: "paper", y0: 0, y1: 1 }),
      );
    }
    return Object.entries(KINDS).flatMap(([kind, { label, symbol, like }]): Trace[] => {
      const own = rows.filter((row) => row.kind === kind);
      if (own.length === 0) return [];
      const values = own.map((row) => column.estimate(row));
      return [
        {
          type: "scatter",
          mode: "markers",
          name: label,
          legendgroup: kind,
          showlegend: i === 0,
          xaxis: `x${id}`,
          x: values.map((value) => (value ? pct(value.mean) : null)),
          y: own.map(({ name }) => name),
          error_x: errorBars(values),
          marker: { color: styleOf(like).colour, symbol, size: 10 },
          text: values.map((value) => estimate(value)),
          hovertemplate: "%{y}: %{text} %<extra></extra>",
        },
      ];
    });
  });
  const words = rows.flatMap(({ name, delta }) => (delta ? [`${name} ${deltaText(delta)}`] : []));
  return figure(data, {
    description: `Scores in percent of ${rows.length} members and soups with 95 percent intervals. Against the best member: ${words.join("; ") || "no soup"}.`,
    height: 130 + 30 * rows.length,
    minWidth: 640,
    layout: {
      ...layout,
      yaxis: {
        automargin: true,
        categoryorder: "array",
        categoryarray: rows.map(({ name }) => name).toReversed(),
        ticklabelstandoff: 6,
      },
      margin: { l: 16, r: 12, t: 34, b: 64 },
      shapes,
      annotations,
    },
  });
}

/** Loss along the straight line between two members; a hill would be a barrier. */
export function lossBarrier(lines: readonly BarrierLine[]): Figure {
  const styles = stylesOf(lines.map(({ name }) => name));
  const data = lines.flatMap(({ name, lambdas, loss }): Trace[] => {
    const { colour, dash, symbol } = styles.get(name)!;
    const chord = [0, loss.length - 1];
    return [
      {
        type: "scatter",
        mode: "lines+markers",
        name,
        legendgroup: name,
        x: lambdas,
        y: loss.map((value) => Number(value.toPrecision(5))),
        line: { color: colour, dash, width: 2 },
        marker: { color: colour, symbol, size: 7 },
        hovertemplate: `${name}<br>λ = %{x}: %{y:.4f}<extra></extra>`,
      },
      {
        type: "scatter",
        mode: "lines",
        name: `${name}: straight line`,
        legendgroup: name,
        showlegend: false,
        hoverinfo: "skip",
        x: chord.map((i) => lambdas[i]!),
        y: chord.map((i) => loss[i]!),
        line: { color: colour, dash: "dot", width: 1 },
      },
    ];
  });
  const words = lines.map(({ name, barrier }) => `${name} ${barrier.toFixed(3)}`).join(", ");
  return figure(data, {
    description: `Loss on the straight line between two members, from the first (0) to the second (1). Barrier, the greatest rise above the line between the ends: ${words}.`,
    height: 360,
    layout: { xaxis: axis("share of the second member, λ"), yaxis: axis("held-out loss") },
  });
}
