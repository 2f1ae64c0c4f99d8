/** @file Whether a report that was made still says what the store holds. */
import type { RunReader } from "../tracking/index.ts";
import { runsDigest } from "../tracking/index.ts";
import { BASELINE_TAG } from "./baselines.ts";
import { memberTag } from "./record.ts";
import { BARRIERS_TAG } from "./tags.ts";

/** Changes with anything that the report of an experiment is made from, in whichever experiment its runs lie. */
export function reportStamp(store: RunReader, experiment: string): string {
  return runsDigest(store, [memberTag(experiment, ""), BASELINE_TAG, BARRIERS_TAG]);
}
