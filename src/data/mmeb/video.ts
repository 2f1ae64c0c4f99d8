/** @file MMEB-V2's video sets: a table of parsers over annotation rows and folders of frames. */
import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { DataError } from "../error.ts";
import type { Row } from "../formats/parquet.ts";
import { naturalOrder } from "../media/frames.ts";
import type { Item, Query } from "../types.ts";
import { letteredOptions, optionText, optionIndex } from "./options.ts";
import type { Annotation, MmebContext } from "./types.ts";

/** Folder of frames by data set; those not named here are called after the set. */
const FRAME_ROOTS: Readonly<Record<string, string>> = {
  SmthSmthV2: "video_cls/SSv2",
  HMDB51: "video_cls/HMDB51",
  UCF101: "video_cls/UCF101",
  K700: "video_cls/K700",
  Breakfast: "video_cls/Breakfast",
  "MSR-VTT": "video_ret/MSR-VTT",
  MSVD: "video_ret/MSVD",
  DiDeMo: "video_ret/DiDeMo",
  YouCook2: "video_ret/YouCook2",
  VATEX: "video_ret/VATEX",
  QVHighlight: "video_mret/QVHighlight",
  "Charades-STA": "video_mret/Charades_STA",
  MomentSeeker: "video_mret/MomentSeeker",
  "Video-MME": "video_qa/Video-MME",
  NExTQA: "video_qa/NExTQA",
  EgoSchema: "video_qa/EgoSchema",
  MVBench: "video_qa/MVBench",
  ActivityNetQA: "video_qa/ActivityNetQA",
};

type VideoContext = MmebContext & { readonly frameRoot: string };

/** A row's query with its candidates; `pool` is left out in global scope. */
type Parsed = {
  readonly item: Item;
  readonly candidates: readonly { readonly id: string; readonly item: Item }[];
  /** Ids of the right ones. */
  readonly positives: readonly string[];
  readonly instruction?: string;
};

/** Undefined for a row that the benchmark leaves out. */
type Parser = (annotation: Annotation, context: VideoContext) => Promise<Parsed | undefined>;

const PARSERS: Readonly<Record<string, Parser>> = {
  video_classification: async ({ row }, context) => {
    const label = row.text("pos_text");
    const video = await framesOf(context, row.text("video_id"));
    return { item: { video }, candidates: texts([label]), positives: [label] };
  },
  ssv2: async ({ row }, context) => {
    const video = await framesOf(context, row.text("video_id"));
    return {
      item: { video },
      candidates: texts(row.texts("neg_text")),
      positives: [row.text("pos_text")],
    };
  },
  mvbench: async ({ row, config }, context) => {
    const subset = row.optionalText("subset") ?? config;
    const choices = row.texts("candidates");
    const index = choices.indexOf(row.text("answer"));
    if (index < 0) throw row.fail("answer", `one of ${JSON.stringify(choices)}`);
    const options = letteredOptions(choices);
    const video = await framesOf(context, `${subset}/${row.text("video")}`);
    const text = `${row.text("question")}\nOptions:\n${options.join("\n")}`.trimEnd();
    return { item: { text, video }, candidates: texts(options), positives: [options[index]!] };
  },
  nextqa: async ({ row }, context) => {
    const choices = ["a0", "a1", "a2", "a3", "a4"].map((field) => row.text(field));
    const video = await framesOf(context, row.text("video"));
    const text =
      `${row.text("question")}\nOptions:\n${letteredOptions(choices).join("\n")}`.trimEnd();
    return {
      item: { text, video },
      candidates: texts(choices),
      positives: [choices[optionIndex(row, choices)]!],
    };
  },
  videomme: async ({ row }, context) => {
    const options = row.texts("options");
    const video = await framesOf(context, row.text("videoID"));
    const text = [row.text("question"), ...options].join("\n");
    const right = options[optionIndex(row, options)]!;
    return { item: { text, video }, candidates: unlettered(options), positives: [right] };
  },
  egoschema: async ({ row }, context) => {
    const options = row.texts("option");
    const video = await framesOf(context, row.text("video_idx"));
    // No blank before the first option: so in the evaluator, and scores depend on it.
    const text = row.text("question") + options.join(" ");
    const right = options[optionIndex(row, options)]!;
    return { item: { text, video }, candidates: unlettered(options), positives: [right] };
  },
  activitynetqa: async ({ row }, context) => {
    const answer = row.text("answer");
    if (answer !== "yes" && answer !== "no") return undefined;
    const video = await framesOf(context, `v_${row.text("video_name")}`);
    const text = `${row.text("question")}? (A) yes; (B) no.`;
    return { item: { text, video }, candidates: texts(["yes", "no"]), positives: [answer] };
  },
  msrvtt: ({ row }, context) => captioned(context, row.text("video_id"), row.text("caption")),
  msvd: ({ row }, context) => captioned(context, row.text("video_id"), first(row, "caption")),
  didemo: ({ row }, context) => captioned(context, stem(row.text("video")), row.text("caption")),
  vatex: ({ row }, context) => captioned(context, row.text("videoID"), first(row, "enCap")),
  youcook2: ({ row }, context) => captioned(context, row.text("id"), row.text("sentence")),
  moment_retrieval: parseMoment,
  momentseeker: parseMomentSeeker,
};

function texts(list: readonly string[]): { id: string; item: Item }[] {
  return list.map((text) => ({ id: text, item: { text } }));
}

/** Keyed by the lettered option, embedded without the letter. */
function unlettered(options: readonly string[]): { id: string; item: Item }[] {
  return options.map((option) => ({ id: option, item: { text: optionText(option) } }));
}

function first(row: Row, field: string): string {
  const [caption] = row.texts(field);
  if (caption === undefined) throw row.fail(field, "at least one caption");
  return caption;
}

function stem(path: string): string {
  return posix.basename(path).replace(/\.[^.]*$/, "");
}

function framesOf({ frames, frameRoot }: VideoContext, name: string): Promise<readonly string[]> {
  return frames(`${frameRoot}/${name}`);
}

/** Text to video: the clip is the row's only candidate, the others come from the other rows. */
async function captioned(context: VideoContext, name: string, text: string): Promise<Parsed> {
  const item = { video: await framesOf(context, name) };
  return { item: { text }, candidates: [{ id: name, item }], positives: [name] };
}

/** `<video>/query`, `<video>/positive*`, every other sub-folder a negative. */
async function parseMoment({ row }: Annotation, context: VideoContext): Promise<Parsed> {
  const folder = `${context.frameRoot}/${stem(row.text("video_path"))}`;
  const absolute = join(context.root, folder);
  const entries = await readdir(absolute, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError({
      file: absolute,
      row: row.index,
      expected: `a folder, named by ${row.file}`,
      cause,
    });
  });
  const clips = entries
    .filter((entry) => entry.isDirectory() && entry.name !== "query")
    .map((entry) => entry.name)
    .toSorted(naturalOrder);
  const positives = clips
    .filter((name) => name.startsWith("positive"))
    .map((name) => `${folder}/${name}`);
  if (positives.length === 0)
    throw new DataError({ file: absolute, expected: "a sub-folder positive*" });
  const candidates = await Promise.all(
    clips.map(async (name) => ({
      id: `${folder}/${name}`,
      item: { video: await context.frames(`${folder}/${name}`) },
    })),
  );
  const video = await context.frames(`${folder}/query`);
  return { item: { text: row.text("query"), video }, candidates, positives };
}

const MOMENT_IMAGE = "Select the video clip that aligns with the given text and image:";
const MOMENT_VIDEO = "Find the clip that corresponds to the given sentence and video segment:";

/** Queries of text, text and picture, or text and clip; several positives. */
async function parseMomentSeeker({ row }: Annotation, context: VideoContext): Promise<Parsed> {
  const { frames, frameRoot } = context;
  const clip = async (path: string): Promise<{ id: string; item: Item }> => {
    const id = `${frameRoot}/video_frames/${flatName(path)}`;
    return { id, item: { video: await frames(id) } };
  };
  const positives = await Promise.all(outputPaths(row, "positive_frames").map(clip));
  const negatives = await Promise.all(outputPaths(row, "negative_frames").map(clip));
  const shared = {
    candidates: [...positives, ...negatives],
    positives: positives.map(({ id }) => id),
  };
  const text = row.text("query");
  const input = row.optionalText("input_frames") ?? "";
  if (input.endsWith(".jpg")) {
    return {
      ...shared,
      item: { text, image: `${frameRoot}/query_${input}` },
      instruction: MOMENT_IMAGE,
    };
  }
  if (!input.endsWith(".mp4")) return { ...shared, item: { text } };
  const { item } = await clip(input);
  return { ...shared, item: { text, ...item }, instruction: MOMENT_VIDEO };
}

/** `movie/a.mp4` has its frames in `movie_a`. */
function flatName(path: string): string {
  return path.replaceAll("/", "_").split(".mp4")[0]!;
}

function outputPaths(row: Row, field: string): string[] {
  const list = row.raw(field);
  if (!Array.isArray(list)) throw row.fail(field, "a list of {output_path}");
  return list.map((each: unknown) => {
    const path = (each as { output_path?: unknown } | null)?.output_path;
    if (typeof path !== "string") throw row.fail(field, "a list of {output_path}");
    return path;
  });
}

/** Adds every row to the task; classes that no row shows are added by the caller. */
export async function readVideoTask(
  annotations: readonly Annotation[],
  context: MmebContext,
): Promise<void> {
  const { entry, into } = context;
  const parse = PARSERS[entry.parser];
  const folder = FRAME_ROOTS[entry.name];
  if (!parse || folder === undefined) {
    throw new RangeError(`readVideoTask: no parser ${entry.parser} for ${entry.name}`);
  }
  const videoContext = { ...context, frameRoot: `video-tasks/frames/${folder}` };
  for (const [i, annotation] of annotations.entries()) {
    const parsed = await parse(annotation, videoContext);
    if (!parsed) continue;
    const { item, candidates, positives, instruction } = parsed;
    for (const candidate of candidates) into.candidate(candidate, annotation.row);
    const query: Query = {
      id: String(i),
      item,
      positives: new Map(positives.map((id) => [id, 1])),
      ...(entry.candidateScope === "local" && {
        candidates: [...new Set(candidates.map(({ id }) => id))],
      }),
      ...(instruction !== undefined && { instruction }),
    };
    into.query(query, annotation.row);
  }
}
