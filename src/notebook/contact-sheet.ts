/** @file A gallery as one PNG, for places that show pictures but no HTML. */
import type { OverlayOptions } from "sharp";
import { escapeHtml } from "./format.ts";

export type Thumbnail = {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
};

/** One entry of a gallery, ready to be drawn. */
export type Card = {
  readonly pictures: readonly Thumbnail[];
  readonly words: string;
  readonly tone: keyof typeof FRAMES;
  /** Of a picture, at most. */
  readonly width: number;
};

/** Frames around right answers, wrong ones and the rest. */
export const FRAMES = {
  good: { border: 3, colour: "#00a072" },
  bad: { border: 3, colour: "#a8430a" },
  none: { border: 1, colour: "#d5d8dc" },
} as const;

const WIDTH = 720;
const GAP = 8;
const PAD = 6;
const LINE = 15;
/** Mean width of a letter at 12 pixels. */
const LETTER = 6.4;

type Placed = Card & {
  readonly lines: readonly string[];
  readonly w: number;
  readonly h: number;
  x: number;
  y: number;
};

/** Cards from left to right in rows, each as tall as its tallest. */
export async function contactSheet(caption: string, cards: readonly Card[]): Promise<Buffer> {
  const placed = cards.map(measured);
  const top = caption === "" ? 0 : LINE + GAP;
  let [x, y, rowHeight] = [0, top, 0];
  for (const card of placed) {
    if (x > 0 && x + card.w > WIDTH) [x, y, rowHeight] = [0, y + rowHeight + GAP, 0];
    [card.x, card.y] = [x, y];
    x += card.w + GAP;
    rowHeight = Math.max(rowHeight, card.h);
  }
  const width = Math.max(WIDTH, ...placed.map(({ w }) => w));
  const height = Math.max(y + rowHeight, 1);
  const pictures = placed.flatMap((card): OverlayOptions[] => {
    let left = card.x + PAD;
    return card.pictures.map((picture) => {
      const place = { input: picture.bytes, left, top: card.y + PAD };
      left += picture.width + 2;
      return place;
    });
  });
  const words = { input: Buffer.from(drawing(caption, placed, width, height)), left: 0, top: 0 };
  const { default: sharp } = await import("sharp");
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .composite([...pictures, words])
    .png({ palette: true, quality: 80 })
    .toBuffer();
}

function measured(card: Card): Placed {
  const across = card.pictures.reduce((sum, { width }) => sum + width + 2, 0);
  const inner = Math.max(across, 120);
  const lines = wrapped(card.words, Math.floor(inner / LETTER));
  const tall = Math.max(0, ...card.pictures.map(({ height }) => height));
  return {
    ...card,
    lines,
    w: Math.round(inner + 2 * PAD),
    h: Math.round(tall + lines.length * LINE + 2 * PAD + 2),
    x: 0,
    y: 0,
  };
}

/** Text in lines of so many letters; a longer word keeps a line of its own. */
function wrapped(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function drawing(caption: string, cards: readonly Placed[], width: number, height: number): string {
  const text = (words: string, x: number, y: number): string =>
    `<text x="${x}" y="${y}">${escapeHtml(words)}</text>`;
  const boxes = cards.map(({ x, y, w, h, tone, lines }) => {
    const { border, colour } = FRAMES[tone];
    const inset = border / 2;
    return [
      `<rect x="${x + inset}" y="${y + inset}" width="${w - border}" height="${h - border}" rx="4" fill="none" stroke="${colour}" stroke-width="${border}"/>`,
      ...lines.map((line, i) =>
        text(line, x + PAD, y + h - PAD - 4 - (lines.length - 1 - i) * LINE),
      ),
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="Inter,DejaVu Sans,Helvetica,Arial,sans-serif" font-size="12" fill="#33383f">${text(caption, 0, LINE - 3)}${boxes.join("")}</svg>`;
}
