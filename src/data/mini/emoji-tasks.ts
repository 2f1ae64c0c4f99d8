/** @file Classification and retrieval over the emoji pictures. */
import type { Split } from "../types.ts";
import { HELD_OUT_STYLE, SEEN_STYLES, STYLES, type Concept, type Style } from "./concepts.ts";
import { rasterPath } from "./emoji-rasters.ts";
import type { BuiltTask } from "./output.ts";
import { Stream, thin } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";

/** Most queries of a task by split. */
export const QUERY_CAP: Readonly<Record<Split, number>> = { train: 5000, dev: 200, test: 500 };
/** label-to-image asks every training picture once. */
const LABEL_CAP: Readonly<Record<Split, number>> = { ...QUERY_CAP, train: 6000 };
/** Most distinct keyword queries in training; each has many positives. */
const TRAIN_KEYWORDS = 3000;
/** A keyword that names more concepts than this says too little. */
const MAX_CONCEPTS_PER_KEYWORD = 12;

const HELD_OUT = STYLES.filter((style) => style.id === HELD_OUT_STYLE);

type Picture = { readonly concept: Concept; readonly style: Style };

/** Candidates are named by their path, as in MMEB; a query about one picture takes the same id. */
function pictureId({ concept, style }: Picture): string {
  return rasterPath(style.id, concept.hex);
}

function picture(of: Picture): { image: string } {
  return { image: rasterPath(of.style.id, of.concept.hex) };
}

function picturesOf(concepts: readonly Concept[], styles: readonly Style[]): Picture[] {
  return concepts.flatMap((concept) => styles.map((style) => ({ concept, style })));
}

/** Ids of all pictures of a style: the local pool of a retrieval query. */
function poolOf(concepts: readonly Concept[], style: Style): string[] {
  return concepts.map((concept) => pictureId({ concept, style }));
}

type Scene = { readonly concepts: readonly Concept[]; readonly split: Split };

function classTask(name: string, { concepts, split }: Scene, classes: readonly string[], styles: readonly Style[]): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const text of classes) task.candidate(text, { text }, text);
  const classOf = (concept: Concept): string => (name === "emoji-group" ? concept.group : concept.subgroup);
  for (const each of thin(picturesOf(concepts, styles), QUERY_CAP[split], (p) => `${name} ${pictureId(p)}`)) {
    const text = classOf(each.concept);
    task.query({ id: pictureId(each), item: picture(each), positives: text, candidates: classes, label: text });
  }
  return task.build();
}

function labelToImage(name: string, { concepts, split }: Scene, styles: readonly Style[]): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const each of picturesOf(concepts, styles)) task.candidate(pictureId(each), picture(each), each.concept.hex);
  for (const each of thin(picturesOf(concepts, styles), LABEL_CAP[split], (p) => `${name} ${pictureId(p)}`)) {
    const id = pictureId(each);
    task.query({
      id,
      item: { text: each.concept.label },
      positives: id,
      label: each.concept.hex,
      ...(split !== "train" && { candidates: poolOf(concepts, each.style) }),
    });
  }
  return task.build();
}

function imageToLabel({ concepts, split }: Scene): BuiltTask {
  const task = new TaskBuilder("image-to-label", split);
  for (const concept of concepts) task.candidate(concept.label, { text: concept.label }, concept.hex);
  const pool = concepts.map((concept) => concept.label);
  for (const each of thin(picturesOf(concepts, SEEN_STYLES), QUERY_CAP[split], (p) => `reading ${pictureId(p)}`)) {
    task.query({
      id: pictureId(each),
      item: picture(each),
      positives: each.concept.label,
      label: each.concept.hex,
      ...(split !== "train" && { candidates: pool }),
    });
  }
  return task.build();
}

/** Keyword -> concepts that carry it and whose label does not already say it. */
function keywordIndex(concepts: readonly Concept[]): Map<string, Concept[]> {
  const index = new Map<string, Concept[]>();
  for (const concept of concepts) {
    for (const tag of concept.tags) index.set(tag, [...(index.get(tag) ?? []), concept]);
  }
  return new Map([...index].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Single keywords, and pairs or triples of one concept; each with all the concepts that carry them all. */
function keywordQueries(concepts: readonly Concept[], split: Split): { text: string; matches: Concept[] }[] {
  const queries = new Map<string, Concept[]>();
  for (const [tag, matches] of keywordIndex(concepts)) {
    if (matches.length <= MAX_CONCEPTS_PER_KEYWORD) queries.set(tag, matches);
  }
  for (const concept of concepts) {
    const rng = new Stream(`keywords ${concept.hex}`);
    for (const count of [2, 3]) {
      const tags = rng.sample(concept.tags, count).toSorted();
      if (tags.length < count) continue;
      const matches = concepts.filter((other) => tags.every((tag) => other.tags.includes(tag)));
      if (matches.length <= MAX_CONCEPTS_PER_KEYWORD) queries.set(tags.join(", "), matches);
    }
  }
  const all = [...queries].map(([text, matches]) => ({ text, matches }));
  return thin(all, split === "train" ? TRAIN_KEYWORDS : QUERY_CAP[split], (query) => `keywords ${query.text}`);
}

function keywordsToImage({ concepts, split }: Scene): BuiltTask {
  const task = new TaskBuilder("keywords-to-image", split);
  for (const each of picturesOf(concepts, SEEN_STYLES)) task.candidate(pictureId(each), picture(each));
  for (const [i, { text, matches }] of keywordQueries(concepts, split).entries()) {
    const style = new Stream(`keyword style ${text}`).pick(SEEN_STYLES);
    const styles = split === "train" ? SEEN_STYLES : [style];
    task.query({
      id: `q${i}`,
      item: { text },
      positives: picturesOf(matches, styles).map(pictureId),
      ...(split !== "train" && { candidates: poolOf(concepts, style) }),
    });
  }
  return task.build();
}

/** Ordered pairs of styles by different designers. */
function stylePairs(from: readonly Style[], to: readonly Style[]): { from: Style; to: Style }[] {
  return from.flatMap((a) => to.filter((b) => b.designer !== a.designer).map((b) => ({ from: a, to: b })));
}

function crossStyle(name: string, { concepts, split }: Scene, pairs: readonly { from: Style; to: Style }[]): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const to of new Set(pairs.map((pair) => pair.to))) {
    for (const concept of concepts) {
      const each = { concept, style: to };
      task.candidate(pictureId(each), picture(each), concept.hex);
    }
  }
  const all = concepts.flatMap((concept) => pairs.map((pair) => ({ concept, ...pair })));
  for (const { concept, from, to } of thin(all, QUERY_CAP[split], (q) => `${name} ${q.concept.hex} ${q.from.id} ${q.to.id}`)) {
    task.query({
      id: `${from.id}-${to.id}:${concept.hex}`,
      item: picture({ concept, style: from }),
      positives: pictureId({ concept, style: to }),
      label: concept.hex,
      ...(split !== "train" && { candidates: poolOf(concepts, to) }),
    });
  }
  return task.build();
}

function styleEdit({ concepts, split }: Scene): BuiltTask {
  const task = new TaskBuilder("style-edit", split);
  for (const each of picturesOf(concepts, SEEN_STYLES)) task.candidate(pictureId(each), picture(each), pictureId(each));
  const all = concepts.flatMap((concept) =>
    SEEN_STYLES.flatMap((from) => SEEN_STYLES.filter((to) => to !== from).map((to) => ({ concept, from, to }))),
  );
  for (const { concept, from, to } of thin(all, QUERY_CAP[split], (q) => `edit ${q.concept.hex} ${q.from.id} ${q.to.id}`)) {
    const id = pictureId({ concept, style: to });
    const siblings = SEEN_STYLES.filter((style) => style !== to).map((style) => pictureId({ concept, style }));
    task.query({
      id: `${from.id}-${to.id}:${concept.hex}`,
      item: { ...picture({ concept, style: from }), text: `in the ${to.title} style` },
      positives: id,
      label: id,
      ...(split !== "train" && { candidates: [...poolOf(concepts, to), ...siblings] }),
    });
  }
  return task.build();
}

/** Concept and style pairs whose five tones are drawn: two styles a concept, by hash. */
export function tonePairs(concepts: readonly Concept[]): Picture[] {
  const styles = SEEN_STYLES.filter((style) => style.id !== "mono");
  return concepts
    .filter((concept) => concept.tones.length > 0)
    .flatMap((concept) =>
      new Stream(`tones ${concept.hex}`)
        .sample(styles, 2)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((style) => ({ concept, style })),
    );
}

const TONES = ["light", "medium-light", "medium", "medium-dark", "dark"] as const;

function toneEdit({ concepts, split }: Scene): BuiltTask {
  const task = new TaskBuilder("tone-edit", split);
  const pairs = tonePairs(concepts);
  const idOf = (style: Style, hex: string): string => rasterPath(style.id, hex);
  for (const { concept, style } of pairs) {
    for (const hex of [concept.hex, ...concept.tones]) {
      task.candidate(idOf(style, hex), { image: rasterPath(style.id, hex) }, idOf(style, hex));
    }
  }
  const all = pairs.flatMap((pair) => TONES.map((tone, at) => ({ ...pair, tone, at })));
  for (const { concept, style, tone, at } of thin(all, QUERY_CAP[split], (q) => `tone ${pictureId(q)} ${q.tone}`)) {
    const id = idOf(style, concept.tones[at]!);
    const others = pairs.filter((pair) => pair.style === style && pair.concept !== concept);
    const distractors = new Stream(`tone pool ${id}`).sample(others, 4).map((pair) => idOf(style, pair.concept.tones[at]!));
    task.query({
      id,
      item: { ...picture({ concept, style }), text: `with ${tone} skin tone` },
      positives: id,
      label: id,
      ...(split !== "train" && {
        candidates: [...[concept.hex, ...concept.tones].map((hex) => idOf(style, hex)), ...distractors],
      }),
    });
  }
  return task.build();
}

/** All tasks of one split. `concepts` are those of all splits that were rasterised. */
export function emojiTasks(all: readonly Concept[], split: Split): BuiltTask[] {
  const concepts = all.filter((concept) => concept.split === split);
  const scene = { concepts, split };
  const groups = [...new Set(all.map((concept) => concept.group))].toSorted();
  const subgroups = [...new Set(all.map((concept) => concept.subgroup))].toSorted();
  const tasks = [
    classTask("emoji-group", scene, groups, SEEN_STYLES),
    classTask("emoji-subgroup", scene, subgroups, SEEN_STYLES),
    labelToImage("label-to-image", scene, SEEN_STYLES),
    keywordsToImage(scene),
    imageToLabel(scene),
    crossStyle("cross-style", scene, stylePairs(SEEN_STYLES, SEEN_STYLES)),
    styleEdit(scene),
    toneEdit(scene),
  ];
  if (split !== "test") return tasks;
  return [
    ...tasks,
    classTask("emoji-subgroup-ood", scene, subgroups, HELD_OUT),
    labelToImage("label-to-image-ood", scene, HELD_OUT),
    crossStyle("cross-style-ood", scene, [...stylePairs(SEEN_STYLES, HELD_OUT), ...stylePairs(HELD_OUT, SEEN_STYLES)]),
  ];
}
