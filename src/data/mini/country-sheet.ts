/** @file Draws country fact sheets: name, flag, outline, a table of facts and a sentence on neighbours. */
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { join } from "node:path";
import sharp from "sharp";
import type { Split } from "../types.ts";
import { countryQuestions, type Country, type Question } from "./countries.ts";
import { drawMap } from "./country-map.ts";
import type { BuiltTask, Output } from "./output.ts";
import {
  blank,
  BODY,
  encode,
  fitSize,
  fontOf,
  LINE,
  MARGIN,
  PAGE_HEIGHT,
  PAGE_WIDTH,
  wrap,
} from "./page.ts";
import { thin } from "./random.ts";
import { packageFolder } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";

const INNER = PAGE_WIDTH - 2 * MARGIN;
/** Of the band behind the name, by region. */
export const COUNTRY_COLOURS = {
  Africa: "#9a5b13",
  Americas: "#1f6f54",
  Asia: "#8b2f3c",
  Europe: "#24508c",
  Oceania: "#146b80",
} as Record<string, string>;
/** Most questions by split. */
const QUESTION_CAP: Readonly<Record<Split, number>> = { train: 5000, dev: 200, test: 500 };
const FLAG = { width: 96, height: 72 };

async function drawFlag(context: SKRSContext2D, flag: string, x: number, y: number): Promise<void> {
  const file = join(packageFolder("flag-icons"), "flags/4x3", `${flag}.svg`);
  const pixels = await sharp(file)
    .resize(FLAG.width, FLAG.height, { fit: "fill" })
    .ensureAlpha()
    .raw()
    .toBuffer();
  const canvas = createCanvas(FLAG.width, FLAG.height);
  const image = canvas.getContext("2d").createImageData(FLAG.width, FLAG.height);
  image.data.set(pixels);
  canvas.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(canvas, x, y);
  context.strokeStyle = "#b0b0b0";
  context.strokeRect(x + 0.5, y + 0.5, FLAG.width - 1, FLAG.height - 1);
}

/** 1234567 as "1,234,567". */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Rows of the table: heading and value. */
function facts(country: Country): [string, string][] {
  const { capital, currency, languages, subregion, area, demonym, domain } = country;
  const rows: [string, string | undefined][] = [
    ["Capital", capital],
    ["Money", currency],
    [
      languages.length > 1 ? "Languages" : "Language",
      languages.length > 0 ? languages.join(", ") : undefined,
    ],
    ["Region", subregion],
    ["Area", `${grouped(area)} km²`],
    ["People", demonym],
    ["Internet", domain],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** What the sheet says on neighbours, in a sentence. */
function neighbours({ borders, landlocked }: Country): string {
  if (borders.length === 0) return "It has no land borders.";
  return `It ${landlocked ? "is landlocked and " : ""}borders ${listed(borders)}.`;
}

type Line = { readonly heading?: string; readonly text: string; readonly rule: boolean };

/** The body set at a size: headings stand before the first line of their value. */
function setBody(context: SKRSContext2D, country: Country, size: number): Line[] {
  const lines: Line[] = [];
  for (const [heading, value] of facts(country)) {
    context.font = fontOf("Condensed Bold", size);
    const indent = context.measureText(`${heading} `).width;
    context.font = fontOf("Condensed", size);
    const oneLine = context.measureText(value).width <= INNER - indent;
    const first = oneLine ? [value] : wrap(context, value, INNER - indent).slice(0, 1);
    const rest = oneLine ? [] : wrap(context, value.slice(first[0]!.length).trim(), INNER);
    const texts = [...first, ...rest];
    for (const [i, text] of texts.entries()) {
      lines.push({ ...(i === 0 && { heading }), text, rule: i === texts.length - 1 });
    }
  }
  context.font = fontOf("Condensed", size);
  for (const text of wrap(context, neighbours(country), INNER)) lines.push({ text, rule: false });
  return lines;
}

/** Draws the body on the grid; dense sheets use smaller type and lines. */
function drawBody(context: SKRSContext2D, country: Country, top: number, colour: string): void {
  for (const [size, step] of [
    [BODY, LINE],
    [34, 40],
    [30, 36],
    [26, 32],
    [24, 29],
    [22, 26],
    [20, 23],
  ] as const) {
    const lines = setBody(context, country, size);
    if (lines.length * step > PAGE_HEIGHT - top) continue;
    for (const [i, { heading, text, rule }] of lines.entries()) {
      const y = top + (i + 1) * step - step / 4;
      let x = MARGIN;
      if (heading !== undefined) {
        context.font = fontOf("Condensed Bold", size);
        context.fillStyle = colour;
        context.fillText(heading, x, y);
        x += context.measureText(`${heading} `).width;
      }
      context.font = fontOf("Condensed", size);
      context.fillStyle = "#111111";
      context.fillText(text, x, y);
      if (rule) {
        context.fillStyle = "#dcdcdc";
        context.fillRect(MARGIN, y + 6, INNER, 1);
      }
    }
    return;
  }
  throw new Error(`mini-MMEB: the sheet of ${country.name} does not fit its page`);
}

/** Draws one sheet and returns its path. */
async function drawSheet(out: Output, country: Country): Promise<string> {
  const { canvas, context } = blank(PAGE_WIDTH, PAGE_HEIGHT);
  const colour = COUNTRY_COLOURS[country.region] ?? "#444444";
  const size = fitSize(context, "Condensed Bold", country.name, INNER, 52, BODY);
  const title = wrap(context, country.name, INNER);
  const band = title.length * LINE + 16;
  context.fillStyle = colour;
  context.fillRect(0, 0, PAGE_WIDTH, band);
  context.fillStyle = "#ffffff";
  context.font = fontOf("Condensed Bold", size);
  for (const [i, line] of title.entries()) {
    context.fillText(line, MARGIN, title.length === 1 ? band / 2 + size * 0.36 : (i + 1) * LINE);
  }
  await drawFlag(context, country.flag, MARGIN, band + 8);
  drawMap(
    context,
    country.outline,
    {
      x: MARGIN + FLAG.width + 24,
      y: band + 8,
      width: INNER - FLAG.width - 24,
      height: FLAG.height,
    },
    colour,
  );
  drawBody(context, country, band + FLAG.height + 16, colour);
  return out.media(`media/page/country/${country.code}.webp`, await encode(canvas));
}

/** The task of one split: sheets of its countries, and every question they answer. */
export async function countryTask(
  out: Output,
  all: readonly Country[],
  split: Split,
): Promise<BuiltTask> {
  const countries = all.filter((country) => country.split === split);
  return sheetTask(out, new TaskBuilder("country-sheet", split), {
    countries,
    questions: thin(countryQuestions(countries), QUESTION_CAP[split], ({ id }) => `question ${id}`),
  });
}

/** Sheets of `countries` and `questions` on them. */
export async function sheetTask(
  out: Output,
  task: TaskBuilder,
  {
    countries,
    questions,
  }: { readonly countries: readonly Country[]; readonly questions: readonly Question[] },
): Promise<BuiltTask> {
  const pages = await out.each(`${task.name} (${task.split})`, countries, (country) =>
    drawSheet(out, country),
  );
  for (const [i, { code }] of countries.entries()) task.candidate(code, { document: pages[i]! });
  for (const { id, text, positives } of questions) task.query({ id, item: { text }, positives });
  return task.build();
}
