/** @file Panels of a figure in plain SVG: plots side by side, their titles, and lines of reference. */
import type { Figure, Trace } from "../plot/index.ts";
import type { Scale } from "./scale.ts";
import { type Box, f, list, part, text, words } from "./svg-parts.ts";

type Layout = Figure["layout"];

/** Traces that share a pair of axes, and their frame. */
export type Panel = {
  readonly own: readonly Trace[];
  readonly frame: Box;
  /** Traces that set the axis' range: all, where panels share it. */
  readonly xTraces: readonly Trace[];
  readonly yTraces: readonly Trace[];
  readonly xAxis: Readonly<Record<string, unknown>>;
  readonly yAxis: Readonly<Record<string, unknown>>;
  /** Whether ticks of y are written beside it. */
  readonly labelled: boolean;
};

/** One panel for each x axis that traces name, where its `domain` says. */
export function panelsOf(traces: readonly Trace[], layout: Layout, box: Box): Panel[] {
  const nameOf = (trace: Trace, axis: "x" | "y"): string => words(trace[`${axis}axis`] ?? axis);
  const axisOf = (name: string) => part(layout, `${name[0]}axis${name.slice(1)}`);
  const names = [...new Set(traces.map((trace) => nameOf(trace, "x")))];
  if (names.length === 0) names.push("x");
  const sharedX = names.some((name) => axisOf(name)["matches"] !== undefined);
  return names.map((name, i) => {
    const own = traces.filter((trace) => nameOf(trace, "x") === name);
    const yName = own[0] === undefined ? "y" : nameOf(own[0], "y");
    const [from = 0, to = 1] = list(axisOf(name)["domain"]).map(Number);
    const width = box.right - box.left;
    return {
      own,
      frame: { ...box, left: box.left + from * width, right: box.left + to * width },
      xTraces: sharedX ? traces : own,
      yTraces: traces.filter((trace) => nameOf(trace, "y") === yName),
      xAxis: axisOf(name),
      yAxis: axisOf(yName),
      labelled: i === 0 || yName !== nameOf(traces[0]!, "y"),
    };
  });
}

/** Texts that stand at shares of the whole figure, as titles of panels do. */
export function annotations(layout: Layout, box: Box): string[] {
  return objects(layout["annotations"])
    .filter(({ xref, yref }) => xref === "paper" && yref === "paper")
    .map(({ text: content, x, y, yshift, yanchor }) => {
      const px = box.left + Number(x) * (box.right - box.left);
      const py = box.bottom - Number(y) * (box.bottom - box.top) - Number(yshift ?? 0);
      const lift = yanchor === "bottom" ? 6 : 0;
      return text(words(content), px, py - lift, `text-anchor="middle"`);
    });
}

/** Upright lines of reference on the x axis that the panel's traces share. */
export function guides(layout: Layout, own: readonly Trace[], x: Scale, frame: Box): string[] {
  const name = words(own[0]?.["xaxis"] ?? "x");
  return objects(layout["shapes"])
    .filter((shape) => shape["type"] === "line" && shape["xref"] === name)
    .map((shape) => x.at(shape["x0"]))
    .filter((at) => at >= frame.left && at <= frame.right)
    .map(
      (at) =>
        `<path d="M${f(at)} ${f(frame.top)}V${f(frame.bottom)}" stroke="#808890" stroke-dasharray="2 3"/>`,
    );
}

function objects(value: unknown): Readonly<Record<string, unknown>>[] {
  return list(value).filter(
    (one): one is Record<string, unknown> => typeof one === "object" && one !== null,
  );
}
