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

export type Glyph = {
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
/** Stretches of a writing to choose from. */
const CLIPS_PER_MOMENT = 5;

export function readGlyph(char: string): Glyph {
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
export function characters(split: Split): string[] {
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

export type Clip = {
  readonly id: string;
  readonly glyph: Glyph;
  /** Strokes in the order in which they are drawn. */
  readonly order: readonly number[];
  /** Stretch of `order` that the clip shows; earlier strokes stand there already. */
  readonly from: number;
  readonly to: number;
};

export async function writeClip(
  out: Output,
  { id, glyph, order, from, to }: Clip,
): Promise<string[]> {
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

const LIGHT = ["#f4f1e8", "#ffe9a8", "#cfe8ff", "#ffffff"] as const;
const DARK = ["#1d2a1f", "#20242c", "#2b1d1d", "#123047"] as const;
/** Least and most side of the character on its picture, and most tilt in radians. */
const SIZE = [52, 90] as const;
const TILT = 0.2;

/**
 * A picture of the finished character, placed, sized, tilted and inked unlike the clip, so that
 * comparing pixels in place does not find the clip; `red` strokes marked.
 */
export async function drawCharacter(
  out: Output,
  glyph: Glyph,
  kind: string,
  red: readonly number[],
): Promise<string> {
  const rng = new Stream(`character ${kind} ${glyph.id}`);
  const onDark = rng.uniform() < 0.4;
  const { canvas, context } = blank(PICTURE_SIDE, PICTURE_SIDE, rng.pick(onDark ? DARK : PAPERS));
  const ink = rng.pick(onDark ? LIGHT : INKS);
  const size = rng.between(...SIZE);
  const room = (PICTURE_SIDE - size) / 2;
  const centre = PICTURE_SIDE / 2;
  context.translate(centre + rng.between(-room, room), centre + rng.between(-room, room));
  context.rotate(rng.between(-TILT, TILT));
  context.translate(-size / 2, -size / 2);
  toSquare(context, size, 3);
  const mark = onDark ? "#ff5a4f" : "#d4201f";
  for (let stroke = 0; stroke < glyph.strokes.length; stroke++) {
    context.fillStyle = red.includes(stroke) ? mark : ink;
    drawStroke(context, glyph, stroke, 1);
  }
  return out.media(`media/image/character/${kind}-${glyph.id}.webp`, await encode(canvas));
}

/** The clips of a writing in its order and in reverse. */
export function bothWays(prefix: string, glyph: Glyph): [forwards: Clip, backwards: Clip] {
  const order = glyph.strokes.map((_, stroke) => stroke);
  const forwards = { id: `${prefix}-${glyph.id}`, glyph, order, from: 0, to: order.length };
  return [forwards, { ...forwards, id: `${forwards.id}-reversed`, order: order.toReversed() }];
}

async function writingRetrieval(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("writing-retrieval", split);
  const { writings, backwards } = PLAN[split];
  const glyphs = thin(characters(split), writings * 2, (char) => `writing ${char}`)
    .map(readGlyph)
    .filter((glyph) => glyph.strokes.length >= 4)
    .slice(0, writings);
  const clips = glyphs.flatMap((glyph, i) =>
    bothWays("writing", glyph).slice(0, i < backwards ? 2 : 1),
  );
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

/** Whether the radical is one stretch of 20 to 60 % of a writing of at least eight strokes, with four others beside it. */
export function hasMoment(glyph: Glyph): boolean {
  const { strokes, radical } = glyph;
  const share = radical.length / strokes.length;
  const contiguous = radical.every((stroke, i) => i === 0 || stroke === radical[i - 1]! + 1);
  if (strokes.length < 8 || radical.length < 2 || !contiguous || share < 0.2 || share > 0.6) {
    return false;
  }
  return stretchStarts(glyph).length === CLIPS_PER_MOMENT;
}

/** Starts of five stretches as long as the radical, its own first, the others at most half inside it and apart. */
function stretchStarts({ id, strokes, radical }: Glyph): number[] {
  const [first, length] = [radical[0]!, radical.length];
  const starts = strokes.map((_, i) => i).filter((i) => i + length <= strokes.length);
  const apart = starts.filter((start) => Math.abs(start - first) >= Math.ceil(length / 2));
  return [first, ...new Stream(`stretches ${id}`).sample(apart, CLIPS_PER_MOMENT - 1)];
}

/** The clips of five stretches of a writing, the radical's first. */
export function stretches(prefix: string, glyph: Glyph): Clip[] {
  return stretchStarts(glyph).map((start) => ({
    id: `${prefix}-${glyph.id}-${start}`,
    glyph,
    order: glyph.strokes.map((_, stroke) => stroke),
    from: start,
    to: start + glyph.radical.length,
  }));
}

/** Half of the radicals are written first, half later: "the first clip" must not be a good answer. */
function momentGlyphs(split: Split): Glyph[] {
  const count = PLAN[split].moments;
  const fitting = thin(characters(split), count * 8, (char) => `moment ${char}`)
    .map(readGlyph)
    .filter(hasMoment);
  const first = fitting.filter((glyph) => glyph.radical[0] === 0).slice(0, Math.ceil(count / 2));
  const later = fitting.filter((glyph) => glyph.radical[0] !== 0).slice(0, Math.floor(count / 2));
  return [...first, ...later].toSorted((a, b) => (a.char < b.char ? -1 : 1));
}

async function radicalMoment(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("radical-moment", split);
  const chosen = momentGlyphs(split);
  const clips = chosen.flatMap((glyph) => stretches("moment", glyph));
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
