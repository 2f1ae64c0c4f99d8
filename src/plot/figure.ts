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
  readonly layout?: Readonly<Record<string, unknown>>;
};

export function figure(data: readonly Trace[], options: FigureOptions): Figure {
  const { description, height = 360, layout = {} } = options;
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
      meta: { description },
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
  return { title: { text: title, standoff: 8 }, automargin: true, zeroline: false, ...more };
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
