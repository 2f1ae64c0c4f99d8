/** @file Synthetic motion: real drawings moved, turned and scaled over eight frames. */
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode } from "./page.ts";
import { Stream, thin } from "./random.ts";
import { BACKGROUNDS, type Sprite } from "./sprites.ts";
import { TaskBuilder } from "./task-builder.ts";

const FRAMES = 8;
const SIDE = 64;

/** Class name, caption and answer of each motion. */
export const MOTIONS = [
  { id: "left", label: "moving left", caption: "moves to the left" },
  { id: "right", label: "moving right", caption: "moves to the right" },
  { id: "up", label: "moving up", caption: "moves up" },
  { id: "down", label: "moving down", caption: "moves down" },
  { id: "clockwise", label: "turning clockwise", caption: "turns clockwise" },
  { id: "counterclockwise", label: "turning counterclockwise", caption: "turns counterclockwise" },
  { id: "grow", label: "growing", caption: "grows bigger" },
  { id: "shrink", label: "shrinking", caption: "shrinks" },
] as const;
type Motion = (typeof MOTIONS)[number];

type Pose = { x: number; y: number; size: number; angle: number };

/** Where the sprite is at `time` in [0, 1]. Start, reach and size vary by clip. */
function motionPath(motion: Motion["id"], rng: Stream): (time: number) => Pose {
  const size = rng.between(24, 32);
  const across = rng.between(size / 2, SIDE - size / 2);
  const reach = rng.between(24, SIDE - size);
  const start = rng.between(size / 2, SIDE - size / 2 - reach);
  const turn = rng.between(0.6, 1.4) * Math.PI;
  const [small, big] = [rng.between(12, 20), rng.between(42, 56)];
  const centre = { x: rng.between(26, 38), y: rng.between(26, 38) };
  const tilt = rng.between(-0.15, 0.15);
  const turning = size + 10;
  const paths: Readonly<Record<Motion["id"], (time: number) => Pose>> = {
    left: (t) => ({ x: start + reach * (1 - t), y: across, size, angle: tilt }),
    right: (t) => ({ x: start + reach * t, y: across, size, angle: tilt }),
    up: (t) => ({ x: across, y: start + reach * (1 - t), size, angle: tilt }),
    down: (t) => ({ x: across, y: start + reach * t, size, angle: tilt }),
    clockwise: (t) => ({ ...centre, size: turning, angle: turn * t }),
    counterclockwise: (t) => ({ ...centre, size: turning, angle: -turn * t }),
    grow: (t) => ({ ...centre, size: small + (big - small) * t, angle: tilt }),
    shrink: (t) => ({ ...centre, size: big + (small - big) * t, angle: tilt }),
  };
  return paths[motion];
}

type Clip = { readonly id: string; readonly sprite: Sprite; readonly motion: Motion };

async function writeClip(out: Output, { id, sprite, motion }: Clip): Promise<string[]> {
  const rng = new Stream(`clip ${id}`);
  const background = rng.pick(BACKGROUNDS);
  const path = motionPath(motion.id, rng);
  const frames: Promise<string>[] = [];
  for (let f = 0; f < FRAMES; f++) {
    const { canvas, context } = blank(SIDE, SIDE, background);
    const { x, y, size, angle } = path(f / (FRAMES - 1));
    context.translate(x, y);
    context.rotate(angle);
    context.drawImage(sprite.canvas, -size / 2, -size / 2, size, size);
    frames.push(encode(canvas).then((bytes) => out.media(`media/video/${id}/${f}.webp`, bytes)));
  }
  return Promise.all(frames);
}

/** Sprites of each split and the motions each of them makes. */
const PLAN: Readonly<Record<Split, { sprites: number; motions: number }>> = {
  train: { sprites: 210, motions: 4 },
  dev: { sprites: 10, motions: 8 },
  test: { sprites: 35, motions: 8 },
};

export async function motionTasks(
  out: Output,
  sprites: readonly Sprite[],
  split: Split,
): Promise<BuiltTask[]> {
  const { sprites: count, motions } = PLAN[split];
  const own = sprites.filter((sprite) => sprite.concept.split === split);
  const moving = thin(own, count, (sprite) => `motion ${sprite.concept.hex}`);
  const clips: Clip[] = moving.flatMap((sprite) =>
    new Stream(`motions ${sprite.concept.hex}`)
      .sample(MOTIONS, motions)
      .map((motion) => ({ id: `motion-${sprite.concept.hex}-${motion.id}`, sprite, motion })),
  );
  const videos = await out.each(`motion clips (${split})`, clips, (clip) => writeClip(out, clip));
  return [
    classes(clips, videos, split),
    questions(clips, videos, split, own),
    captions(clips, videos, split),
  ];
}

function classes(clips: readonly Clip[], videos: readonly string[][], split: Split): BuiltTask {
  const task = new TaskBuilder("motion-class", split);
  for (const motion of MOTIONS) task.candidate(motion.label, { text: motion.label }, motion.label);
  for (const [i, { id, motion }] of clips.entries()) {
    task.query({ id, item: { video: videos[i]! }, positives: motion.label, label: motion.label });
  }
  return task.build();
}

function captions(clips: readonly Clip[], videos: readonly string[][], split: Split): BuiltTask {
  const task = new TaskBuilder("motion-caption", split);
  for (const [i, { id, sprite, motion }] of clips.entries()) {
    task.candidate(id, { video: videos[i]! }, id);
    task.query({
      id,
      item: { text: `the ${sprite.concept.label} ${motion.caption}` },
      positives: id,
      label: id,
    });
  }
  return task.build();
}

const OPTIONS = 5;

function answerOf(motion: Motion): string {
  return `it ${motion.caption}`;
}

function questions(
  clips: readonly Clip[],
  videos: readonly string[][],
  split: Split,
  own: readonly Sprite[],
): BuiltTask {
  const task = new TaskBuilder("motion-qa", split);
  for (const [i, { id, sprite, motion }] of clips.entries()) {
    const rng = new Stream(`options ${id}`);
    const video = videos[i]!;
    const label = sprite.concept.label;
    const others = rng
      .sample(
        own.filter((s) => s.concept.label !== label),
        OPTIONS - 1,
      )
      .map((s) => s.concept.label);
    const things = rng.shuffle([label, ...others]);
    const ways = rng.shuffle([
      motion,
      ...rng.sample(
        MOTIONS.filter((m) => m !== motion),
        OPTIONS - 1,
      ),
    ]);
    for (const text of [...things, ...ways.map(answerOf)]) task.candidate(text, { text }, text);
    if (split === "train" || rng.uniform() < 0.75) {
      task.query({
        id: `${id}-how`,
        item: { video, text: "How does it move?" },
        positives: answerOf(motion),
        candidates: ways.map(answerOf),
        label: answerOf(motion),
      });
    }
    if (split === "train" || rng.uniform() < 0.75) {
      task.query({
        id: `${id}-what`,
        item: { video, text: "What is moving?" },
        positives: label,
        candidates: things,
        label,
      });
    }
  }
  return task.build();
}
