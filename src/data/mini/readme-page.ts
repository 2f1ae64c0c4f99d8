/** @file Sets README files as pages and asks for their sections. */
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import {
  blank,
  BODY,
  encode,
  fontOf,
  LINE,
  MARGIN,
  PAGE_HEIGHT,
  PAGE_WIDTH,
  wrap,
} from "./page.ts";
import { readmeBlocks, type Block, type Readme } from "./readmes.ts";
import { TaskBuilder } from "./task-builder.ts";

const INNER = PAGE_WIDTH - 2 * MARGIN;
/** Lines of text under the page head. */
const BODY_LINES = 10;
/** Long manuals do not fill the corpus. */
const MAX_PAGES = 12;

type Line = { readonly kind: Block["kind"]; readonly text: string };
export type ReadmePage = {
  readonly lines: readonly Line[];
  readonly headings: readonly { readonly text: string; readonly starts: boolean }[];
};

const FONTS: Readonly<Record<Block["kind"], string>> = {
  heading: "Condensed Bold",
  text: "Condensed",
  code: "Mono",
};
const SIZES: Readonly<Record<Block["kind"], number>> = { heading: BODY + 2, text: BODY, code: 30 };

/** Sets blocks in lines and pages; a heading never stands last on a page. */
export function setReadme(blocks: readonly Block[]): ReadmePage[] {
  const { context } = blank(8, 8);
  const pages: { lines: Line[]; headings: { text: string; starts: boolean }[] }[] = [];
  let section: string | undefined;
  const turn = (): void => {
    pages.push({
      lines: [],
      headings: section === undefined ? [] : [{ text: section, starts: false }],
    });
  };
  for (const { kind, text } of blocks) {
    context.font = fontOf(FONTS[kind], SIZES[kind]);
    const lines = kind === "code" ? [text.slice(0, 19)] : wrap(context, text, INNER);
    const room = pages.length === 0 ? 0 : BODY_LINES - pages.at(-1)!.lines.length;
    if (kind === "heading") {
      section = undefined;
      if (room < lines.length + 2) turn();
      section = text;
      pages.at(-1)!.headings.push({ text, starts: true });
    } else if (room === 0) turn();
    for (const line of lines) {
      if (pages.at(-1)!.lines.length === BODY_LINES) turn();
      pages.at(-1)!.lines.push({ kind, text: line });
    }
  }
  return pages.slice(0, MAX_PAGES);
}

async function drawReadme(
  out: Output,
  id: string,
  name: string,
  at: number,
  page: ReadmePage,
): Promise<string> {
  const { canvas, context } = blank(PAGE_WIDTH, PAGE_HEIGHT);
  context.fillStyle = "#eef1f5";
  context.fillRect(0, 0, PAGE_WIDTH, LINE + 8);
  context.fillStyle = "#24508c";
  context.font = fontOf("Mono Bold", 30);
  context.fillText(name.slice(0, 17), MARGIN, LINE - 10);
  const number = String(at + 1);
  context.fillText(number, PAGE_WIDTH - MARGIN - context.measureText(number).width, LINE - 10);
  for (const [i, { kind, text }] of page.lines.entries()) {
    const y = (i + 2) * LINE + 24 - LINE / 2;
    if (kind === "code") {
      context.fillStyle = "#f3f3f3";
      context.fillRect(0, y - 35, PAGE_WIDTH, LINE);
    }
    context.fillStyle = kind === "heading" ? "#8b2f3c" : "#111111";
    context.font = fontOf(FONTS[kind], SIZES[kind]);
    context.fillText(text, MARGIN, y);
  }
  return out.media(`media/page/readme/${id}.webp`, await encode(canvas));
}

type Placed = {
  readonly id: string;
  readonly readme: Readme;
  readonly at: number;
  readonly page: ReadmePage;
};

/** Pages on which a section starts (grade 2) or goes on (grade 1), by heading. */
function sectionPages(pages: readonly Placed[]): Map<string, Map<string, number>> {
  const sections = new Map<string, Map<string, number>>();
  for (const { id, page } of pages) {
    for (const { text, starts } of page.headings) {
      const grades = sections.get(text) ?? new Map<string, number>();
      grades.set(id, Math.max(grades.get(id) ?? 0, starts ? 2 : 1));
      sections.set(text, grades);
    }
  }
  return sections;
}

/** A split's packages by what they say of themselves. */
function byDescription(all: readonly Readme[], split: Split): Map<string, Readme[]> {
  const own = all.filter((one) => one.split === split && one.description);
  return Map.groupBy(own, ({ description }) => description!);
}

export type ReadmeTaskNames = { readonly headings: string; readonly descriptions: string };

/** Pages of the split's packages, their sections and what they say of themselves. */
export async function readmeTasks(
  out: Output,
  all: readonly Readme[],
  split: Split,
  names: ReadmeTaskNames = { headings: "readme-heading", descriptions: "readme-description" },
): Promise<BuiltTask[]> {
  const placed = all
    .filter((readme) => readme.split === split)
    .flatMap((readme) =>
      setReadme(readmeBlocks(readme.markdown)).map((page, at): Placed => {
        const id = `${readme.name.replaceAll(/[@/]/g, "_")}-${at}`;
        return { id, readme, at, page };
      }),
    );
  const drawn = await out.each(`${names.headings} (${split})`, placed, ({ id, readme, at, page }) =>
    drawReadme(out, id, readme.name, at, page),
  );
  const headings = new TaskBuilder(names.headings, split);
  const descriptions = new TaskBuilder(names.descriptions, split);
  for (const [i, { id }] of placed.entries()) {
    headings.candidate(id, { document: drawn[i]! });
    descriptions.candidate(id, { document: drawn[i]! });
  }
  for (const readme of all.filter((one) => one.split === split)) {
    const own = placed.filter((one) => one.readme === readme);
    if (own.length === 0) continue;
    for (const [heading, positives] of sectionPages(own)) {
      headings.query({
        id: `${readme.name}#${heading}`,
        item: { text: `${readme.name}: ${heading}` },
        positives,
      });
    }
  }
  for (const [description, readmesOfIt] of byDescription(all, split)) {
    // Packages of one family may say the same of themselves: then any of their pages answers.
    const own = placed.filter((one) => readmesOfIt.includes(one.readme));
    if (own.length === 0) continue;
    const positives = new Map(own.map(({ id, at }): [string, number] => [id, at === 0 ? 2 : 1]));
    descriptions.query({ id: readmesOfIt[0]!.name, item: { text: description }, positives });
  }
  return [headings.build(), descriptions.build()];
}
