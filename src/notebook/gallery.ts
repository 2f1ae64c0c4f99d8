/** @file `gallery`: pictures, clips and pages side by side, small enough to stay in a notebook. */
import type { Item } from "../data/types.ts";
import { Shown } from "./bundle.ts";
import { type Card, FRAMES, type Thumbnail, contactSheet } from "./contact-sheet.ts";
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

/** Entries in a row that wraps; as a PNG in rows, where no HTML is shown. */
export function gallery(entries: readonly GalleryEntry[], options: GalleryOptions = {}): Shown {
  const { caption = "", size = 96, frames = 4 } = options;
  const text = [caption, ...entries.map((entry) => `[${kindOf(entry)}] ${captionOf(entry)}`)];
  return new Shown(text.filter(Boolean).join("\n"), async () => {
    const cards = await Promise.all(entries.map((entry) => cardOf(entry, size, frames)));
    return {
      "text/html": asHtml(caption, cards),
      "image/png": (await contactSheet(caption, cards)).toString("base64"),
    };
  });
}

function kindOf({ item, pictures }: GalleryEntry): string {
  if (pictures !== undefined) return pictures.length > 1 ? "clip" : "image";
  if (item?.video !== undefined) return "clip";
  if (item?.document !== undefined) return "page";
  return item?.image === undefined ? "text" : "image";
}

const captionOf = ({ caption, item }: GalleryEntry): string => caption ?? item?.text ?? "";

async function cardOf(entry: GalleryEntry, size: number, frames: number): Promise<Card> {
  const { item = {}, tone = "none" } = entry;
  const files = item.video ?? [item.image ?? item.document].filter((file) => file !== undefined);
  const sources: readonly (string | Uint8Array)[] = entry.pictures ?? files;
  const width = item.document === undefined ? size : size * 2;
  const mark = { none: "", good: "✓ ", bad: "✗ " }[tone];
  return {
    pictures: await Promise.all(spread(sources, frames).map((one) => thumbnail(one, width))),
    words: `${mark}${captionOf(entry)}`,
    tone,
    width,
  };
}

function asHtml(caption: string, cards: readonly Card[]): string {
  const head = caption === "" ? "" : `<figcaption>${escapeHtml(caption)}</figcaption>`;
  const boxes = cards.map(({ pictures, words, tone, width }) => {
    const { border, colour } = FRAMES[tone];
    const alt = escapeHtml(words);
    const shown = pictures.map(
      ({ bytes }) =>
        `<img src="data:image/webp;base64,${bytes.toString("base64")}" alt="${alt}" style="margin:0 2px 0 0">`,
    );
    return `<div style="border:${border}px solid ${colour};border-radius:4px;padding:5px;max-width:${Math.max(1, pictures.length) * (width + 6) + 60}px">${shown.join("")}<div style="font-size:12px;max-width:${Math.max(width, 120)}px">${alt}</div></div>`;
  });
  return `<figure style="margin:0">${head}<div style="display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start">${boxes.join("")}</div></figure>`;
}

/** At most `n`, first and last among them. */
function spread<T>(all: readonly T[], n: number): T[] {
  if (all.length <= n) return [...all];
  return Array.from({ length: n }, (_, i) => all[Math.round((i * (all.length - 1)) / (n - 1))]!);
}

async function thumbnail(source: string | Uint8Array, size: number): Promise<Thumbnail> {
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(source)
    .resize({ width: size, height: size * 2, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#ffffff" })
    .webp({ quality: 72 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height };
}
