/** @file `gallery`: pictures, clips and pages side by side, small enough to stay in a notebook. */
import sharp from "sharp";
import type { Item } from "../data/types.ts";
import { Shown } from "./bundle.ts";
import { escapeHtml } from "./format.ts";

/** A task's item, or pictures as bytes. */
export type GalleryEntry = {
  readonly caption?: string;
  readonly item?: Item;
  /** Encoded pictures (PNG, JPEG, WebP ...): one, or the frames of a clip. */
  readonly pictures?: readonly Uint8Array[];
  /** Marks the frame: a right answer, a wrong one. */
  readonly tone?: "good" | "bad";
};

export type GalleryOptions = {
  readonly caption?: string;
  /** Pixels of a picture's longer side; pages get twice that. Default 96. */
  readonly size?: number;
  /** Frames of a clip, first and last among them. Default 4. */
  readonly frames?: number;
};

/** Entries in a row that wraps. */
export function gallery(entries: readonly GalleryEntry[], options: GalleryOptions = {}): Shown {
  const { caption = "", size = 96, frames = 4 } = options;
  const text = [
    caption,
    ...entries.map((entry) => `[${kindOf(entry)}] ${entry.caption ?? entry.item?.text ?? ""}`),
  ];
  return new Shown(text.filter(Boolean).join("\n"), async () => {
    const cards = await Promise.all(entries.map((entry) => card(entry, size, frames)));
    const head = caption === "" ? "" : `<figcaption>${escapeHtml(caption)}</figcaption>`;
    return {
      "text/html": `<figure style="margin:0">${head}<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">${cards.join("")}</div></figure>`,
    };
  });
}

function kindOf({ item, pictures }: GalleryEntry): string {
  if (pictures !== undefined) return pictures.length > 1 ? "clip" : "image";
  if (item?.video !== undefined) return "clip";
  if (item?.document !== undefined) return "page";
  return item?.image === undefined ? "text" : "image";
}

const BORDERS = { good: "3px solid #00a072", bad: "3px solid #a8430a", none: "1px solid #d5d8dc" };

async function card(entry: GalleryEntry, size: number, frames: number): Promise<string> {
  const { item = {}, tone = "none" } = entry;
  const files = item.video ?? [item.image ?? item.document].filter((file) => file !== undefined);
  const sources: readonly (string | Uint8Array)[] = entry.pictures ?? files;
  const width = item.document === undefined ? size : size * 2;
  const images = await Promise.all(spread(sources, frames).map((one) => thumbnail(one, width)));
  const words = entry.caption ?? item.text ?? "";
  const mark = tone === "none" ? "" : tone === "good" ? "✓ " : "✗ ";
  const shown = images.map((uri) => `<img src="${uri}" alt="${escapeHtml(words)}">`).join("");
  return `<div style="border:${BORDERS[tone]};border-radius:4px;padding:5px;max-width:${images.length * (width + 6) + 60}px">${shown}<div style="font-size:12px;max-width:${Math.max(width, 120)}px">${mark}${escapeHtml(words)}</div></div>`;
}

/** At most `n`, first and last among them. */
function spread<T>(all: readonly T[], n: number): T[] {
  if (all.length <= n) return [...all];
  return Array.from({ length: n }, (_, i) => all[Math.round((i * (all.length - 1)) / (n - 1))]!);
}

async function thumbnail(source: string | Uint8Array, width: number): Promise<string> {
  const bytes = await sharp(source)
    .resize({ width, height: width * 2, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#ffffff" })
    .webp({ quality: 72 })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString("base64")}`;
}
