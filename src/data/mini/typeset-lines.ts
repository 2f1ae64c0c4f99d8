/** @file Training pictures of a few lines of text, between the single word and the page. */
import type { BuiltTask, Output } from "./output.ts";
import { blank, BODY, encode, fontOf, LINE, MARGIN, PAGE_WIDTH, wrap } from "./page.ts";
import { Stream } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";
import type { Synset } from "./wordnet.ts";

const ROWS = 4;
const HEIGHT = ROWS * LINE;
const INNER = PAGE_WIDTH - 2 * MARGIN;
const FACES = ["Condensed", "Sans", "Serif Condensed"] as const;

type Setting = { readonly path: string; readonly shown: string };

/** Sets the word in bold and as much of the definition as fits under it. */
async function drawLines(out: Output, { id, lemmas, gloss }: Synset): Promise<Setting> {
  const rng = new Stream(`lines ${id}`);
  const face = rng.pick(FACES);
  const { canvas, context } = blank(PAGE_WIDTH, HEIGHT, rng.pick(["#ffffff", "#fffdf7"]));
  const headed = rng.uniform() < 0.5;
  context.font = fontOf(face, BODY);
  const lines = wrap(context, gloss, INNER).slice(0, headed ? ROWS - 1 : ROWS);
  for (const [i, line] of lines.entries())
    context.fillText(line, MARGIN, (i + (headed ? 2 : 1)) * LINE - 12);
  if (headed) {
    context.font = fontOf("Condensed Bold", BODY);
    context.fillStyle = rng.pick(["#8b2f3c", "#24508c", "#111111"]);
    context.fillText(lemmas[0]!, MARGIN, LINE - 12);
  }
  const path = await out.media(`media/lines/${id}.webp`, await encode(canvas));
  return { path, shown: [...(headed ? [lemmas[0]!] : []), ...lines].join(" ") };
}

/** What a picture shows, or a stretch of it, -> the picture. */
export async function typesetLines(out: Output, synsets: readonly Synset[]): Promise<BuiltTask> {
  const task = new TaskBuilder("typeset-lines", "train");
  const drawn = await out.each("typeset lines", synsets, (synset) => drawLines(out, synset));
  for (const [i, { id }] of synsets.entries()) {
    const { path, shown } = drawn[i]!;
    task.candidate(id, { document: path });
    task.query({ id, item: { text: asked(shown, id) }, positives: id });
  }
  return task.build();
}

/** All of it, or two to four words on end. */
function asked(shown: string, id: string): string {
  const rng = new Stream(`asked ${id}`);
  const words = shown.split(" ");
  if (rng.uniform() < 0.4) return shown;
  const count = Math.min(words.length, 2 + Math.floor(rng.uniform() * 3));
  const from = Math.floor(rng.uniform() * (words.length - count + 1));
  return words.slice(from, from + count).join(" ");
}
