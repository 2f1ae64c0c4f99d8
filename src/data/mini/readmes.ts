/** @file README files of the lockfile's packages, set as pages. */
import type { Split } from "../types.ts";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuiltTask, Output } from "./output.ts";
import { blank, BODY, encode, fontOf, LINE, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, wrap } from "./page.ts";
import { splitOf } from "./random.ts";
import { installRoot } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";

const INNER = PAGE_WIDTH - 2 * MARGIN;
/** Lines of text under the page head. */
const BODY_LINES = 16;
/** Long manuals do not fill the corpus. */
const MAX_PAGES = 16;

export type Readme = {
  readonly name: string;
  readonly description: string | undefined;
  readonly split: Split;
  readonly markdown: string;
};

type LockEntry = { optional?: boolean; os?: string[]; cpu?: string[]; dev?: boolean; link?: boolean };

/** Folders of the lockfile that every platform installs, from package-lock.json or npm's hidden copy of it. */
function lockedFolders(root: string): string[] {
  const file = ["package-lock.json", "node_modules/.package-lock.json"].map((path) => join(root, path)).find(existsSync);
  if (file === undefined) throw new Error(`mini-MMEB: no package-lock.json in ${root}; README pages need one`);
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockEntry> };
  return Object.entries(packages)
    .filter(([path, entry]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !entry.optional && !entry.os && !entry.cpu && !entry.link)
    .map(([path]) => path)
    .toSorted();
}

/** READMEs with at least some text, one a package; scoped packages of one scope share a split. */
export function readReadmes(): Readme[] {
  const root = installRoot();
  return lockedFolders(root).flatMap((path): Readme[] => {
    const folder = join(root, path);
    if (!existsSync(folder)) return []; // a production install leaves out development packages
    const file = readdirSync(folder)
      .toSorted()
      .find((name) => /^readme\.md$/i.test(name));
    if (file === undefined) return [];
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string; description?: string };
    const family = manifest.name.startsWith("@") ? manifest.name.split("/")[0]! : manifest.name.replace(/-.*$/, "");
    const markdown = readFileSync(join(folder, file), "utf8");
    return [{ name: manifest.name, description: manifest.description, split: splitOf("package", family), markdown }];
  });
}

/** A block of a README: heading, paragraph, list item or code line. */
type Block = { readonly kind: "heading" | "text" | "code"; readonly text: string };

/** Markdown inline marks, links, images and HTML reduced to their text. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/<!--.*?-->/g, "")
    .replaceAll(/!?\[!\[[^\]]*\]\([^)]*\)\](\([^)]*\)|\[[^\]]*\])?/g, "")
    .replaceAll(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, "")
    .replaceAll(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/[*_`]{1,3}/g, "")
    .replaceAll(/&(\w+);/g, (whole, name: string) => ({ lt: "<", gt: ">", amp: "&", nbsp: " ", quot: '"' })[name] ?? whole)
    .replaceAll(/[^\u0020-\u024f\u2013-\u2026]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Blocks in order; tables become lines of their cells. */
export function readmeBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let fenced = false;
  let paragraph = "";
  const flush = (): void => {
    const text = plain(paragraph);
    if (text !== "") blocks.push({ kind: "text", text });
    paragraph = "";
  };
  for (const line of markdown.replaceAll(/<!--[\s\S]*?-->/g, "").split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) {
      flush();
      fenced = !fenced;
      continue;
    }
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
    if (fenced) {
      const text = line.trimEnd().replaceAll(/[^\u0020-\u007e]/g, "");
      if (text.trim() !== "") blocks.push({ kind: "code", text });
    } else if (heading) {
      flush();
      const text = plain(heading[1]!);
      if (text !== "") blocks.push({ kind: "heading", text });
    } else if (line.trim() === "" || /^\s*[-=|: ]+$/.test(line)) flush();
    else if (/^\s*([-*+]|\d+\.)\s+/.test(line) || line.includes("|")) {
      flush();
      paragraph = line.replace(/^\s*([-*+]|\d+\.)\s+/, "- ").replaceAll("|", " ");
      flush();
    } else paragraph += ` ${line}`;
  }
  flush();
  return blocks;
}

type Line = { readonly kind: Block["kind"]; readonly text: string };
export type ReadmePage = { readonly lines: readonly Line[]; readonly headings: readonly { readonly text: string; readonly starts: boolean }[] };

const FONTS: Readonly<Record<Block["kind"], string>> = { heading: "Condensed Bold", text: "Condensed", code: "Mono" };
const SIZES: Readonly<Record<Block["kind"], number>> = { heading: 28, text: BODY, code: 20 };

/** Sets blocks in lines and pages; a heading never stands last on a page. */
export function setReadme(blocks: readonly Block[]): ReadmePage[] {
  const { context } = blank(8, 8);
  const pages: { lines: Line[]; headings: { text: string; starts: boolean }[] }[] = [];
  let section: string | undefined;
  const turn = (): void => {
    pages.push({ lines: [], headings: section === undefined ? [] : [{ text: section, starts: false }] });
  };
  for (const { kind, text } of blocks) {
    context.font = fontOf(FONTS[kind], SIZES[kind]);
    const lines = kind === "code" ? [text.slice(0, 30)] : wrap(context, text, INNER);
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

async function drawReadme(out: Output, id: string, name: string, at: number, page: ReadmePage): Promise<string> {
  const { canvas, context } = blank(PAGE_WIDTH, PAGE_HEIGHT);
  context.fillStyle = "#eef1f5";
  context.fillRect(0, 0, PAGE_WIDTH, LINE + 8);
  context.fillStyle = "#24508c";
  context.font = fontOf("Mono Bold", BODY - 4);
  context.fillText(name.slice(0, 24), MARGIN, LINE - 4);
  const number = String(at + 1);
  context.fillText(number, PAGE_WIDTH - MARGIN - context.measureText(number).width, LINE - 4);
  for (const [i, { kind, text }] of page.lines.entries()) {
    const y = (i + 2) * LINE + 24 - LINE / 2;
    if (kind === "code") {
      context.fillStyle = "#f3f3f3";
      context.fillRect(0, y - 23, PAGE_WIDTH, LINE);
    }
    context.fillStyle = kind === "heading" ? "#8b2f3c" : "#111111";
    context.font = fontOf(FONTS[kind], SIZES[kind]);
    context.fillText(text, MARGIN, y);
  }
  return out.media(`media/page/readme/${id}.webp`, await encode(canvas));
}

type Placed = { readonly id: string; readonly readme: Readme; readonly at: number; readonly page: ReadmePage };

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

export async function readmeTasks(out: Output, all: readonly Readme[], split: Split): Promise<BuiltTask[]> {
  const placed = all
    .filter((readme) => readme.split === split)
    .flatMap((readme) =>
      setReadme(readmeBlocks(readme.markdown)).map((page, at): Placed => {
        const id = `${readme.name.replaceAll(/[@/]/g, "_")}-${at}`;
        return { id, readme, at, page };
      }),
    );
  const drawn = await out.each(`README pages (${split})`, placed, ({ id, readme, at, page }) => drawReadme(out, id, readme.name, at, page));
  const headings = new TaskBuilder("readme-heading", split);
  const descriptions = new TaskBuilder("readme-description", split);
  for (const [i, { id }] of placed.entries()) {
    headings.candidate(id, { document: drawn[i]! });
    descriptions.candidate(id, { document: drawn[i]! });
  }
  for (const readme of all.filter((one) => one.split === split)) {
    const own = placed.filter((one) => one.readme === readme);
    if (own.length === 0) continue;
    for (const [heading, positives] of sectionPages(own)) {
      headings.query({ id: `${readme.name}#${heading}`, item: { text: `${readme.name}: ${heading}` }, positives });
    }
    if (readme.description) {
      const positives = new Map(own.map(({ id }, at): [string, number] => [id, at === 0 ? 2 : 1]));
      descriptions.query({ id: readme.name, item: { text: readme.description }, positives });
    }
  }
  return [headings.build(), descriptions.build()];
}
