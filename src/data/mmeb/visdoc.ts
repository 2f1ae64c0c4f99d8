/** @file MMEB-V2's document sets: BEIR files, pages as image files or as bytes inside the corpus. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { replaceFile } from "../replace.ts";
import type { TaskAssembler } from "../formats/assemble.ts";
import { readBeirRows } from "../formats/beir.ts";
import type { Row } from "../formats/parquet.ts";
import type { Item } from "../types.ts";
import { readAnnotations } from "./annotations.ts";
import type { MmebContext } from "./types.ts";

/** ViDoRe's second round lies in folders without the prefix. */
function pageFolder(name: string): string {
  return `visdoc-tasks/${/^ViDoRe_.*_v2(?:_|$)/.test(name) ? name.slice("ViDoRe_".length) : name}`;
}

/** Name of a page's image file; VisRAG's ids are long file names that had to be cut. */
function pageFile(parser: string, id: string): string {
  if (parser !== "visrag") return `${id}.png`;
  const extension = extname(id);
  const base = id.slice(0, id.length - extension.length);
  // As Python's [:50], which counts code points.
  const cut = Array.from(base).slice(0, 50).join("");
  return `${cut}_${createHash("md5").update(id).digest("hex").slice(0, 8)}${extension}`;
}

export async function readVisdocTask({ entry, root, into }: MmebContext): Promise<void> {
  const folder = join(root, entry.hfPath);
  const rows = async (config: string): Promise<Row[]> => {
    const annotations = await readAnnotations({ folder, config, split: entry.hfSplit });
    return annotations.map(({ row }) => row);
  };
  const [queries, corpus, qrels] = [
    await rows("queries"),
    await rows("corpus"),
    await rows("qrels"),
  ];
  const page = (row: Row, id: string): Promise<Item> => {
    const path = `${pageFolder(entry.name)}/${pageFile(entry.parser, id)}`;
    return ensurePage(row, { root, path });
  };
  await readBeirRows({ queries, corpus, qrels }, into satisfies TaskAssembler, { page });
}

/** The page's file; written from the row's bytes when the images were not downloaded apart. */
async function ensurePage(row: Row, { root, path }: { root: string; path: string }): Promise<Item> {
  const file = join(root, path);
  if (existsSync(file)) return { document: path };
  const image = row.raw("image");
  const bytes = image instanceof Uint8Array ? image : (image as { bytes?: unknown } | null)?.bytes;
  if (!(bytes instanceof Uint8Array)) throw row.fail("image", `image bytes, or a file ${file}`);
  await mkdir(dirname(file), { recursive: true });
  await replaceFile(file, bytes);
  return { document: path };
}
