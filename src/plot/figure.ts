/** @file What all figures share: their form, fonts, axes. Colours of text and grid are the page's. */
import type { Estimate } from "./types.ts";

/** JSON that Plotly draws: `Plotly.newPlot(element, figure.data, figure.layout)`. */
export type Figure = {
  readonly data: readonly Trace[];
  readonly layout: Layout;
};

export type Trace = { readonly type: string } & Readonly<Record<string, unknown>>;

export type Layout = Readonly<Record<string, unknown>> & {
  readonly meta: {
    /** What a person who cannot see the figure should know. */
    readonly description: string;
    /** Below this many pixels it should scroll sideways rather than shrink. */
    readonly minWidth?: number;
  };
  readonly height: number;
};

/** Switches off what phones home or advertises: v4's "Share chart" button and the logo. */
export const PLOTLY_CONFIG = {
  displaylogo: false,
  responsive: true,
  displayModeBar: "hover",
  showSendToCloud: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
} as const;

const FONT =
  "Inter, ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

export type FigureOptions = {
  readonly description: string;
  readonly height?: number;
  readonly minWidth?: number;
  readonly layout?: Readonly<Record<string, unknown>>;
};

export function figure(data: readonly Trace[], options: FigureOptions): Figure {
  const { description, height = 360, minWidth, layout = {} } = options;
  return {
    data,
    layout: {
      font: { family: FONT, size: 13 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 56, r: 16, t: 12, b: 44 },
      hoverlabel: { font: { family: FONT } },
      legend: LEGEND_BELOW,
      ...layout,
      height,
      meta: minWidth === undefined ? { description } : { description, minWidth },
    },
  };
}

export const LEGEND_BELOW = {
  orientation: "h",
  x: 0,
  xanchor: "left",
  y: -0.2,
  yanchor: "top",
} as const;

/** An axis of percentages or points. */
export function axis(title: string, more: Readonly<Record<string, unknown>> = {}): object {
  return {
    title: { text: title, standoff: 8, font: { size: 13 } },
    automargin: true,
    zeroline: false,
    ...more,
  };
}

/** White hatching over a bar's own colour. */
export function hatch(shape: string): object {
  return {
    shape,
    fillmode: "overlay",
    fgcolor: "#ffffff",
    fgopacity: 0.8,
    size: 7,
    solidity: 0.28,
  };
}

/** Heading of a panel, above it; `x` is the panel's middle as a share of the width. */
export function panelTitle(text: string, x: number): object {
  return {
    text,
    x,
    y: 1,
    xref: "paper",
    yref: "paper",
    xanchor: "center",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 13 },
  };
}

/** A thin dotted line of reference. */
export function guide(place: Readonly<Record<string, unknown>>): object {
  return { type: "line", line: { width: 1, dash: "dot", color: "#808890" }, ...place };
}

/** Where `count` panels stand side by side: from and to as shares of the width. */
export function panels(count: number, gap = 0.025): [from: number, to: number][] {
  const width = (1 - gap * (count - 1)) / count;
  return Array.from({ length: count }, (_, i) => [i * (width + gap), i * (width + gap) + width]);
}

/** A fraction as percent, rounded to a thousandth so that figures stay small and stable. */
export function pct(fraction: number): number {
  return Math.round(fraction * 100_000) / 1_000;
}

/** Plotly's error bars for intervals around means: distances, 0 where there is no interval. */
export function errorBars(
  values: readonly (Pick<Estimate, "mean" | "low" | "high"> | undefined)[],
): object {
  const distance = (end: "low" | "high") =>
    values.map((value) => {
      const at = value?.[end];
      return value === undefined || at === null || at === undefined
        ? 0
        : Math.abs(pct(at - value.mean));
    });
  return {
    type: "data",
    symmetric: false,
    array: distance("high"),
    arrayminus: distance("low"),
    thickness: 1.5,
    width: 4,
  };
}
