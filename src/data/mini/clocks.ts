/** @file Reading drawn clocks: random faces, five-minute times, no test time in training. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode } from "./page.ts";
import { splitOf, Stream } from "./random.ts";
import { BACKGROUNDS } from "./sprites.ts";
import { TaskBuilder } from "./task-builder.ts";

/** Clocks by split; the times of a split take turns. */
const CLOCKS: Readonly<Record<Split, number>> = { train: 2000, dev: 100, test: 300 };
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
function drawHand(
  context: SKRSContext2D,
  turn: number,
  length: number,
  width: number,
  colour: string,
): void {
  const angle = turn * 2 * Math.PI;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(CLOCK_SIDE / 2, CLOCK_SIDE / 2);
  context.lineTo(
    CLOCK_SIDE / 2 + Math.sin(angle) * length,
    CLOCK_SIDE / 2 - Math.cos(angle) * length,
  );
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
    context.moveTo(
      CLOCK_SIDE / 2 + Math.sin(angle) * inner,
      CLOCK_SIDE / 2 - Math.cos(angle) * inner,
    );
    context.lineTo(
      CLOCK_SIDE / 2 + Math.sin(angle) * (radius - 3),
      CLOCK_SIDE / 2 - Math.cos(angle) * (radius - 3),
    );
    context.stroke();
  }
  drawHand(
    context,
    ((hour % 12) + minute / 60) / 12,
    radius * rng.between(0.42, 0.5),
    rng.between(5, 7),
    rng.pick(INKS),
  );
  drawHand(
    context,
    minute / 60,
    radius * rng.between(0.74, 0.86),
    rng.between(2.5, 4),
    rng.pick(INKS),
  );
  return out.media(`media/image/clock/${id}.webp`, await encode(canvas));
}

/** Reading drawn clocks. Candidates: the hour at six other minutes, the minute at five other hours, and the answer. */
export async function clockTask(out: Output, split: Split): Promise<BuiltTask> {
  const task = new TaskBuilder("clock-reading", split);
  const times = timesOf(split);
  const clocks = Array.from({ length: CLOCKS[split] }, (_, i) => ({
    id: `${split}-${i}`,
    time: times[i % times.length]!,
  }));
  const images = await out.each(`clocks (${split})`, clocks, ({ id, time }) =>
    drawClock(out, id, time),
  );
  for (const [i, { id, time }] of clocks.entries()) {
    const rng = new Stream(`clock options ${id}`);
    const sameHour = rng
      .sample(
        MINUTES.filter((minute) => minute !== time.minute),
        6,
      )
      .map((minute) => ({ hour: time.hour, minute }));
    const sameMinute = rng
      .sample(
        HOURS.filter((hour) => hour !== time.hour),
        5,
      )
      .map((hour) => ({ hour, minute: time.minute }));
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
