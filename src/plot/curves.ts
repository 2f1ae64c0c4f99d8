/** @file Things over steps, with a band over seeds: learning curves and learned temperatures. */
import { faded, stylesOf } from "./colours.ts";
import { axis, figure, type Figure, guide, pct, type Trace } from "./figure.ts";
import { bandOf, everyNth, smooth } from "./series.ts";
import type { CurveChart, CurveGroup, TauChart } from "./types.ts";

/** Enough to see every bend on a screen, few enough for a page with many charts. */
const MOST_POINTS = 300;
/** On a log axis Plotly would write 0.05 as a small 5. */
const TAU_TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
/** A seed's curve is smoothed over this share of its points, so that a band shows seeds, not batches. */
const SMOOTH_SHARE = 1 / 40;

/** Mean over seeds as a line, 95 % t-interval as a band, a colour and dash for each configuration. */
export function learningCurves(chart: CurveChart): Figure {
  const scale = chart.percent ? pct : significant;
  const counts = chart.groups.map(({ members }) => members.length);
  return figure(bandTraces(chart.groups, scale, chart.percent ? "%{y:.1f} %" : "%{y:.4g}"), {
    description: `${chart.title}: ${chart.metric} over steps for ${names(chart.groups)}; mean and 95 percent interval over ${range(counts)} seeds.`,
    height: 360,
    layout: {
      hovermode: "x unified",
      xaxis: axis("step"),
      yaxis: axis(chart.percent ? `${chart.metric} (%)` : chart.metric, {
        type: chart.logY ? "log" : "linear",
      }),
    },
  });
}

/** Learned temperatures by task on a log axis, the starting value and the clamp as lines. */
export function tauCurves(chart: TauChart): Figure {
  const line = (y: number, text: string): object =>
    guide({
      xref: "paper",
      x0: 0,
      x1: 1,
      y0: y,
      y1: y,
      label: { text, textposition: "start", yanchor: "bottom", font: { size: 11 } },
    });
  const all = chart.tasks.flatMap(({ members }) => members.flatMap(({ values }) => values));
  const known = [chart.initial, ...all.filter((value) => value !== null && value > 0)] as number[];
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  const clamps = [
    [chart.clamp[0], `lower clamp ${chart.clamp[0]}`],
    [chart.clamp[1], `upper clamp ${chart.clamp[1]}`],
  ] as const;
  // A clamp far off would press all curves into one line.
  const near = clamps.filter(([at]) => at > least / 2 && at < greatest * 2);
  return figure(bandTraces(chart.tasks, significant, "%{y:.4f}"), {
    description: `Learned temperature by task for ${chart.configuration}: ${names(chart.tasks)}. Start ${chart.initial}, clamped to ${chart.clamp.join(" to ")}.`,
    height: 380,
    layout: {
      hovermode: "x unified",
      xaxis: axis("step"),
      yaxis: axis("temperature τ", { type: "log", tickvals: TAU_TICKS }),
      shapes: [
        line(chart.initial, `start ${chart.initial}`),
        ...near.map(([at, text]) => line(at, text)),
      ],
    },
  });
}

/** For each group a filled band, kept out of legend and hover, and its line. */
function bandTraces(
  groups: readonly CurveGroup[],
  scale: (value: number) => number,
  hover: string,
): Trace[] {
  const styles = stylesOf(groups.map(({ name }) => name));
  return groups.flatMap(({ name, members }) => {
    const { colour, dash } = styles.get(name)!;
    const calm = members.map((series) => {
      const window = Math.max(1, Math.round(series.values.length * SMOOTH_SHARE));
      return everyNth(smooth(series, window), MOST_POINTS);
    });
    const band = bandOf({ name, members: calm });
    const known = band.steps.flatMap((_, i) => (band.low[i] === null ? [] : [i]));
    const pick = (ends: readonly (number | null)[]) => known.map((i) => scale(ends[i]!));
    const steps = known.map((i) => band.steps[i]!);
    const fill: Trace = {
      type: "scatter",
      mode: "lines",
      name,
      legendgroup: name,
      showlegend: false,
      hoverinfo: "skip",
      x: [...steps, ...steps.toReversed()],
      y: [...pick(band.high), ...pick(band.low).toReversed()],
      fill: "toself",
      fillcolor: faded(colour, 0.16),
      line: { width: 0 },
    };
    const line: Trace = {
      type: "scatter",
      mode: "lines",
      name,
      legendgroup: name,
      x: band.steps,
      y: band.mean.map(scale),
      line: { color: colour, dash, width: 2 },
      hovertemplate: hover,
    };
    return steps.length > 1 ? [fill, line] : [line];
  });
}

/** Five significant digits. */
function significant(value: number): number {
  return Number(value.toPrecision(5));
}

function names(groups: readonly CurveGroup[]): string {
  return groups.map(({ name }) => name).join(", ");
}

function range(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
