/** @file Draws chart pages straight on a canvas: bars with their names, lines and scatters with axes. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Split } from "../types.ts";
import { chartsOf, type Chart, type Point } from "./charts.ts";
import type { BuiltTask, Output } from "./output.ts";
import {
  blank,
  BODY,
  encode,
  fitSize,
  fontOf,
  LEAST,
  LINE,
  MARGIN,
  PAGE_HEIGHT,
  PAGE_WIDTH,
  wrap,
} from "./page.ts";
import { splitsOf, Stream } from "./random.ts";
import { TABLES } from "./tables.ts";
import { TaskBuilder } from "./task-builder.ts";

const INNER = PAGE_WIDTH - 2 * MARGIN;
/** Heights of a bar's name and of the bar, and the type of values. */
const NAME = 40;
const BAR = 20;
/** A title longer than this is set smaller. */
const TITLE_LINES = 3;
const TICK = 32;
const COLOURS = ["#24508c", "#8b2f3c", "#1f6f54", "#9a5b13", "#5b3a86", "#146b80"] as const;

/** 1234567 as "1.23M", 0.0123 as "0.012". */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  for (const [unit, letter] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (size >= unit)
      return `${Number((value / (letter === "k" ? 1e3 : unit)).toPrecision(3))}${letter}`;
  }
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}

/** A number on an axis: years stay whole, others are shortened. */
function tickText(value: number, title: string): string {
  return title === "year" ? String(Math.round(value)) : shortNumber(value);
}

function drawTitle(context: SKRSContext2D, title: string): number {
  context.fillStyle = "#111111";
  for (let size = BODY; ; size -= 2) {
    context.font = fontOf("Condensed Bold", size);
    const lines = wrap(context, title, INNER);
    if (lines.length > TITLE_LINES && size > LEAST) continue;
    const step = size + 6;
    for (const [i, line] of lines.entries()) context.fillText(line, MARGIN, (i + 1) * step - 6);
    return lines.length * step + 8;
  }
}

function drawBars(
  context: SKRSContext2D,
  chart: Extract<Chart, { mark: "bar" }>,
  top: number,
  colour: string,
): void {
  const most = Math.max(...chart.bars.map((bar) => Math.abs(bar.value)));
  let y = top;
  for (const { name, value } of chart.bars) {
    fitSize(context, "Condensed", name, INNER, BODY - 4, LEAST);
    context.fillStyle = "#111111";
    context.fillText(wrap(context, name, INNER)[0]!, MARGIN, y + NAME - 8);
    const text = shortNumber(value);
    context.font = fontOf("Condensed Bold", LEAST);
    const room = INNER - context.measureText(text).width - 8;
    const width = Math.max(2, (Math.abs(value) / (most || 1)) * room);
    context.fillStyle = colour;
    context.fillRect(MARGIN, y + NAME, width, BAR);
    context.fillText(text, MARGIN + width + 8, y + NAME + BAR - 1);
    y += NAME + BAR + 4;
  }
  context.fillStyle = "#666666";
  fitSize(context, "Condensed Oblique", chart.unit, INNER, BODY - 4, LEAST - 8);
  context.fillText(chart.unit, MARGIN, Math.min(y + LINE - 12, PAGE_HEIGHT - 8));
}

type Scale = (value: number) => number;

function range(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** Draws marks of a line or scatter in the frame. */
function drawMarks(
  context: SKRSContext2D,
  points: readonly Point[],
  mark: "line" | "scatter",
  x: Scale,
  y: Scale,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.fillStyle = colour;
  if (mark === "scatter") {
    context.globalAlpha = 0.65;
    for (const point of points) {
      context.beginPath();
      context.arc(x(point.x), y(point.y), 4, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    return;
  }
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.beginPath();
  for (const [i, point] of points.entries()) {
    if (i === 0) context.moveTo(x(point.x), y(point.y));
    else context.lineTo(x(point.x), y(point.y));
  }
  context.stroke();
}

function drawPlot(
  context: SKRSContext2D,
  chart: Exclude<Chart, { mark: "bar" }>,
  top: number,
  colour: string,
): void {
  const [xLow, xHigh] = range(chart.points.map((point) => point.x));
  const [yLow, yHigh] = range(chart.points.map((point) => point.y));
  const frame = {
    left: MARGIN + 4,
    right: PAGE_WIDTH - MARGIN - 4,
    top: top + LINE + 8,
    bottom: PAGE_HEIGHT - 3 * LINE,
  };
  fitSize(context, "Condensed Bold", chart.yTitle, INNER, BODY, LEAST - 8);
  context.fillStyle = colour;
  context.fillText(chart.yTitle, MARGIN, top + LINE - 12);
  const x: Scale = (value) =>
    frame.left + ((value - xLow) / (xHigh - xLow)) * (frame.right - frame.left);
  const y: Scale = (value) =>
    frame.bottom - 8 - ((value - yLow) / (yHigh - yLow)) * (frame.bottom - frame.top - 16);
  context.fillStyle = "#f3f3f3";
  context.fillRect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  context.fillStyle = "#d5d5d5";
  for (const share of [0.25, 0.5, 0.75]) {
    context.fillRect(
      frame.left,
      frame.top + (frame.bottom - frame.top) * share,
      frame.right - frame.left,
      1,
    );
  }
  drawMarks(context, chart.points, chart.mark, x, y, colour);
  context.font = fontOf("Condensed", TICK);
  context.fillStyle = "#111111";
  for (const [value, at] of [
    [yHigh, frame.top + TICK],
    [yLow, frame.bottom - 6],
  ] as const) {
    const text = tickText(value, chart.yTitle);
    context.fillStyle = "#ffffffc0";
    context.fillRect(frame.left + 2, at - TICK + 4, context.measureText(text).width + 6, TICK + 2);
    context.fillStyle = "#111111";
    context.fillText(text, frame.left + 5, at);
  }
  const [low, high] = [tickText(xLow, chart.xTitle), tickText(xHigh, chart.xTitle)];
  context.fillText(low, frame.left, frame.bottom + TICK);
  context.fillText(high, frame.right - context.measureText(high).width, frame.bottom + TICK);
  fitSize(context, "Condensed Bold", chart.xTitle, INNER, BODY, LEAST - 8);
  context.fillStyle = colour;
  context.fillText(
    chart.xTitle,
    (PAGE_WIDTH - context.measureText(chart.xTitle).width) / 2,
    frame.bottom + TICK + LINE - 8,
  );
  const note =
    chart.mark === "scatter" ? `${chart.points.length} points` : `highest ${highest(chart)}`;
  context.fillStyle = "#666666";
  fitSize(context, "Condensed Oblique", note, INNER, BODY - 4, LEAST - 8);
  context.fillText(note, MARGIN, PAGE_HEIGHT - 8);
}

function highest(chart: Exclude<Chart, { mark: "bar" }>): string {
  const point = chart.points.reduce((a, b) => (b.y > a.y ? b : a));
  return `${shortNumber(point.y)} in ${Math.floor(point.x)}`;
}

async function drawChart(out: Output, chart: Chart): Promise<string> {
  const { canvas, context } = blank(PAGE_WIDTH, PAGE_HEIGHT);
  const colour = new Stream(`chart colour ${chart.id}`).pick(COLOURS);
  const top = drawTitle(context, chart.title);
  if (chart.mark === "bar") drawBars(context, chart, top, colour);
  else drawPlot(context, chart, top, colour);
  return out.media(`media/page/chart/${chart.id}.webp`, await encode(canvas));
}

/** Question and title of each chart of the split's tables. */
export async function chartTask(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("chart-page", split);
  const splits = splitsOf(
    "table",
    TABLES.map((table) => table.family),
  );
  const tables = TABLES.filter((table) => splits.get(table.family) === split);
  return chartPages(
    out,
    task,
    tables.flatMap((table) => chartsOf(table)),
  );
}

/** A page of each chart, its question and, for training, its title. */
export async function chartPages(
  out: Output,
  task: TaskBuilder,
  charts: readonly Chart[],
): Promise<BuiltTask> {
  const pages = await out.each(`${task.name} (${task.split})`, charts, (chart) =>
    drawChart(out, chart),
  );
  for (const [i, chart] of charts.entries()) {
    task.candidate(chart.id, { document: pages[i]! });
    const same = charts
      .filter((other) => other.question === chart.question)
      .map((other) => other.id);
    task.query({ id: `${chart.id}-question`, item: { text: chart.question }, positives: same });
    if (task.split === "train")
      task.query({ id: `${chart.id}-title`, item: { text: chart.title }, positives: chart.id });
  }
  return task.build();
}
