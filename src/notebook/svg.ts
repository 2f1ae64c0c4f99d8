/** @file Plotly figures as plain SVG: what shows where no script runs. Lines, markers, bars and heat maps. */
import type { Figure, Trace } from "../plot/index.ts";
import { PALETTE } from "../plot/index.ts";
import { escapeHtml } from "./format.ts";
import { type Scale, scaleOf } from "./scale.ts";
import { annotations, guides, panelsOf } from "./svg-panels.ts";
import { type Box, f, list, part, text, textOf, words } from "./svg-parts.ts";

const WIDTH = 720;
const MARGIN = { left: 66, right: 18, top: 34, bottom: 58 };
const INK = "#33383f";
const GRID = "#e3e5e8";

/** The whole figure; traces of other types are named below it instead of drawn. */
export function figureSvg({ data, layout }: Figure): string {
  const drawn = data.filter((trace) => trace.type in DRAW);
  const missing = [...new Set(data.filter((t) => !(t.type in DRAW)).map((t) => t.type))];
  const legend = legendRows(drawn);
  const height = layout.height + legend.length * 18;
  const box: Box = {
    left: MARGIN.left,
    right: WIDTH - MARGIN.right,
    top: MARGIN.top,
    bottom: layout.height - MARGIN.bottom,
  };
  const heat = drawn.some(({ type }) => type === "heatmap");
  const bars = drawn.filter(({ type }) => type === "bar");
  const panels = panelsOf(drawn, layout, box);
  const plots = panels.flatMap(({ own, frame, xTraces, yTraces, xAxis, yAxis, labelled }) => {
    const x = scaleOf(values(xTraces, "x"), xAxis, [frame.left, frame.right], heat);
    const ends = [frame.bottom, frame.top] as const;
    const upwards = yAxis["autorange"] === "reversed" ? ([ends[1], ends[0]] as const) : ends;
    const y = scaleOf(values(yTraces, "y"), yAxis, upwards, heat);
    const marks = own.map((trace) => {
      const bar = { index: bars.indexOf(trace), count: bars.length };
      return DRAW[trace.type]!({ trace, x, y, colour: colourOf(trace, drawn.indexOf(trace)), bar });
    });
    const frames = grid(x, y, frame, labelled);
    return [...frames, ...guides(layout, own, x, frame), ...marks];
  });
  const note = missing.length === 0 ? "" : `not drawn here: ${missing.join(", ")}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" style="max-width:100%;height:auto;background:#fff" font-family="Inter,ui-sans-serif,system-ui,Segoe UI,Helvetica,Arial,sans-serif" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(
      textOf(layout["title"]),
      WIDTH / 2,
      20,
      `text-anchor="middle" font-weight="600" font-size="14"`,
    ),
    ...plots,
    ...annotations(layout, box),
    text(
      titleOf(layout, "xaxis"),
      (box.left + box.right) / 2,
      box.bottom + 40,
      `text-anchor="middle"`,
    ),
    text(
      titleOf(layout, "yaxis"),
      0,
      0,
      `text-anchor="middle" transform="translate(16 ${(box.top + box.bottom) / 2}) rotate(-90)"`,
    ),
    ...legend.flatMap((row, i) => legendLine(row, layout.height + 6 + i * 18)),
    text(note, box.left, height - 4, `font-size="11"`),
    "</svg>",
  ].join("\n");
}

type Mark = {
  readonly trace: Trace;
  readonly x: Scale;
  readonly y: Scale;
  readonly colour: string;
  /** Place among bars that share a category. */
  readonly bar: { readonly index: number; readonly count: number };
};

const DRAW: Readonly<Record<string, (mark: Mark) => string>> = {
  scatter: line,
  scattergl: line,
  bar: bars,
  heatmap,
};

function line({ trace, x, y, colour }: Mark): string {
  const [xs, ys] = [list(trace["x"]), list(trace["y"])];
  const mode = words(trace["mode"] ?? "lines");
  const points = ys.map((value, i) => [x.at(xs[i] ?? i), y.at(value), i] as const);
  const whole = points.filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py));
  const own = part(trace, "line");
  const dash = { dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" }[words(own["dash"])] ?? "";
  const path = whole.map(([px, py], i) => `${i ? "L" : "M"}${f(px)} ${f(py)}`).join("");
  const out: string[] = [];
  if (trace["fill"] !== undefined && whole.length > 0) {
    const base = f(trace["fill"] === "toself" ? whole[0]![1] : y.base);
    const close =
      trace["fill"] === "toself"
        ? "Z"
        : `L${f(whole.at(-1)![0])} ${base}L${f(whole[0]![0])} ${base}Z`;
    const tint = words(trace["fillcolor"] ?? colour);
    out.push(`<path d="${path}${close}" fill="${tint}" fill-opacity="0.25"/>`);
  }
  if (mode.includes("lines") && own["width"] !== 0) {
    const width = Number(own["width"] ?? 2);
    out.push(
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"/>`,
    );
  }
  out.push(...errors(trace, points, y, colour), ...errorsAcross(trace, points, x, colour));
  if (mode.includes("markers")) {
    const size = part(trace, "marker")["size"];
    const colours = list(part(trace, "marker")["color"]);
    for (const [px, py, i] of whole) {
      const radius = Number(Array.isArray(size) ? size[i] : (size ?? 6)) / 2;
      out.push(
        `<circle cx="${f(px)}" cy="${f(py)}" r="${f(radius)}" ${paint(trace, words(colours[i] ?? colour))}>${tip(trace, i)}</circle>`,
      );
    }
  }
  if (mode.includes("text")) {
    const labels = list(trace["text"]);
    for (const [px, py, i] of whole) {
      out.push(text(words(labels[i] ?? ""), px, py - 7, `text-anchor="middle" font-size="11"`));
    }
  }
  return out.join("");
}

function bars({ trace, x, y, colour, bar }: Mark): string {
  const [xs, ys] = [list(trace["x"]), list(trace["y"])];
  const width = (x.step * 0.8) / bar.count;
  const colours = list(part(trace, "marker")["color"]);
  const middles = ys.map((value, i) => {
    const middle = x.at(xs[i] ?? i) + (bar.index - (bar.count - 1) / 2) * width;
    return [middle, y.at(value), i] as const;
  });
  const boxes = middles.map(([px, py, i]) => {
    if (!Number.isFinite(py)) return "";
    const [top, bottom] = [Math.min(py, y.base), Math.max(py, y.base)];
    return `<rect x="${f(px - width * 0.46)}" y="${f(top)}" width="${f(width * 0.92)}" height="${f(bottom - top)}" fill="${words(colours[i] ?? colour)}">${tip(trace, i)}</rect>`;
  });
  return [...boxes, ...errors(trace, middles, y, INK)].join("");
}

function heatmap({ trace, x, y }: Mark): string {
  const rows = list(trace["z"]).map(list);
  const flat = rows.flat().map(Number).filter(Number.isFinite);
  const low = Number(trace["zmin"] ?? Math.min(...flat));
  const high = Number(trace["zmax"] ?? Math.max(...flat));
  const [xs, ys] = [list(trace["x"]), list(trace["y"])];
  return rows
    .flatMap((row, r) =>
      row.map((value, c) => {
        const share = (Number(value) - low) / (high - low || 1);
        const fill = Number.isFinite(share) ? ramp(Math.min(1, Math.max(0, share))) : "#ffffff";
        return `<rect x="${f(x.at(xs[c] ?? c) - x.step / 2)}" y="${f(y.at(ys[r] ?? r) - y.step / 2)}" width="${f(x.step + 0.3)}" height="${f(y.step + 0.3)}" fill="${fill}"><title>${escapeHtml(`${words(ys[r] ?? r)}, ${words(xs[c] ?? c)}: ${Number(value).toPrecision(4)}`)}</title></rect>`;
      }),
    )
    .join("");
}

function errors(
  { error_y: error }: Trace,
  points: readonly (readonly [number, number, number])[],
  y: Scale,
  colour: string,
): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { array, arrayminus } = error as Record<string, unknown>;
  const [up, down] = [list(array), list(arrayminus ?? array)];
  return points
    .filter(([, py]) => Number.isFinite(py))
    .map(([px, py, i]) => {
      const reach = (by: unknown): number => Math.abs(y.length(Number(by ?? 0)));
      return `<path d="M${f(px)} ${f(py - reach(up[i]))}V${f(py + reach(down[i]))}" stroke="${colour}" stroke-width="1.5"/>`;
    });
}

function errorsAcross(
  { error_x: error }: Trace,
  points: readonly (readonly [number, number, number])[],
  x: Scale,
  colour: string,
): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { array, arrayminus } = error as Record<string, unknown>;
  const [up, down] = [list(array), list(arrayminus ?? array)];
  return points
    .filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py))
    .map(([px, py, i]) => {
      const reach = (by: unknown): number => Math.abs(x.length(Number(by ?? 0)));
      return `<path d="M${f(px - reach(down[i]))} ${f(py)}H${f(px + reach(up[i]))}" stroke="${colour}" stroke-width="2"/>`;
    });
}

/** Filled, or open as Plotly's `circle-open`. */
function paint(trace: Trace, colour: string): string {
  const open = words(part(trace, "marker")["symbol"] ?? "").endsWith("-open");
  return open
    ? `fill="#ffffff" stroke="${colour}" stroke-width="2"`
    : `fill="${colour}" fill-opacity="0.85"`;
}

function grid(x: Scale, y: Scale, box: Box, labelled: boolean): string[] {
  const across = y.ticks.map(
    ({ at, label }) =>
      `<path d="M${box.left} ${f(at)}H${box.right}" stroke="${GRID}"/>${labelled ? text(label, box.left - 8, at + 4, `text-anchor="end"`) : ""}`,
  );
  const ticks = x.ticks;
  const slant =
    ticks.reduce((sum, { label }) => sum + label.length * 6.5 + 8, 0) > box.right - box.left;
  const along = ticks.map(({ at, label }) =>
    slant
      ? text(
          label.slice(0, 18),
          0,
          0,
          `text-anchor="end" font-size="10" transform="translate(${f(at + 4)} ${box.bottom + 14}) rotate(-28)"`,
        )
      : text(label, at, box.bottom + 17, `text-anchor="middle"`),
  );
  return [
    ...across,
    `<path d="M${box.left} ${f(y.base)}H${box.right}" stroke="#9aa1aa"/>`,
    ...along,
  ];
}

type LegendEntry = { readonly name: string; readonly colour: string; readonly at: number };

/** Names in rows as wide as the figure. */
function legendRows(traces: readonly Trace[]): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  let at = Infinity;
  const entries = traces.map((trace, i) => ({
    name: trace["name"],
    colour: colourOf(trace, i),
    trace,
  }));
  for (const { name, colour, trace } of entries) {
    if (typeof name !== "string" || trace["showlegend"] === false || traces.length < 2) continue;
    const width = 42 + name.length * 7;
    if (at + width > WIDTH - MARGIN.right) {
      rows.push([]);
      at = MARGIN.left;
    }
    rows.at(-1)!.push({ name, colour, at });
    at += width;
  }
  return rows;
}

function legendLine(row: readonly LegendEntry[], y: number): string[] {
  return row.map(
    ({ name, colour, at }) =>
      `<rect x="${at}" y="${y - 6}" width="14" height="6" fill="${colour}"/>${text(name, at + 19, y + 1)}`,
  );
}

function colourOf(trace: Trace, index: number): string {
  const named = part(trace, "line")["color"] ?? part(trace, "marker")["color"];
  return typeof named === "string" ? named : PALETTE[index % PALETTE.length]!;
}

/** Light to dark blue. */
function ramp(share: number): string {
  const [from, to]: readonly [number[], number[]] = [
    [247, 247, 244],
    [20, 52, 148],
  ];
  return `rgb(${from.map((low, i) => Math.round(low + share * (to[i]! - low))).join(",")})`;
}

function tip(trace: Trace, i: number): string {
  const own = list(trace["text"])[i] ?? list(trace["hovertext"])[i];
  const plain = `${words(trace["name"] ?? "")} ${words(list(trace["x"])[i] ?? i)}: ${words(list(trace["y"])[i])}`;
  return `<title>${escapeHtml(typeof own === "string" ? own : plain.trim())}</title>`;
}

function values(traces: readonly Trace[], axis: "x" | "y"): unknown[] {
  return traces
    .flatMap((trace) => {
      const own = withEnds(list(trace[axis]), part(trace, `error_${axis}`));
      if (own.length > 0 || trace.type !== "heatmap") {
        if (own.length > 0 || axis === "y") return own;
        return list(trace["y"]).map((_, i) => i);
      }
      const rows = list(trace["z"]);
      return (axis === "y" ? rows : list(rows[0])).map((_, i) => i);
    })
    .concat(axis === "y" && traces.some(({ type }) => type === "bar") ? [0] : []);
}

/** Values and how far their error bars reach. */
function withEnds(own: unknown[], error: Readonly<Record<string, unknown>>): unknown[] {
  const [up, down] = [list(error["array"]), list(error["arrayminus"] ?? error["array"])];
  return own.flatMap((value, i) =>
    typeof value === "number" && up[i] !== undefined
      ? [value, value + Number(up[i]), value - Number(down[i] ?? 0)]
      : [value],
  );
}

function titleOf(layout: Figure["layout"], name: string): string {
  return textOf(part(layout, name)["title"]);
}
