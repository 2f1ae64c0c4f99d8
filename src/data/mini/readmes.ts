/** @file README files of listed packages, read as blocks of text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Split } from "../types.ts";
import { splitOf } from "./random.ts";
import { README_PACKAGES } from "./readme-packages.ts";
import { installRoot } from "./sources.ts";

export type Readme = {
  readonly name: string;
  readonly description: string | undefined;
  readonly split: Split;
  readonly markdown: string;
};

/** READMEs of the listed packages, one each; scoped packages of one scope share a split. */
export function readReadmes(): Readme[] {
  const root = installRoot();
  return README_PACKAGES.flatMap((name): Readme[] => {
    const folder = join(root, "node_modules", name);
    if (!existsSync(folder)) return []; // a production install leaves out development packages
    const file = readdirSync(folder)
      .toSorted()
      .find((name) => /^readme\.md$/i.test(name));
    if (file === undefined) return [];
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      description?: string;
    };
    const family = manifest.name.startsWith("@")
      ? manifest.name.split("/")[0]!
      : manifest.name.replace(/-.*$/, "");
    const markdown = readFileSync(join(folder, file), "utf8");
    return [
      {
        name: manifest.name,
        description: manifest.description,
        split: splitOf("package", family),
        markdown,
      },
    ];
  });
}

/** A block of a README: heading, paragraph, list item or code line. */
export type Block = { readonly kind: "heading" | "text" | "code"; readonly text: string };

/** Markdown inline marks, links, images and HTML reduced to their text. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/<!--.*?-->/g, "")
    .replaceAll(/!?\[!\[[^\]]*\]\([^)]*\)\](\([^)]*\)|\[[^\]]*\])?/g, "")
    .replaceAll(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, "")
    .replaceAll(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/[*_`]{1,3}/g, "")
    .replaceAll(
      /&(\w+);/g,
      (whole, name: string) =>
        ({ lt: "<", gt: ">", amp: "&", nbsp: " ", quot: '"' })[name] ?? whole,
    )
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
