/** @file A metric over steps: a line per configuration with a band over its seeds, drawn by uPlot. */
import { useEffect, useMemo, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { bandOf, DARK, faded, stylesOf } from "../../../plot/index.ts";
import type { CurveGroup } from "../../../plot/types.ts";
import { AXIS_LABELS, type CurveSearch, drawnGroup } from "../curves.ts";
import { useIsDark } from "../theme.ts";

/** uPlot's number for it. */
const LOG = { distr: 3 } as const;
const DASHES = { solid: [], dash: [8, 4], dot: [2, 4], dashdot: [8, 4, 2, 4] } as const;

export function CurveChart({
  title,
  groups,
  search,
}: {
  title: string;
  /** Places are on the axis that `search` names. */
  groups: readonly CurveGroup[];
  search: CurveSearch;
}) {
  const { axis: over = "step", smooth, log = "" } = search;
  const place = useRef<HTMLDivElement>(null);
  const dark = useIsDark();
  const { data, series, bands, colours } = useMemo(
    () =>
      chartOf(
        groups.map((group) => drawnGroup(group, { smooth, log: log || undefined })),
        dark,
      ),
    [groups, dark, smooth, log],
  );
  useEffect(() => {
    const element = place.current!;
    const ink = dark ? "#d3d8df" : "#2b3038";
    const grid = { stroke: dark ? "#353b44" : "#e3e5e8", width: 1 };
    const axis = { stroke: ink, grid, ticks: grid };
    const chart = new UPlot(
      {
        width: element.clientWidth,
        height: 260,
        scales: {
          x: { time: false, ...(log.includes("x") && LOG) },
          ...(log.includes("y") && { y: LOG }),
        },
        axes: [
          { ...axis, label: AXIS_LABELS[over] },
          { ...axis, size: 64 },
        ],
        series,
        bands,
        cursor: { sync: { key: "curves" } },
        legend: { show: false },
      },
      data,
      element,
    );
    const resized = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: 260 }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [data, series, bands, dark, over, log]);
  const last = groups
    .flatMap(({ members }) => members.map(({ steps }) => steps.at(-1) ?? 0))
    .reduce((most, end) => Math.max(most, end), 0);
  return (
    <figure className="curve">
      <figcaption>{title}</figcaption>
      {groups.length > 1 && (
        <ul className="legend">
          {groups.map(({ name, members }, i) => (
            <li key={name}>
              <span className="dot" style={{ background: colours[i] }} />
              {name} <small>n = {members.length}</small>
            </li>
          ))}
        </ul>
      )}
      <div
        ref={place}
        role="img"
        aria-label={`${title}: ${groups.length === 1 ? "1 line" : `${groups.length} lines`} over ${AXIS_LABELS[over]} up to ${last.toLocaleString()}${log === "" ? "" : `, log ${log.split("").join(" and ")}`}`}
      />
    </figure>
  );
}

function chartOf(groups: readonly CurveGroup[], dark: boolean) {
  const styles = stylesOf(groups.map(({ name }) => name));
  const parts = groups.map((group) => ({ group, band: bandOf(group) }));
  const steps = [...new Set(parts.flatMap(({ band }) => [...band.steps]))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, i) => [step, i]));
  const spread = (at: readonly number[], values: readonly (number | null)[]): (number | null)[] => {
    const out: (number | null)[] = Array.from({ length: steps.length }, () => null);
    for (const [i, step] of at.entries()) out[place.get(step)!] = values[i] ?? null;
    return out;
  };
  const data: UPlot.AlignedData = [steps];
  const series: UPlot.Series[] = [{ label: "step" }];
  const bands: UPlot.Band[] = [];
  const colours: string[] = [];
  for (const { group, band } of parts) {
    const { colour: light, dash } = styles.get(group.name)!;
    const colour = dark ? (DARK[light] ?? light) : light;
    data.push(
      spread(band.steps, band.mean),
      spread(band.steps, band.high),
      spread(band.steps, band.low),
    );
    const first = series.length;
    colours.push(colour);
    series.push(
      { label: group.name, stroke: colour, width: 1.6, dash: [...DASHES[dash]], spanGaps: true },
      {
        show: group.members.length > 1,
        label: "",
        stroke: "transparent",
        spanGaps: true,
        points: { show: false },
      },
      {
        show: group.members.length > 1,
        label: "",
        stroke: "transparent",
        spanGaps: true,
        points: { show: false },
      },
    );
    if (group.members.length > 1) {
      bands.push({ series: [first + 1, first + 2], fill: faded(colour, 0.16) });
    }
  }
  return { data, series, bands, colours };
}
