/** @file Parallel coordinates in plain SVG: a line a run, a brush on every axis, by pointer or by keyboard. */
import { type PointerEvent, useMemo, useState } from "react";
import { settingNumber, type SweepRun } from "../../../plot/index.ts";

export type SweptRun = SweepRun & { readonly id: string; readonly serial: number };

const HEIGHT = 260;
const TOP = 18;
const GAP = 150;
const SIDE = 60;
/** A brush that ends this near to an axis' end takes it in. */
const NEAR = 0.03;

type Axis = {
  readonly label: string;
  /** Place of a run on the axis, 0 at the bottom and 1 at the top; null where it has no value. */
  readonly place: (run: SweptRun) => number | null;
  readonly low: string;
  readonly high: string;
};
/** From and to on an axis. */
type Brush = readonly [low: number, high: number];
const WHOLE: Brush = [0, 1];

export function ParallelCoordinates({
  runs,
  settings,
  metric,
  onBrush,
}: {
  runs: readonly SweptRun[];
  settings: readonly string[];
  metric: string;
  /** With serial numbers. */
  onBrush: (runs: readonly number[]) => void;
}) {
  const axes = useMemo(
    () => [...settings.map((name) => settingAxis(runs, name)), metricAxis(runs, metric)],
    [runs, settings, metric],
  );
  const [brushes, setBrushes] = useState<ReadonlyMap<string, Brush>>(new Map());
  const lit = runs.filter((run) => inBrushes(run, axes, brushes));
  const brush = (label: string, next: Brush): void => {
    const after = new Map(brushes).set(label, next);
    setBrushes(after);
    onBrush(runs.filter((run) => inBrushes(run, axes, after)).map(({ serial }) => serial));
  };
  const width = 2 * SIDE + (axes.length - 1) * GAP;
  return (
    <div className="scroll" role="region" aria-label="Parallel coordinates" tabIndex={0}>
      <div className="parallel" style={{ width }}>
        <svg
          width={width}
          height={HEIGHT + 2 * TOP}
          role="img"
          aria-label={summary(runs, lit, axes)}
        >
          {runs.map((run) => (
            <polyline
              key={run.id}
              points={pointsOf(run, axes)}
              className={lit.includes(run) ? "lit" : "faint"}
            />
          ))}
          {axes.map((axis, i) => (
            <AxisLine
              key={axis.label}
              axis={axis}
              x={SIDE + i * GAP}
              brush={brushes.get(axis.label) ?? WHOLE}
              onBrush={(next) => brush(axis.label, next)}
            />
          ))}
        </svg>
        <div
          className="brushes"
          style={{
            gridTemplateColumns: `repeat(${axes.length}, ${GAP}px)`,
            marginLeft: SIDE - GAP / 2,
          }}
        >
          {axes.map(({ label }) => (
            <Ends
              key={label}
              label={label}
              brush={brushes.get(label) ?? WHOLE}
              onBrush={(next) => brush(label, next)}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function summary(
  runs: readonly SweptRun[],
  lit: readonly SweptRun[],
  axes: readonly Axis[],
): string {
  return `${lit.length} of ${runs.length} runs over ${axes.map(({ label }) => label).join(", ")}`;
}

function inBrushes(
  run: SweptRun,
  axes: readonly Axis[],
  brushes: ReadonlyMap<string, Brush>,
): boolean {
  return axes.every(({ label, place }) => {
    const [low, high] = brushes.get(label) ?? WHOLE;
    if (low === 0 && high === 1) return true;
    const at = place(run);
    return at !== null && at >= low && at <= high;
  });
}

/** A run without a value on an axis passes it at the bottom. */
function pointsOf(run: SweptRun, axes: readonly Axis[]): string {
  return axes
    .map(({ place }, i) => `${SIDE + i * GAP},${TOP + HEIGHT * (1 - (place(run) ?? 0))}`)
    .join(" ");
}

function settingAxis(runs: readonly SweptRun[], name: string): Axis {
  const numbers = runs.map((run) => settingNumber(run, name));
  const known = numbers.filter((number) => number !== undefined);
  if (known.length === runs.filter(({ settings }) => name in settings).length) {
    return { label: name, ...scaled(known, (run) => settingNumber(run, name) ?? null) };
  }
  const words = [...new Set(runs.flatMap(({ settings }) => settings[name] ?? []))].sort();
  const last = Math.max(1, words.length - 1);
  return {
    label: name,
    place: ({ settings }) =>
      settings[name] === undefined ? null : words.indexOf(settings[name]) / last,
    low: words[0] ?? "",
    high: words.at(-1) ?? "",
  };
}

function metricAxis(runs: readonly SweptRun[], metric: string): Axis {
  const values = runs.map(({ value }) => value);
  return { label: metric, ...scaled(values, ({ value }) => value) };
}

function scaled(
  values: readonly number[],
  read: (run: SweptRun) => number | null,
): Omit<Axis, "label"> {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const place = (run: SweptRun): number | null => {
    const value = read(run);
    if (value === null) return null;
    return high === low ? 0.5 : (value - low) / (high - low);
  };
  return {
    place,
    low: String(Number(low.toPrecision(4))),
    high: String(Number(high.toPrecision(4))),
  };
}

function AxisLine({
  axis,
  x,
  brush,
  onBrush,
}: {
  axis: Axis;
  x: number;
  brush: Brush;
  onBrush: (brush: Brush) => void;
}) {
  const [from, setFrom] = useState<number | null>(null);
  const at = (event: PointerEvent<SVGRectElement>): number => {
    const { top, height } = event.currentTarget.getBoundingClientRect();
    const place = 1 - (event.clientY - top) / height;
    return place > 1 - NEAR ? 1 : place < NEAR ? 0 : place;
  };
  const [low, high] = brush;
  return (
    <g>
      <line x1={x} x2={x} y1={TOP} y2={TOP + HEIGHT} />
      <text x={x} y={TOP - 6} textAnchor="middle">
        {axis.high}
      </text>
      <text x={x} y={TOP + HEIGHT + 14} textAnchor="middle">
        {axis.low}
      </text>
      {(low > 0 || high < 1) && (
        <rect
          className="brush"
          x={x - 7}
          width={14}
          y={TOP + HEIGHT * (1 - high)}
          height={Math.max(2, HEIGHT * (high - low))}
        />
      )}
      <rect
        className="handle"
        x={x - 14}
        width={28}
        y={TOP}
        height={HEIGHT}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(at(event));
        }}
        onPointerMove={(event) => {
          if (from === null) return;
          const to = at(event);
          onBrush([Math.min(from, to), Math.max(from, to)]);
        }}
        onPointerUp={(event) => {
          if (at(event) === from) onBrush(WHOLE); // a click clears
          setFrom(null);
        }}
      />
    </g>
  );
}

/** The brush's ends, for those who don't drag. */
function Ends({
  label,
  brush: [low, high],
  onBrush,
}: {
  label: string;
  brush: Brush;
  onBrush: (brush: Brush) => void;
}) {
  const end = (name: string, value: number, change: (to: number) => void) => (
    <input
      type="range"
      min={0}
      max={1}
      step={0.01}
      value={value}
      aria-label={`${label} ${name}`}
      onChange={(event) => change(Number(event.target.value))}
    />
  );
  return (
    <span>
      <span title={label}>{label}</span>
      {end("at least", low, (to) => onBrush([Math.min(to, high), high]))}
      {end("at most", high, (to) => onBrush([low, Math.max(to, low)]))}
    </span>
  );
}
