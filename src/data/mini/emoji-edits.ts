/** @file Composed retrieval: a picture and the change wanted in it. */
import { SEEN_STYLES, type Concept, type Style } from "./concepts.ts";
import {
  picture,
  pictureId,
  picturesOf,
  poolOf,
  QUERY_CAP,
  type Part,
  type Picture,
} from "./emoji-pictures.ts";
import { rasterPath } from "./emoji-rasters.ts";
import type { BuiltTask } from "./output.ts";
import { Stream, thin } from "./random.ts";
import { TaskBuilder } from "./task-builder.ts";

export function styleEdit({ concepts, split }: Part): BuiltTask {
  const task = new TaskBuilder("style-edit", split);
  for (const each of picturesOf(concepts, SEEN_STYLES))
    task.candidate(pictureId(each), picture(each), pictureId(each));
  const all = concepts.flatMap((concept) =>
    SEEN_STYLES.flatMap((from) =>
      SEEN_STYLES.filter((to) => to !== from).map((to) => ({ concept, from, to })),
    ),
  );
  for (const { concept, from, to } of thin(
    all,
    QUERY_CAP[split],
    (q) => `edit ${q.concept.hex} ${q.from.id} ${q.to.id}`,
  )) {
    const id = pictureId({ concept, style: to });
    const siblings = SEEN_STYLES.filter((style) => style !== to).map((style) =>
      pictureId({ concept, style }),
    );
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

export function toneEdit({ concepts, split }: Part): BuiltTask {
  const task = new TaskBuilder("tone-edit", split);
  const pairs = tonePairs(concepts);
  const idOf = (style: Style, hex: string): string => rasterPath(style.id, hex);
  for (const { concept, style } of pairs) {
    for (const hex of [concept.hex, ...concept.tones]) {
      task.candidate(idOf(style, hex), { image: rasterPath(style.id, hex) }, idOf(style, hex));
    }
  }
  const all = pairs.flatMap((pair) => TONES.map((tone, at) => ({ ...pair, tone, at })));
  for (const { concept, style, tone, at } of thin(
    all,
    QUERY_CAP[split],
    (q) => `tone ${pictureId(q)} ${q.tone}`,
  )) {
    const id = idOf(style, concept.tones[at]!);
    const others = pairs.filter((pair) => pair.style === style && pair.concept !== concept);
    const distractors = new Stream(`tone pool ${id}`)
      .sample(others, 4)
      .map((pair) => idOf(style, pair.concept.tones[at]!));
    task.query({
      id,
      item: { ...picture({ concept, style }), text: `with ${tone} skin tone` },
      positives: id,
      label: id,
      ...(split !== "train" && {
        candidates: [
          ...[concept.hex, ...concept.tones].map((hex) => idOf(style, hex)),
          ...distractors,
        ],
      }),
    });
  }
  return task.build();
}
