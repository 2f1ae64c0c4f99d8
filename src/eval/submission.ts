/** @file Writing the leaderboard's submission JSON (spec 3.10). */
import { EvalError } from "./error.ts";
import type { Metrics } from "./metrics.ts";
import { METRIC_NAMES } from "./metrics.ts";
import type { MmebModality } from "./mmeb.ts";
import { MMEB_V2, mmebTask, reportedName } from "./mmeb.ts";

/** Exactly the keys the leaderboard reads. */
export type SubmissionMetadata = {
  readonly model_name: string;
  readonly model_backbone: string;
  /** Parameters with their unit, e.g. "2.21B". */
  readonly model_size: string;
  readonly embedding_dimension: number;
  readonly max_length_tokens: number;
  /** YYYY-MM-DD */
  readonly model_release_date: string;
  readonly data_source: "Self-Reported" | "TIGER-Lab";
  readonly url: string;
  /** ISO time; an argument, so that the same scores give the same file. */
  readonly report_generated_date: string;
};

/** The evaluator's score object: every metric as a fraction, then the counts. */
export type ScoreObject = Record<string, number>;

export type Submission = {
  readonly metadata: SubmissionMetadata;
  readonly metrics: Readonly<Record<MmebModality, Readonly<Record<string, ScoreObject | string>>>>;
};

/** What a score object is made of; a `TaskScore` fits. */
export type ScoredDataset = {
  readonly name: string;
  readonly metrics: Metrics;
  readonly queries: number;
};

/** Keys and order as the evaluator writes them. */
export function scoreObject({ metrics, queries }: ScoredDataset): ScoreObject {
  const object: ScoreObject = {};
  for (const name of METRIC_NAMES) object[name] = metrics[name];
  object["num_pred"] = queries;
  object["num_data"] = queries;
  return object;
}

/**
 * A submission over all 78 sets: a set without scores is the string "FILE_N/A", or "DIR_N/A" where
 * its whole modality is missing. The two page-fixed sets go by their `-fixed` names.
 */
export function submission(
  metadata: SubmissionMetadata,
  scores: readonly ScoredDataset[],
): Submission {
  const byName = new Map<string, ScoredDataset>();
  for (const score of scores) {
    const task = mmebTask(score.name);
    if (task === undefined) {
      throw new EvalError(
        "BAD_SCORE_FILE",
        `${score.name} is not one of MMEB-V2's ${MMEB_V2.length} data sets`,
      );
    }
    if (byName.has(task.name)) throw new EvalError("BAD_SCORE_FILE", `${task.name} has two scores`);
    byName.set(task.name, score);
  }
  const metrics: Record<MmebModality, Record<string, ScoreObject | string>> = {
    image: {},
    video: {},
    visdoc: {},
  };
  for (const task of MMEB_V2) {
    const score = byName.get(task.name);
    const present = MMEB_V2.some((t) => t.modality === task.modality && byName.has(t.name));
    const absent = present ? "FILE_N/A" : "DIR_N/A";
    metrics[task.modality][reportedName(task)] = score === undefined ? absent : scoreObject(score);
  }
  return { metadata, metrics };
}
