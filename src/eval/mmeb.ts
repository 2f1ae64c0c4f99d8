/** @file The 78 data sets of MMEB-V2 as data (spec 3.6), with typed access. */
import type { MetaTask } from "../data/types.ts";
import table from "./mmeb_v2_tasks.json" with { type: "json" };

export type MmebModality = "image" | "video" | "visdoc";

export type MmebMetaTask = Exclude<MetaTask, "D-RET" | "T-RET" | "T-CLS">;

/** One data set of the benchmark. */
export type MmebTask = {
  readonly name: string;
  /** The name in today's score files where it differs: the two sets whose page labels were fixed. */
  readonly reportedAs?: string;
  readonly modality: MmebModality;
  readonly metaTask: MmebMetaTask;
  readonly metric: "hit@1" | "ndcg_linear@5";
  /** IND or OOD for the 36 image sets, null elsewhere. */
  readonly domain: "IND" | "OOD" | null;
  readonly queryInstruction: string;
  readonly targetInstruction: string;
  readonly candidateScope: "local" | "global";
  readonly numQueries: number;
  readonly numCandidates: number | null;
  readonly queryModality: string;
  readonly targetModality: string;
  readonly parser: string;
  readonly hfPath: string;
  readonly hfConfig: string | null;
  readonly hfSplit: string;
  readonly notes?: string;
  /** Percent, by model. */
  readonly referenceScores: Readonly<Record<string, number>>;
};

/** Every data set, image first, in the order of the score files. */
export const MMEB_V2: readonly MmebTask[] = table.tasks.map((row) => {
  const { split, referenceScores, ...rest } = row;
  // The table marks the four visdoc sets of the group "OOD" as OOD; the distinction is defined for
  // images only (spec 3.1), so those are not counted as out-of-domain here.
  const domain = row.modality === "image" ? split : null;
  const scores = Object.entries(referenceScores).filter(([, score]) => typeof score === "number");
  return { ...rest, domain, referenceScores: Object.fromEntries(scores) } as MmebTask;
});

/** Published averages in percent: model -> meta-task, modality or "overall" -> average. */
export const MMEB_V2_AVERAGES: Readonly<Record<string, Readonly<Record<string, number>>>> =
  table.referenceAverages;

const byName = new Map(MMEB_V2.flatMap((task) => namesOf(task).map((name) => [name, task])));

/** Finds a data set by its name or by the name it is reported under. */
export function mmebTask(name: string): MmebTask | undefined {
  return byName.get(name);
}

/** The name a data set has in a submission. */
export function reportedName(task: MmebTask): string {
  return task.reportedAs ?? task.name;
}

function namesOf(task: MmebTask): string[] {
  return task.reportedAs === undefined ? [task.name] : [task.name, task.reportedAs];
}
