/** @file Composed scenes of several drawings: counting, naming, placing, grounding; and drawn clocks. */
import { type SKRSContext2D } from "@napi-rs/canvas";
import type { Split } from "../types.ts";
import { BACKGROUNDS, type Sprite } from "./motion.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode } from "./page.ts";
import { splitOf, Stream } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";

const SIDE = 128;
const CORNERS = ["top left", "top right", "bottom left", "bottom right"] as const;
const COUNT_WORDS = ["one", "two", "three", "four", "five", "six"] as const;

/** Scenes of a split: 2 x 2 ones carry two queries a task, 3 x 3 ones one. */
const PLAN: Readonly<Record<Split, { corners: number; counts: number; clocks: number }>> = {
  train: { corners: 1500, counts: 2000, clocks: 2000 },
  dev: { corners: 50, counts: 100, clocks: 100 },
  test: { corners: 200, counts: 300, clocks: 300 },
};

function drawSprite(context: SKRSContext2D, sprite: Sprite, x: number, y: number, size: number): void {
  context.drawImage(sprite.canvas, x - size / 2, y - size / 2, size, size);
}

type CornerScene = { readonly id: string; readonly things: readonly Sprite[]; readonly image: string; readonly crops: readonly string[] };

/** A 2 x 2 scene of four different things, and the crop of each. */
async function cornerScene(out: Output, sprites: readonly Sprite[], id: string): Promise<CornerScene> {
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

function cornerTasks(scenes: readonly CornerScene[], sprites: readonly Sprite[], split: Split): BuiltTask[] {
  const which = new TaskBuilder("scene-which", split);
  const where = new TaskBuilder("scene-where", split);
  const grounding = new TaskBuilder("scene-grounding", split);
  for (const text of CORNERS) where.candidate(text, { text }, text);
  for (const { id, things, image, crops } of scenes) {
    const rng = new Stream(`asked ${id}`);
    const labels = things.map((thing) => thing.concept.label);
    const absent = sprites.filter((sprite) => !labels.includes(sprite.concept.label));
    const options = [...labels, ...rng.sample(absent, WHICH_OPTIONS - labels.length).map((s) => s.concept.label)];
    for (const text of options) which.candidate(text, { text }, text);
    for (const [i, crop] of crops.entries()) grounding.candidate(crop, { image: crop }, labels[i]!);
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
      grounding.query({ id: `${id}-${at}`, item: { image, text: label }, positives: crops[at]!, candidates: crops, label });
    }
  }
  return [which.build(), where.build(), grounding.build()];
}

/** A 3 x 3 scene with one to six of one thing and up to three of another. */
async function countScene(out: Output, sprites: readonly Sprite[], id: string): Promise<{ image: string; label: string; count: number }> {
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

export async function sceneTasks(out: Output, all: readonly Sprite[], split: Split): Promise<BuiltTask[]> {
  const sprites = all.filter((sprite) => sprite.concept.split === split);
  const { corners, counts } = PLAN[split];
  const ids = (kind: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${kind}-${split}-${i}`);
  const scenes = await out.each(`scenes (${split})`, ids("corners", corners), (id) => cornerScene(out, sprites, id));
  const counted = await out.each(`counting scenes (${split})`, ids("count", counts), (id) => countScene(out, sprites, id));
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

const HOURS = [12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const MINUTES = HOURS.map((_, i) => i * 5);
const CLOCK_SIDE = 96;

type Time = { readonly hour: number; readonly minute: number };

function timeText({ hour, minute }: Time): string {
  return `${hour}:${String(minute).padStart(2, "0")}`;
}

/** Every five-minute time of the half day with the split it belongs to. */
function timesOf(split: Split): Time[] {
  const all = HOURS.flatMap((hour) => MINUTES.map((minute) => ({ hour, minute })));
  return all.filter((time) => splitOf("clock", timeText(time)) === split);
}

const FACES = ["#ffffff", "#fdf3e1", "#e6f2fb", "#eaf6e6", "#fff4c2"] as const;
const INKS = ["#111111", "#24508c", "#8b2f3c", "#1f6f54", "#5b3a86"] as const;

/** One hand from the centre; `turn` in full turns from twelve o'clock. */
function drawHand(context: SKRSContext2D, turn: number, length: number, width: number, colour: string): void {
  const angle = turn * 2 * Math.PI;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(CLOCK_SIDE / 2, CLOCK_SIDE / 2);
  context.lineTo(CLOCK_SIDE / 2 + Math.sin(angle) * length, CLOCK_SIDE / 2 - Math.cos(angle) * length);
  context.stroke();
}

async function drawClock(out: Output, id: string, { hour, minute }: Time): Promise<string> {
  const rng = new Stream(`clock ${id}`);
  const { canvas, context } = blank(CLOCK_SIDE, CLOCK_SIDE, rng.pick(BACKGROUNDS));
  const radius = rng.between(40, 46);
  const rim = rng.pick(INKS);
  context.beginPath();
  context.arc(CLOCK_SIDE / 2, CLOCK_SIDE / 2, radius, 0, 2 * Math.PI);
  context.fillStyle = rng.pick(FACES);
  context.fill();
  context.lineWidth = rng.between(2, 5);
  context.strokeStyle = rim;
  context.stroke();
  for (let i = 0; i < 12; i++) {
    const angle = (i / 12) * 2 * Math.PI;
    const inner = radius - (i % 3 === 0 ? 9 : 6);
    context.lineWidth = i % 3 === 0 ? 3 : 1.5;
    context.beginPath();
    context.moveTo(CLOCK_SIDE / 2 + Math.sin(angle) * inner, CLOCK_SIDE / 2 - Math.cos(angle) * inner);
    context.lineTo(CLOCK_SIDE / 2 + Math.sin(angle) * (radius - 3), CLOCK_SIDE / 2 - Math.cos(angle) * (radius - 3));
    context.stroke();
  }
  drawHand(context, ((hour % 12) + minute / 60) / 12, radius * rng.between(0.42, 0.5), rng.between(5, 7), rng.pick(INKS));
  drawHand(context, minute / 60, radius * rng.between(0.74, 0.86), rng.between(2.5, 4), rng.pick(INKS));
  return out.media(`media/image/clock/${id}.webp`, await encode(canvas));
}

/** Reading drawn clocks. Candidates: the hour at six other minutes, the minute at five other hours, and the answer. */
export async function clockTask(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("clock-reading", split);
  const times = timesOf(split);
  const clocks = Array.from({ length: PLAN[split].clocks }, (_, i) => ({ id: `${split}-${i}`, time: times[i % times.length]! }));
  const images = await out.each(`clocks (${split})`, clocks, ({ id, time }) => drawClock(out, id, time));
  for (const [i, { id, time }] of clocks.entries()) {
    const rng = new Stream(`clock options ${id}`);
    const sameHour = rng.sample(MINUTES.filter((minute) => minute !== time.minute), 6).map((minute) => ({ hour: time.hour, minute }));
    const sameMinute = rng.sample(HOURS.filter((hour) => hour !== time.hour), 5).map((hour) => ({ hour, minute: time.minute }));
    const options = rng.shuffle([time, ...sameHour, ...sameMinute].map(timeText));
    const text = timeText(time);
    for (const option of options) task.candidate(option, { text: option }, option);
    task.query({
      id,
      item: { image: images[i]!, text: "What time does the clock show?" },
      positives: text,
      candidates: options,
      label: text,
    });
  }
  return task.build();
}
