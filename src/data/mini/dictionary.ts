/** @file Dictionary pages typeset from WordNet: headwords, glosses, guide words. */
import type { Split } from "../types.ts";
import type { BuiltTask, Output } from "./output.ts";
import {
  blank,
  BODY,
  encode,
  fontOf,
  LINE,
  MARGIN,
  PAGE_HEIGHT,
  PAGE_WIDTH,
  wrap,
} from "./page.ts";
import { hashUnit, thin } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";
import { usableSynsets, type Synset } from "./wordnet.ts";

const ENTRIES: Readonly<Record<Split, number>> = { train: 1500, dev: 100, test: 300 };
/** Lines under the guide word's rule. */
const BODY_LINES = 10;
const INNER = PAGE_WIDTH - 2 * MARGIN;
const PART: Readonly<Record<string, string>> = { n: "noun", v: "verb", a: "adj." };

type Entry = { readonly synset: Synset; readonly word: string; readonly lines: readonly string[] };

/** Entries set in lines: headword line, then its gloss. */
function setEntries(synsets: readonly Synset[]): Entry[] {
  const { context } = blank(8, 8);
  context.font = fontOf("Serif Condensed", BODY);
  return synsets.map((synset) => ({
    synset,
    word: synset.lemmas[0]!,
    lines: wrap(context, synset.gloss, INNER - 16),
  }));
}

/** Fills pages with whole entries in alphabetical order. */
function paginate(entries: readonly Entry[]): Entry[][] {
  const pages: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const need = entry.lines.length + 1;
    if (need > room) {
      pages.push([]);
      room = BODY_LINES;
    }
    pages.at(-1)!.push(entry);
    room -= need;
  }
  return pages;
}

async function drawPage(out: Output, id: string, entries: readonly Entry[]): Promise<string> {
  const { canvas, context } = blank(PAGE_WIDTH, PAGE_HEIGHT, "#fffdf7");
  context.font = fontOf("Serif Bold", BODY);
  context.fillText(entries[0]!.word, MARGIN, LINE - 10);
  const last = entries.at(-1)!.word;
  if (entries.length > 1 && context.measureText(entries[0]!.word + last).width < INNER - 30) {
    context.fillText(last, PAGE_WIDTH - MARGIN - context.measureText(last).width, LINE - 10);
  }
  context.fillRect(MARGIN, LINE + 6, INNER, 2);
  let y = LINE + 8;
  for (const { synset, word, lines } of entries) {
    y += LINE;
    context.fillStyle = "#8b2f3c";
    context.font = fontOf("Serif Condensed Bold", BODY);
    context.fillText(word, MARGIN, y - 12);
    const after = MARGIN + context.measureText(`${word} `).width;
    context.fillStyle = "#666666";
    context.font = fontOf("Serif Condensed Italic", BODY);
    context.fillText(PART[synset.id[0]!]!, after, y - 12);
    context.fillStyle = "#111111";
    context.font = fontOf("Serif Condensed", BODY);
    for (const line of lines) {
      y += LINE;
      context.fillText(line, MARGIN + 16, y - 12);
    }
  }
  return out.media(`media/page/dictionary/${id}.webp`, await encode(canvas));
}

export async function dictionaryTask(
  out: Output,
  synsets: readonly Synset[],
  split: Split,
): Promise<BuiltTask> {
  const common = settable(synsets, split).slice(0, 4 * ENTRIES[split]);
  const chosen = thin(common, ENTRIES[split], (synset) => `dictionary ${synset.id}`);
  return dictionaryOf(out, "dictionary-page", { split, chosen });
}

/** Usable synsets whose word fits a line. */
export function settable(synsets: readonly Synset[], split: Split): Synset[] {
  return usableSynsets(synsets, split).filter(({ lemmas }) => lemmas[0]!.length <= 15);
}

/** Half the queries are the headword, half the gloss. */
export async function dictionaryOf(
  out: Output,
  name: string,
  { split, chosen }: { readonly split: Split; readonly chosen: readonly Synset[] },
): Promise<BuiltTask> {
  const task = new TaskBuilder(name, split);
  const order = (a: Synset, b: Synset): number =>
    a.lemmas[0]! < b.lemmas[0]! ? -1 : a.lemmas[0]! > b.lemmas[0]! ? 1 : a.id < b.id ? -1 : 1;
  const pages = paginate(setEntries(chosen.toSorted(order)));
  const idOf = (page: number): string => `${name}-${split}-${String(page).padStart(4, "0")}`;
  const drawn = await out.each(`${name} (${split})`, pages, (entries, i) =>
    drawPage(out, idOf(i), entries),
  );
  const pagesOfWord = new Map<string, string[]>();
  for (const [i, entries] of pages.entries()) {
    task.candidate(idOf(i), { document: drawn[i]! });
    for (const { word } of entries)
      pagesOfWord.set(word, [...new Set([...(pagesOfWord.get(word) ?? []), idOf(i)])]);
  }
  const asked = new Set<string>();
  for (const [i, entries] of pages.entries()) {
    for (const { synset, word } of entries) {
      const byWord = hashUnit(`asked ${synset.id}`) < 0.5;
      if (byWord && asked.has(word)) continue;
      if (byWord) asked.add(word);
      task.query({
        id: synset.id,
        item: { text: byWord ? word : synset.gloss },
        positives: byWord ? pagesOfWord.get(word)! : idOf(i),
      });
    }
  }
  return task.build();
}
