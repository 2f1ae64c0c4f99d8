/** @file Classification and retrieval over the emoji pictures. */
import type { Split } from "../types.ts";
import { HELD_OUT_STYLE, SEEN_STYLES, STYLES, type Concept, type Style } from "./concepts.ts";
import { styleEdit, toneEdit } from "./emoji-edits.ts";
import { picture, pictureId, picturesOf, poolOf, QUERY_CAP, type Part } from "./emoji-pictures.ts";
import type { BuiltTask } from "./output.ts";
import { Stream, thin } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";

/** label-to-image asks every training picture once. */
const LABEL_CAP: Readonly<Record<Split, number>> = { ...QUERY_CAP, train: 6000 };
/** Most distinct keyword queries in training; each has many positives. */
const TRAIN_KEYWORDS = 3000;
/** A keyword that names more concepts than this says too little. */
const MAX_CONCEPTS_PER_KEYWORD = 12;

const HELD_OUT = STYLES.filter((style) => style.id === HELD_OUT_STYLE);

function classTask(
  name: string,
  { concepts, split }: Part,
  classes: readonly string[],
  styles: readonly Style[],
): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const text of classes) task.candidate(text, { text }, text);
  const classOf = (concept: Concept): string =>
    name === "emoji-group" ? concept.group : concept.subgroup;
  for (const each of thin(
    picturesOf(concepts, styles),
    QUERY_CAP[split],
    (p) => `${name} ${pictureId(p)}`,
  )) {
    const text = classOf(each.concept);
    task.query({
      id: pictureId(each),
      item: picture(each),
      positives: text,
      candidates: classes,
      label: text,
    });
  }
  return task.build();
}

function labelToImage(
  name: string,
  { concepts, split }: Part,
  styles: readonly Style[],
): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const each of picturesOf(concepts, styles))
    task.candidate(pictureId(each), picture(each), each.concept.hex);
  for (const each of thin(
    picturesOf(concepts, styles),
    LABEL_CAP[split],
    (p) => `${name} ${pictureId(p)}`,
  )) {
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

function imageToLabel({ concepts, split }: Part): BuiltTask {
  const task = new TaskBuilder("image-to-label", split);
  for (const concept of concepts)
    task.candidate(concept.label, { text: concept.label }, concept.hex);
  const pool = concepts.map((concept) => concept.label);
  for (const each of thin(
    picturesOf(concepts, SEEN_STYLES),
    QUERY_CAP[split],
    (p) => `reading ${pictureId(p)}`,
  )) {
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
function keywordQueries(
  concepts: readonly Concept[],
  split: Split,
): { text: string; matches: Concept[] }[] {
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
  return thin(
    all,
    split === "train" ? TRAIN_KEYWORDS : QUERY_CAP[split],
    (query) => `keywords ${query.text}`,
  );
}

function keywordsToImage({ concepts, split }: Part): BuiltTask {
  const task = new TaskBuilder("keywords-to-image", split);
  for (const each of picturesOf(concepts, SEEN_STYLES))
    task.candidate(pictureId(each), picture(each));
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
  return from.flatMap((a) =>
    to.filter((b) => b.designer !== a.designer).map((b) => ({ from: a, to: b })),
  );
}

function crossStyle(
  name: string,
  { concepts, split }: Part,
  pairs: readonly { from: Style; to: Style }[],
): BuiltTask {
  const task = new TaskBuilder(name, split);
  for (const to of new Set(pairs.map((pair) => pair.to))) {
    for (const concept of concepts) {
      const each = { concept, style: to };
      task.candidate(pictureId(each), picture(each), concept.hex);
    }
  }
  const all = concepts.flatMap((concept) => pairs.map((pair) => ({ concept, ...pair })));
  for (const { concept, from, to } of thin(
    all,
    QUERY_CAP[split],
    (q) => `${name} ${q.concept.hex} ${q.from.id} ${q.to.id}`,
  )) {
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

/** All tasks of one split. `concepts` are those of all splits that were rasterised. */
export function emojiTasks(all: readonly Concept[], split: Split): BuiltTask[] {
  const concepts = all.filter((concept) => concept.split === split);
  const part = { concepts, split };
  const groups = [...new Set(all.map((concept) => concept.group))].toSorted();
  const subgroups = [...new Set(all.map((concept) => concept.subgroup))].toSorted();
  const tasks = [
    classTask("emoji-group", part, groups, SEEN_STYLES),
    classTask("emoji-subgroup", part, subgroups, SEEN_STYLES),
    labelToImage("label-to-image", part, SEEN_STYLES),
    keywordsToImage(part),
    imageToLabel(part),
    crossStyle("cross-style", part, stylePairs(SEEN_STYLES, SEEN_STYLES)),
    styleEdit(part),
    toneEdit(part),
  ];
  if (split !== "test") return tasks;
  return [
    ...tasks,
    classTask("emoji-subgroup-ood", part, subgroups, HELD_OUT),
    labelToImage("label-to-image-ood", part, HELD_OUT),
    crossStyle("cross-style-ood", part, [
      ...stylePairs(SEEN_STYLES, HELD_OUT),
      ...stylePairs(HELD_OUT, SEEN_STYLES),
    ]),
  ];
}
