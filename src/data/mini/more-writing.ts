/** @file More stroke-order clips to learn from, each with its nearest mistakes. Pretraining only. */
import type { BuiltTask, Output } from "./output.ts";
import { thin } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";
import {
  bothWays,
  characters,
  drawCharacter,
  hasMoment,
  readGlyph,
  stretches,
  writeClip,
  type Glyph,
} from "./writing.ts";

const WRITINGS = 2400;
const MOMENTS = 1000;

/** Training characters that fit, in a fixed random order. */
export function moreGlyphs(count: number, fits: (glyph: Glyph) => boolean): Glyph[] {
  const all = characters("train");
  return thin(all, all.length, (char) => `more ${char}`)
    .map(readGlyph)
    .filter(fits)
    .slice(0, count);
}

/** A character and the wanted order -> its clip: forwards and backwards differ in nothing else. */
async function moreWritings(out: Output): Promise<BuiltTask> {
  const task = new TaskBuilder("more-writings", "train");
  const chosen = moreGlyphs(WRITINGS, ({ strokes }) => strokes.length >= 4);
  const pairs = chosen.map((glyph) => bothWays("more-writing", glyph));
  const pictures = await out.each("more characters", chosen, (glyph) =>
    drawCharacter(out, glyph, "more", []),
  );
  await out.each("more writing clips", pairs, async ([forwards, backwards], i) => {
    for (const [clip, text] of [
      [forwards, "in the right order"],
      [backwards, "in reverse order"],
    ] as const) {
      task.candidate(clip.id, { video: await writeClip(out, clip) }, clip.id);
      const item = { image: pictures[i]!, text };
      task.query({ id: clip.id, item, positives: clip.id, label: clip.id });
    }
  });
  return task.build();
}

/** A character with a stretch of strokes in red -> the clip of them, for five stretches each. */
async function moreMoments(out: Output): Promise<BuiltTask> {
  const task = new TaskBuilder("more-moments", "train");
  const clips = moreGlyphs(MOMENTS, hasMoment).map((glyph) => stretches("more-moment", glyph));
  await out.each("more moment clips", clips, async (own) => {
    for (const clip of own) {
      const { id, glyph, order, from, to } = clip;
      const image = await drawCharacter(out, glyph, `more-${from}`, order.slice(from, to));
      const item = { image, text: "When is the red part written?" };
      task.candidate(id, { video: await writeClip(out, clip) }, id);
      task.query({ id, item, positives: id, label: id });
    }
  });
  return task.build();
}

export async function moreWritingTasks(out: Output): Promise<BuiltTask[]> {
  return [await moreWritings(out), await moreMoments(out)];
}
