/** @file Training pictures of words and phrases, from which a page reader can learn its letters. */
import { Stream, thin } from "./random.ts";
import type { BuiltTask, Output } from "./output.ts";
import { blank, encode, FACES, fitSize } from "./page.ts";
import { TaskBuilder } from "./task-builder.ts";

const WIDTH = 384;
const HEIGHT = 64;
const COUNT = 24_000;
/** Two pictures of the same text in different faces are false negatives of one another. */
const REPEATED_SHARE = 0.1;

/** Ink and paper of headings, body text and table headings on our pages. */
const INKS = [
  ["#111111", "#ffffff"],
  ["#111111", "#ffffff"],
  ["#111111", "#ffffff"],
  ["#24508c", "#ffffff"],
  ["#8b2f3c", "#ffffff"],
  ["#ffffff", "#24508c"],
  ["#ffffff", "#1f6f54"],
  ["#111111", "#f3f3f3"],
] as const;

async function drawText(out: Output, id: string, text: string): Promise<string> {
  const rng = new Stream(`typeset ${id}`);
  const [ink, paper] = rng.pick(INKS);
  const { canvas, context } = blank(WIDTH, HEIGHT, paper);
  const face = rng.pick(Object.keys(FACES));
  const size = fitSize(context, face, text, WIDTH - 8, rng.pick([30, 36, 40, 40, 42, 48]), 20);
  context.fillStyle = ink;
  const slack = WIDTH - 8 - context.measureText(text).width;
  const x = 4 + rng.pick([0, 0, 8, rng.between(0, Math.max(0, slack))]);
  context.fillText(
    text,
    Math.min(x, 4 + Math.max(0, slack)),
    HEIGHT / 2 + size * 0.36 + rng.between(-8, 8),
  );
  return out.media(`media/line/${id}.webp`, await encode(canvas));
}

/** Writings of a word as pages have them: as it is, capitalised, or in capitals. */
function cased(text: string, rng: Stream): string {
  const draw = rng.uniform();
  if (draw < 0.15) return text[0]!.toUpperCase() + text.slice(1);
  return draw < 0.2 ? text.toUpperCase() : text;
}

/** Text -> picture and picture -> text over the same `COUNT` pictures. `texts` must hold no test entity. */
export async function typesetTasks(out: Output, texts: readonly string[]): Promise<BuiltTask[]> {
  const chosen = thin(
    [...new Set(texts)].toSorted(),
    Math.round(COUNT * (1 - REPEATED_SHARE)),
    (text) => `typeset ${text}`,
  );
  const repeated = thin(chosen, COUNT - chosen.length, (text) => `repeat ${text}`);
  const lines = [...chosen, ...repeated].map((text, i) => ({
    id: String(i).padStart(4, "0"),
    text,
  }));
  const drawn = await out.each("typeset words", lines, ({ id, text }) =>
    drawText(out, id, cased(text, new Stream(`case ${id}`))),
  );
  const words = new TaskBuilder("typeset-words", "train");
  const reading = new TaskBuilder("typeset-reading", "train");
  for (const [i, { id, text }] of lines.entries()) {
    const document = drawn[i]!;
    words
      .candidate(id, { document }, text)
      .query({ id, item: { text }, positives: id, label: text });
    reading
      .candidate(text, { text }, text)
      .query({ id, item: { document }, positives: text, label: text });
  }
  return [words.build(), reading.build()];
}
