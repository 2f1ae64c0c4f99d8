/** @file Which random changes a task's training pixels may undergo without changing its answer. */
import type { Task } from "../data/types.ts";
import type { AugmentPolicyName } from "../model/index.ts";

/** By meta-task: naming a thing survives more than reading a page. */
const BY_META_TASK: Readonly<Record<Task["metaTask"], AugmentPolicyName>> = {
  "I-CLS": "object",
  "I-RET": "object",
  "I-QA": "careful",
  "I-VG": "careful",
  "V-CLS": "photometric",
  "V-QA": "photometric",
  "V-RET": "photometric",
  "V-MRET": "careful",
  VDRv1: "careful",
  VDRv2: "careful",
  VR: "careful",
  OOD: "careful",
  "D-RET": "careful",
  "T-RET": "none",
  "T-CLS": "none",
};

/** Tasks of mini-MMEB whose answer lies in what their meta-task's policy would change. */
const BY_TASK: Readonly<Record<string, AugmentPolicyName>> = {
  "style-edit": "careful", // style is line and colour
  "tone-edit": "careful", // skin tone is colour
  "clock-reading": "photometric",
  "radical-moment": "careful", // the radical is the red part
  "writing-retrieval": "careful",
};

/** The policy of a task; OOD sets of a family follow it. */
export function augmentPolicy({
  name,
  metaTask,
}: Pick<Task, "name" | "metaTask">): AugmentPolicyName {
  return BY_TASK[name] ?? BY_META_TASK[metaTask];
}
