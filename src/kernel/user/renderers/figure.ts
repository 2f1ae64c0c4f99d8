/**
 * @file Plotly figures as one bundle: JSON for front ends that draw it, a self-contained page part for those that do
 * not, text for the rest.
 *
 * Plotly's script is 4.5 MB, so one output of a notebook carries it and the others wait for it. The cell that carries
 * it carries it again when it is run again, since its old output is then gone.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PLOTLY_CONFIG } from "../../../plot/figure.ts";
import { html } from "../../../plot/format.ts";
import type { Renderer } from "./index.ts";

type Figure = {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout?: Readonly<Record<string, unknown>>;
};

const DEFAULT_HEIGHT = 450;
/** Fields that only a trace has. */
const TRACE_FIELDS = ["type", "x", "y", "z", "values", "labels"];

let carrier: string | undefined;
let plotlySource: string | undefined;

function isFigure(value: unknown): value is Figure {
  if (typeof value !== "object" || value === null) return false;
  const { data, layout } = value as Record<string, unknown>;
  const hasLayout = typeof layout === "object" && layout !== null;
  return (
    Array.isArray(data) &&
    data.length > 0 &&
    (hasLayout || layout === undefined) &&
    data.every(
      (trace: unknown) =>
        typeof trace === "object" &&
        trace !== null &&
        (typeof (trace as { type?: unknown }).type === "string" ||
          (hasLayout && TRACE_FIELDS.some((field) => field in trace))),
    )
  );
}

export const figure: Renderer = (value, { cellKey }) => {
  if (!isFigure(value)) return undefined;
  carrier ??= cellKey;
  const { data, layout = {} } = value;
  return {
    "application/vnd.plotly.v1+json": { data, layout, config: PLOTLY_CONFIG },
    "text/html": pageOf(value, carrier === cellKey),
    "text/plain": describe(value),
  };
};

function describe({ data, layout = {} }: Figure): string {
  const { meta, title } = layout as {
    meta?: { description?: unknown };
    title?: string | { text?: string };
  };
  const name = meta?.description ?? (typeof title === "string" ? title : title?.text);
  const kinds = [...new Set(data.map(({ type }) => (typeof type === "string" ? type : "scatter")))];
  const traces = `${data.length} ${data.length === 1 ? "trace" : "traces"} (${kinds.join(", ")})`;
  return `Figure${typeof name === "string" ? `: ${name}` : ""}, ${traces}`;
}

function pageOf(drawn: Figure, withScript: boolean): string {
  const id = `figure-${randomUUID()}`;
  const { height } = (drawn.layout ?? {}) as { height?: number };
  const arguments_ = [drawn.data, drawn.layout ?? {}, PLOTLY_CONFIG].map(inScript).join(", ");
  // The page may have the script, get it from another output that is rendered later, or never.
  const draw = `(function draw(tries) {
  var element = document.getElementById(${JSON.stringify(id)});
  if (window.Plotly) { if (element) { element.textContent = ""; window.Plotly.newPlot(element, ${arguments_}); } }
  else if (tries > 0) setTimeout(draw, 100, tries - 1);
})(300);`;
  const script = withScript ? `<script>${plotlyScript()}</script>` : "";
  return `<div id="${id}" style="min-height:${height ?? DEFAULT_HEIGHT}px" role="img" aria-label="${html(describe(drawn))}">${html(describe(drawn))}</div>${script}<script>${draw}</script>`;
}

/** Plotly as a global also where a page has a module loader of its own. */
function plotlyScript(): string {
  plotlySource ??= readFileSync(
    createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js"),
    "utf8",
  );
  const source = plotlySource
    .replaceAll("</", String.raw`<\/`)
    .replaceAll("<!--", String.raw`<\!--`);
  return `window.Plotly || (function (module, exports, define) {${source}
}).call(window);window.Plotly = window.Plotly || window.moduleName;`;
}

/** JSON that can't end the script it stands in. Typed arrays are arrays to Plotly. */
function inScript(value: unknown): string {
  const json = JSON.stringify(value, (_, each: unknown) =>
    ArrayBuffer.isView(each) && !(each instanceof DataView)
      ? Array.from(each as unknown as ArrayLike<number>)
      : each,
  );
  return json.replaceAll("<", String.raw`\u003c`);
}
