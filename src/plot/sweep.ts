/** @file One metric over the settings of runs: which setting carries it, and how. */
import { PALETTE } from "./colours.ts";
import { axis, figure, type Figure } from "./figure.ts";

export type SweepRun = {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Importance = {
  readonly setting: string;
  /** Kelley's epsilon squared, not below 0. */
  readonly share: number;
  /** Different values among the runs. */
  readonly levels: number;
};

/**
 * Share of the metric's variance that each setting's value explains alone, largest first: Kelley's
 * epsilon squared, (SSB - (k - 1) MSW) / SST, which on average is 0 for a setting without effect
 * however many values it has (Kelley 1935, PNAS 21:554). Settings that never repeat a value, and
 * those that never change, can't be judged and are left out.
 */
export function importances(runs: readonly SweepRun[]): Importance[] {
  const total = spread(runs);
  if (total === 0) return [];
  const names = new Set(runs.flatMap(({ settings }) => Object.keys(settings)));
  return [...names]
    .flatMap((setting): Importance[] => {
      const groups = [...Map.groupBy(runs, ({ settings }) => settings[setting] ?? "").values()];
      const levels = groups.length;
      if (levels < 2 || levels === runs.length) return [];
      const within = groups.reduce((sum, group) => sum + spread(group), 0);
      const noise = ((levels - 1) * within) / (runs.length - levels);
      return [{ setting, levels, share: Math.max(0, (total - within - noise) / total) }];
    })
    .sort((a, b) => b.share - a.share || (a.setting < b.setting ? -1 : 1));
}

/** Sum of squared distances from the mean. */
function spread(runs: readonly SweepRun[]): number {
  const mean = runs.reduce((sum, { value }) => sum + value, 0) / runs.length;
  return runs.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
}

/** Settings on which the runs don't agree. */
export function varying(runs: readonly SweepRun[]): string[] {
  const names = new Set(runs.flatMap(({ settings }) => Object.keys(settings)));
  return [...names].filter(
    (name) => new Set(runs.map(({ settings }) => settings[name] ?? "")).size > 1,
  );
}

/** A setting's value as a number, or undefined where it is a word or missing. */
export function settingNumber({ settings }: SweepRun, name: string): number | undefined {
  const text = settings[name] ?? "";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? undefined : number;
}

/** A point a run: the metric over one setting, in order of its values where they are words. */
export function sweepScatter(runs: readonly SweepRun[], x: string, metric: string): Figure {
  const numeric = runs.every((run) => settingNumber(run, x) !== undefined);
  const places = runs.map((run) =>
    numeric ? settingNumber(run, x)! : (run.settings[x] ?? "not set"),
  );
  const trace = {
    type: "scatter",
    mode: "markers",
    x: places,
    y: runs.map(({ value }) => value),
    text: runs.map(({ name }) => name),
    marker: { color: PALETTE[2], size: 9, opacity: 0.75 },
    hovertemplate: `%{text}<br>${x} = %{x}<br>${metric} = %{y:.4g}<extra></extra>`,
  };
  return figure([trace], {
    description: `${metric} of ${runs.length} runs over ${x}.`,
    layout: {
      xaxis: axis(x, numeric ? {} : { type: "category", categoryorder: "category ascending" }),
      yaxis: axis(metric),
    },
  });
}

/** Mean of the metric over two numeric settings; undefined with fewer than two values of either. */
export function sweepContour(
  runs: readonly SweepRun[],
  [x, y]: readonly [x: string, y: string],
  metric: string,
): Figure | undefined {
  const placed = runs.flatMap((run) => {
    const [across, up] = [settingNumber(run, x), settingNumber(run, y)];
    return across === undefined || up === undefined ? [] : [{ across, up, value: run.value }];
  });
  const columns = ascending(placed.map(({ across }) => across));
  const rows = ascending(placed.map(({ up }) => up));
  if (columns.length < 2 || rows.length < 2) return undefined;
  const cells = rows.map((up) =>
    columns.map((across) => {
      const here = placed.filter((point) => point.across === across && point.up === up);
      return here.length === 0 ? null : here.reduce((sum, p) => sum + p.value, 0) / here.length;
    }),
  );
  const contour = {
    type: "contour",
    x: columns,
    y: rows,
    z: cells,
    connectgaps: true,
    colorscale: "Viridis",
    colorbar: { title: { text: metric, side: "right" } },
    hovertemplate: `${x} = %{x}<br>${y} = %{y}<br>${metric} = %{z:.4g}<extra></extra>`,
  };
  return figure([contour], {
    description: `Mean ${metric} of ${placed.length} runs over ${columns.length} values of ${x} and ${rows.length} of ${y}.`,
    layout: { xaxis: axis(x), yaxis: axis(y) },
  });
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
