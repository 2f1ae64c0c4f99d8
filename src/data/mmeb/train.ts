/** @file MMEB-train: `qry qry_image_path pos_text pos_image_path`, instructions inside the text. */
import { join, resolve } from "node:path";
import { TaskAssembler } from "../formats/assemble.ts";
import { MediaSizes, taskDigest } from "../formats/digest.ts";
import { itemOf } from "../formats/image.ts";
import { absolute } from "../formats/index.ts";
import { splitText } from "../formats/placeholder.ts";
import type { MetaTask, Task, TemperatureGroup } from "../types.ts";
import { readAnnotations } from "./annotations.ts";

export type MmebTrainOptions = {
  /** Folder with `TIGER-Lab/MMEB-train` below it. */
  readonly root: string;
  /** One of the 20 subsets, for example `OK-VQA`. */
  readonly subset: string;
  readonly metaTask: MetaTask;
  readonly temperatureGroup: TemperatureGroup;
  /** Whose wording of the instructions. Default `original`. */
  readonly split?: "original" | "diverse_instruction";
  /** Where the picture archives were unpacked, relative to the root. Default the repository's `images`. */
  readonly imageFolder?: string;
  /** At most this many rows, from the start; the paper's cap is 100,000. Default all. */
  readonly limit?: number;
};

const REPOSITORY = "TIGER-Lab/MMEB-train";

/**
 * A training task. Equal targets (path and text) are one candidate, so that repeats of a class name
 * or an answer are known to be the same. The instruction stays in the text: the data has them as one.
 */
export async function readMmebTrain({
  root,
  subset,
  metaTask,
  temperatureGroup,
  split = "original",
  imageFolder = `${REPOSITORY}/images`,
  limit = Infinity,
}: MmebTrainOptions): Promise<Task> {
  const base = resolve(root);
  const folder = join(base, REPOSITORY);
  const annotations = await readAnnotations({ folder, config: subset, split });
  const into = new TaskAssembler({ onConflict: "keep-first" });
  const inImages = (path: string): string => path && `${imageFolder}/${path}`;
  for (const [i, { row }] of annotations.slice(0, limit).entries()) {
    const queryImage = row.optionalText("qry_image_path") ?? "";
    const targetImage = row.optionalText("pos_image_path") ?? "";
    const text = splitText(row.text("pos_text"), targetImage !== "", "").trim();
    const id = targetImage === "" ? text : `${targetImage}:${text}`;
    into.candidate({ id, item: itemOf(text, inImages(targetImage)) }, row);
    const query = splitText(row.text("qry"), queryImage !== "", "").trim();
    into.query(
      { id: String(i), item: itemOf(query, inImages(queryImage)), positives: new Map([[id, 1]]) },
      row,
    );
  }
  const task = into.finish(
    {
      name: subset,
      split: "train",
      modality: "image",
      metaTask,
      kind: "real",
      domain: "IND",
      scope: "global",
      metric: "hit@1",
      queryInstruction: "",
      targetInstruction: "",
      temperatureGroup,
    },
    folder,
  );
  return absolute(task, await taskDigest(task, new MediaSizes(base)), base);
}
