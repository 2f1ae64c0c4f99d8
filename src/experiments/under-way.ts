/** @file Which process trains a run, to tell one that is under way from one that was cut off. */
import type { ProcessMark, Run } from "../tracking/index.ts";
import { lives, markOf } from "../tracking/index.ts";
import { TAGS } from "./tags.ts";

/** Tag of a run that this process is about to train. */
export function trainedHere(): Record<string, string> {
  return { [TAGS.process]: JSON.stringify(markOf(process.pid)) };
}

/** Id of another process of this machine that trains the run now; nothing if it was cut off or has ended. */
export function trainerOf({ status, tags }: Run): number | undefined {
  const mark = tags[TAGS.process];
  if (status !== "RUNNING" || mark === undefined) return undefined;
  try {
    const known = JSON.parse(mark) as ProcessMark;
    return known.pid !== process.pid && lives(known) ? known.pid : undefined;
  } catch {
    return undefined; // A tag that a person has changed.
  }
}
