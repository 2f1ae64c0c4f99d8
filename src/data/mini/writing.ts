/** @file Stroke-order clips of Chinese characters: whole writings and stretches of them. */
import { Path2D, type SKRSContext2D } from "@napi-rs/canvas";
import { readdirSync } from "node:fs";
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode } from "./page.ts";
import { splitOf, Stream, thin } from "./random.ts";
import { packageFolder, packageJson } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";

const FRAMES = 8;
const CLIP_SIDE = 64;
const PICTURE_SIDE = 96;
/** The source's box: y points up, the baseline's top edge at 900. */
const GLYPH_BOX = 1024;
const GLYPH_TOP = 900;

type Glyph = {
  readonly char: string;
  /** Code point in hex: the id. */
  readonly id: string;
  readonly strokes: readonly string[];
  readonly medians: readonly (readonly (readonly [number, number])[])[];
  readonly radical: readonly number[];
};

type GlyphFile = { strokes: string[]; medians: [number, number][][]; radStrokes?: number[] };

/** Clips by split: characters written forwards and backwards, and characters with a moment to find. */
const PLAN: Readonly<Record<Split, { writings: number; backwards: number; moments: number }>> = {
  train: { writings: 600, backwards: 200, moments: 300 },
  dev: { writings: 40, backwards: 40, moments: 30 },
  test: { writings: 200, backwards: 200, moments: 200 },
};
const CLIPS_PER_MOMENT = 5;

function readGlyph(char: string): Glyph {
  const file = packageJson("hanzi-writer-data", `${char}.json`) as GlyphFile;
  return {
    char,
    id: char.codePointAt(0)!.toString(16),
    strokes: file.strokes,
    medians: file.medians,
    radical: (file.radStrokes ?? []).toSorted((a, b) => a - b),
  };
}

/** Characters of a split, by code point. */
function characters(split: Split): string[] {
  return readdirSync(packageFolder("hanzi-writer-data"))
    .flatMap((file) => /^(\p{Script=Han})\.json$/u.exec(file)?.[1] ?? [])
    .filter((char) => splitOf("character", char) === split)
    .toSorted();
}

/** Maps the glyph box onto a square of `side` pixels with `margin` around. */
function toSquare(context: SKRSContext2D, side: number, margin: number): void {
  const scale = (side - 2 * margin) / GLYPH_BOX;
  context.translate(margin, margin + GLYPH_TOP * scale);
  context.scale(scale, -scale);
}

function medianLength(median: Glyph["medians"][number]): number {
  let length = 0;
  for (let i = 1; i < median.length; i++)
    length += Math.hypot(median[i]![0] - median[i - 1]![0], median[i]![1] - median[i - 1]![1]);
  return length;
}

function strokePath({ strokes }: Glyph, stroke: number): Path2D {
  return new Path2D(strokes[stroke]);
}

/** Draws the first `share` of a stroke: its outline clips a broad line along the median. */
function drawStroke(context: SKRSContext2D, glyph: Glyph, stroke: number, share: number): void {
  const path = strokePath(glyph, stroke);
  if (share >= 1) {
    context.fill(path);
    return;
  }
  const median = glyph.medians[stroke]!;
  const end = medianLength(median) * share;
  context.save();
  context.clip(path);
  context.lineWidth = 200;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...(median[0] as [number, number]));
  let walked = 0;
  for (let i = 1; i < median.length && walked < end; i++) {
    const [x0, y0] = median[i - 1]!;
    const [x1, y1] = median[i]!;
    const piece = Math.hypot(x1 - x0, y1 - y0);
    const part = Math.min(1, (end - walked) / (piece || 1));
    context.lineTo(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part);
    walked += piece;
  }
  context.stroke();
  context.restore();
}

const PAPERS = ["#ffffff", "#fbf6ea", "#f1f5fa", "#f6f1f6"] as const;
const INKS = ["#111111", "#1c2f52", "#40241a", "#23402c"] as const;

type Clip = {
  readonly id: string;
  readonly glyph: Glyph;
  /** Strokes in the order in which they are drawn. */
  readonly order: readonly number[];
  /** Stretch of `order` that the clip shows; earlier strokes stand there already. */
  readonly from: number;
  readonly to: number;
};

async function writeClip(out: Output, { id, glyph, order, from, to }: Clip): Promise<string[]> {
  const rng = new Stream(`writing ${glyph.id}`);
  const [paper, ink] = [rng.pick(PAPERS), rng.pick(INKS)];
  const lengths = order.map((stroke) => medianLength(glyph.medians[stroke]!));
  const total = lengths.slice(from, to).reduce((a, b) => a + b, 0);
  const frames: Promise<string>[] = [];
  for (let f = 0; f < FRAMES; f++) {
    const { canvas, context } = blank(CLIP_SIDE, CLIP_SIDE, paper);
    context.fillStyle = ink;
    context.strokeStyle = ink;
    toSquare(context, CLIP_SIDE, 3);
    let left = (total * (f + 1)) / FRAMES;
    for (const [i, stroke] of order.slice(0, to).entries()) {
      if (i < from) drawStroke(context, glyph, stroke, 1);
      else if (left > 0) {
        drawStroke(context, glyph, stroke, Math.min(1, (left + 1e-6) / lengths[i]!));
        left -= lengths[i]!;
      }
    }
    frames.push(encode(canvas).then((bytes) => out.media(`media/video/${id}/${f}.webp`, bytes)));
  }
  return Promise.all(frames);
}

/** A picture of the finished character, in other ink, size and place than the clip; `red` strokes marked. */
async function drawCharacter(
  out: Output,
  glyph: Glyph,
  kind: string,
  red: readonly number[],
): Promise<string> {
  const rng = new Stream(`character ${kind} ${glyph.id}`);
  const { canvas, context } = blank(PICTURE_SIDE, PICTURE_SIDE, rng.pick(PAPERS));
  const ink = rng.pick(INKS);
  context.translate(rng.between(-4, 4), rng.between(-4, 4));
  toSquare(context, PICTURE_SIDE, rng.between(6, 14));
  for (let stroke = 0; stroke < glyph.strokes.length; stroke++) {
    context.fillStyle = red.includes(stroke) ? "#d4201f" : ink;
    drawStroke(context, glyph, stroke, 1);
  }
  return out.media(`media/image/character/${kind}-${glyph.id}.webp`, await encode(canvas));
}

async function writingRetrieval(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("writing-retrieval", split);
  const { writings, backwards } = PLAN[split];
  const glyphs = thin(characters(split), writings * 2, (char) => `writing ${char}`)
    .map(readGlyph)
    .filter((glyph) => glyph.strokes.length >= 4)
    .slice(0, writings);
  const clips = glyphs.flatMap((glyph, i) => {
    const order = glyph.strokes.map((_, stroke) => stroke);
    const forwards = { id: `writing-${glyph.id}`, glyph, order, from: 0, to: order.length };
    return i < backwards
      ? [forwards, { ...forwards, id: `writing-${glyph.id}-reversed`, order: order.toReversed() }]
      : [forwards];
  });
  const videos = await out.each(`writing clips (${split})`, clips, (clip) => writeClip(out, clip));
  for (const [i, { id }] of clips.entries()) task.candidate(id, { video: videos[i]! }, id);
  const pictures = await out.each(`characters (${split})`, glyphs, (glyph) =>
    drawCharacter(out, glyph, "whole", []),
  );
  for (const [i, { id }] of glyphs.entries()) {
    const clip = `writing-${id}`;
    task.query({ id, item: { image: pictures[i]! }, positives: clip, label: clip });
  }
  return task.build();
}

/** Whether the radical is one stretch of 20 to 60 % of a writing of at least eight strokes. */
function hasMoment({ strokes, radical }: Glyph): boolean {
  const share = radical.length / strokes.length;
  const contiguous = radical.every((stroke, i) => i === 0 || stroke === radical[i - 1]! + 1);
  return strokes.length >= 8 && radical.length >= 2 && contiguous && share >= 0.2 && share <= 0.6;
}

/** Starts of five stretches as long as the radical, its own first, the others at most half inside it and apart. */
function stretchStarts({ id, strokes, radical }: Glyph): number[] {
  const [first, length] = [radical[0]!, radical.length];
  const starts = strokes.map((_, i) => i).filter((i) => i + length <= strokes.length);
  const apart = starts.filter((start) => Math.abs(start - first) >= Math.ceil(length / 2));
  return [first, ...new Stream(`stretches ${id}`).sample(apart, CLIPS_PER_MOMENT - 1)];
}

/** Half of the radicals are written first, half later: "the first clip" must not be a good answer. */
function momentGlyphs(split: Split): Glyph[] {
  const count = PLAN[split].moments;
  const fitting = thin(characters(split), count * 8, (char) => `moment ${char}`)
    .map(readGlyph)
    .filter((glyph) => hasMoment(glyph) && stretchStarts(glyph).length === CLIPS_PER_MOMENT);
  const first = fitting.filter((glyph) => glyph.radical[0] === 0).slice(0, Math.ceil(count / 2));
  const later = fitting.filter((glyph) => glyph.radical[0] !== 0).slice(0, Math.floor(count / 2));
  return [...first, ...later].toSorted((a, b) => (a.char < b.char ? -1 : 1));
}

async function radicalMoment(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("radical-moment", split);
  const chosen = momentGlyphs(split);
  const clips = chosen.flatMap((glyph) =>
    stretchStarts(glyph).map((start) => ({
      id: `moment-${glyph.id}-${start}`,
      glyph,
      order: glyph.strokes.map((_, stroke) => stroke),
      from: start,
      to: start + glyph.radical.length,
    })),
  );
  const videos = await out.each(`moment clips (${split})`, clips, (clip) => writeClip(out, clip));
  for (const [i, { id }] of clips.entries()) task.candidate(id, { video: videos[i]! }, id);
  const pictures = await out.each(`marked characters (${split})`, chosen, (glyph) =>
    drawCharacter(out, glyph, "radical", glyph.radical),
  );
  for (const [i, glyph] of chosen.entries()) {
    const own = clips.filter((clip) => clip.glyph === glyph).map((clip) => clip.id);
    task.query({
      id: glyph.id,
      item: { image: pictures[i]!, text: "When is the red part written?" },
      positives: own[0]!,
      candidates: own.toSorted(),
      label: own[0]!,
    });
  }
  return task.build();
}

export async function writingTasks(out: Output, split: Split): Promise<BuiltTask[]> {
  return [await writingRetrieval(out, split), await radicalMoment(out, split)];
}
