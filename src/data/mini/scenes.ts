/** @file Composed scenes of several drawings: counting, naming, placing, grounding. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode } from "./page.ts";
import { Stream } from "./random.ts";
import { BACKGROUNDS, type Sprite } from "./sprites.ts";
import { TaskBuilder } from "./task-builder.ts";

const SIDE = 128;
const CORNERS = ["top left", "top right", "bottom left", "bottom right"] as const;
const COUNT_WORDS = ["one", "two", "three", "four", "five", "six"] as const;

/** Scenes of a split: 2 x 2 ones carry two queries a task, 3 x 3 ones one. */
const PLAN: Readonly<Record<Split, { corners: number; counts: number }>> = {
  train: { corners: 1500, counts: 2000 },
  dev: { corners: 50, counts: 100 },
  test: { corners: 200, counts: 300 },
};

function drawSprite(
  context: SKRSContext2D,
  sprite: Sprite,
  x: number,
  y: number,
  size: number,
): void {
  context.drawImage(sprite.canvas, x - size / 2, y - size / 2, size, size);
}

type CornerScene = {
  readonly id: string;
  readonly things: readonly Sprite[];
  readonly image: string;
  readonly crops: readonly string[];
};

/** A 2 x 2 scene of four different things, and the crop of each. */
async function cornerScene(
  out: Output,
  sprites: readonly Sprite[],
  id: string,
): Promise<CornerScene> {
  const rng = new Stream(`scene ${id}`);
  const things = rng.sample(sprites, CORNERS.length);
  const background = rng.pick(BACKGROUNDS);
  const { canvas, context } = blank(SIDE, SIDE, background);
  for (const [i, sprite] of things.entries()) {
    const x = (i % 2) * 64 + 32 + rng.between(-4, 4);
    const y = Math.floor(i / 2) * 64 + 32 + rng.between(-4, 4);
    drawSprite(context, sprite, x, y, rng.between(46, 56));
  }
  const image = await out.media(`media/image/scene/${id}.webp`, await encode(canvas));
  const crops = await Promise.all(
    CORNERS.map(async (_, i) => {
      const crop = blank(64, 64, background);
      crop.context.drawImage(canvas, (i % 2) * 64, Math.floor(i / 2) * 64, 64, 64, 0, 0, 64, 64);
      return out.media(`media/image/scene/${id}-${i}.webp`, await encode(crop.canvas));
    }),
  );
  return { id, things, image, crops };
}

const WHICH_OPTIONS = 10;

function cornerTasks(
  scenes: readonly CornerScene[],
  sprites: readonly Sprite[],
  split: Split,
): BuiltTask[] {
  const which = new TaskBuilder("scene-which", split);
  const where = new TaskBuilder("scene-where", split);
  const grounding = new TaskBuilder("scene-grounding", split);
  for (const text of CORNERS) where.candidate(text, { text }, text);
  for (const { id, things, image, crops } of scenes) {
    const rng = new Stream(`asked ${id}`);
    const labels = things.map((thing) => thing.concept.label);
    const absent = sprites.filter((sprite) => !labels.includes(sprite.concept.label));
    const options = [
      ...labels,
      ...rng.sample(absent, WHICH_OPTIONS - labels.length).map((s) => s.concept.label),
    ];
    for (const text of options) which.candidate(text, { text }, text);
    for (const [i, crop] of crops.entries()) grounding.candidate(crop, { image: crop }, labels[i]);
    for (const at of rng.sample([0, 1, 2, 3], 2)) {
      const [corner, label] = [CORNERS[at]!, labels[at]!];
      which.query({
        id: `${id}-${at}`,
        item: { image, text: `What is in the ${corner}?` },
        positives: label,
        candidates: rng.shuffle(options),
        label,
      });
      where.query({
        id: `${id}-${at}`,
        item: { image, text: `Where is the ${label}?` },
        positives: corner,
        candidates: CORNERS,
        label: corner,
      });
      grounding.query({
        id: `${id}-${at}`,
        item: { image, text: label },
        positives: crops[at]!,
        candidates: crops,
        label,
      });
    }
  }
  return [which.build(), where.build(), grounding.build()];
}

/** A 3 x 3 scene with one to six of one thing and up to three of another. */
async function countScene(
  out: Output,
  sprites: readonly Sprite[],
  id: string,
): Promise<{ image: string; label: string; count: number }> {
  const rng = new Stream(`scene ${id}`);
  const [asked, other] = rng.sample(sprites, 2) as [Sprite, Sprite];
  const count = 1 + rng.int(COUNT_WORDS.length);
  const others = rng.int(4);
  const cells = rng.sample([0, 1, 2, 3, 4, 5, 6, 7, 8], count + others);
  const { canvas, context } = blank(SIDE, SIDE, rng.pick(BACKGROUNDS));
  const step = SIDE / 3;
  for (const [i, cell] of cells.entries()) {
    const x = ((cell % 3) + 0.5) * step + rng.between(-2, 2);
    const y = (Math.floor(cell / 3) + 0.5) * step + rng.between(-2, 2);
    drawSprite(context, i < count ? asked : other, x, y, rng.between(34, 39));
  }
  const image = await out.media(`media/image/scene/${id}.webp`, await encode(canvas));
  return { image, label: asked.concept.label, count };
}

export async function sceneTasks(
  out: Output,
  all: readonly Sprite[],
  split: Split,
): Promise<BuiltTask[]> {
  const sprites = all.filter((sprite) => sprite.concept.split === split);
  const { corners, counts } = PLAN[split];
  const ids = (kind: string, n: number): string[] =>
    Array.from({ length: n }, (_, i) => `${kind}-${split}-${i}`);
  const scenes = await out.each(`scenes (${split})`, ids("corners", corners), (id) =>
    cornerScene(out, sprites, id),
  );
  const counted = await out.each(`counting scenes (${split})`, ids("count", counts), (id) =>
    countScene(out, sprites, id),
  );
  const task = new TaskBuilder("scene-count", split);
  for (const text of COUNT_WORDS) task.candidate(text, { text }, text);
  for (const [i, { image, label, count }] of counted.entries()) {
    const answer = COUNT_WORDS[count - 1]!;
    task.query({
      id: `count-${i}`,
      item: { image, text: `How many of these are there: ${label}?` },
      positives: answer,
      candidates: COUNT_WORDS,
      label: answer,
    });
  }
  return [...cornerTasks(scenes, sprites, split), task.build()];
}
