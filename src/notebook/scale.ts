/** @file Axes of the plain SVG: numbers (linear or log) and categories on pixels. */
import { shown } from "./format.ts";

export type Scale = {
  /** Pixel of a value; NaN where it has none. */
  readonly at: (value: unknown) => number;
  /** Pixels of a difference. */
  readonly length: (difference: number) => number;
  /** Pixels of one category or unit. */
  readonly step: number;
  /** Pixel of zero, or of the axis' low end. */
  readonly base: number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
};

type Axis = Readonly<Record<string, unknown>>;

/** A scale for values: categories as soon as one is no number. `cells` widens it to whole cells. */
export function scaleOf(
  values: readonly unknown[],
  axis: Axis,
  [from, to]: readonly [number, number],
  cells = false,
): Scale {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.some((value) => typeof value !== "number")) return categories(known, from, to);
  const numbers = (known as number[]).filter(Number.isFinite);
  return axis["type"] === "log"
    ? logarithmic(numbers, from, to)
    : linear(numbers, axis, from, to, cells);
}

function categories(values: readonly unknown[], from: number, to: number): Scale {
  const names = [...new Set(values.map(shown))];
  const step = Math.abs(to - from) / names.length;
  const sign = Math.sign(to - from);
  const at = (value: unknown): number => {
    const index = names.indexOf(shown(value));
    return index < 0 ? Number.NaN : from + sign * (index + 0.5) * step;
  };
  const ticks = names.map((name) => ({ at: at(name), label: name }));
  return { at, length: (by) => by * step, step, base: from, ticks };
}

function linear(
  numbers: readonly number[],
  axis: Axis,
  from: number,
  to: number,
  cells: boolean,
): Scale {
  const range = Array.isArray(axis["range"]) ? (axis["range"] as number[]) : undefined;
  let low = range?.[0] ?? numbers.reduce((a, b) => Math.min(a, b), Infinity);
  let high = range?.[1] ?? numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  if (axis["rangemode"] === "tozero") [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const pad = range ? 0 : cells ? 0.5 : (high - low) * 0.04;
  if (!(low === 0 && !cells)) low -= pad;
  high += pad;
  const length = (by: number): number => (by / (high - low)) * (to - from);
  const at = (value: unknown): number =>
    typeof value === "number" ? from + length(value - low) : Number.NaN;
  const ticks = niceTicks(low, high).map((value) => ({ at: at(value), label: labelOf(value) }));
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  const gaps = distinct.slice(1).map((value, i) => value - distinct[i]!);
  const step = Math.abs(length(gaps.length === 0 ? 1 : Math.min(...gaps)));
  return { at, length, step, base: at(Math.min(high, Math.max(low, 0))), ticks };
}

function logarithmic(numbers: readonly number[], from: number, to: number): Scale {
  const logs = numbers.filter((value) => value > 0).map(Math.log10);
  const [low, high] =
    logs.length === 0 ? [0, 1] : [Math.min(...logs) - 0.05, Math.max(...logs) + 0.05];
  const at = (value: unknown): number =>
    typeof value === "number" && value > 0
      ? from + ((Math.log10(value) - low) / (high - low)) * (to - from)
      : Number.NaN;
  const decades = Array.from(
    { length: Math.floor(high) - Math.ceil(low) + 1 },
    (_, i) => 10 ** (Math.ceil(low) + i),
  );
  const wanted = decades.length >= 2 ? decades : [...new Set(numbers)].filter((value) => value > 0);
  const ticks = wanted.map((value) => ({ at: at(value), label: labelOf(value) }));
  return { at, length: () => 0, step: 10, base: from, ticks };
}

/** About five round numbers between two. */
function niceTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function labelOf(value: number): string {
  return String(Number(value.toPrecision(4)));
}
