/** @file Reading a published score file of MMEB-V2 (spec 3.10) and reproducing its averages. */
import { readFile } from "node:fs/promises";
import type { Averages, DatasetScore } from "./averages.ts";
import { averageScores } from "./averages.ts";
import { EvalError } from "./error.ts";
import type { MmebTask } from "./mmeb.ts";
import { MMEB_V2, mmebTask } from "./mmeb.ts";

/** One data set of a score file. */
export type ScoreFileEntry = {
  /** The name in the file, e.g. "ViDoSeek-page-fixed". */
  readonly reported: string;
  readonly task: MmebTask;
  /** Every number of the score object, fractions: "hit@1", "ndcg_linear@5", "num_data" ... */
  readonly values: Readonly<Record<string, number>>;
};

export type ScoreFile = {
  readonly modelName: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly entries: readonly ScoreFileEntry[];
  /** Data sets that carry a string such as "FILE_N/A" in place of scores: name -> string. */
  readonly unavailable: ReadonlyMap<string, string>;
  /** Names that aren't scored in MMEB-V2, e.g. "MomentSeeker_1k8". */
  readonly ignored: readonly string[];
  /** Entries under the old name of a set whose page labels were fixed later: not comparable. */
  readonly outdated: readonly string[];
};

/** Reads and checks a score file; the message of a failure names the file. */
export async function readScoreFile(path: string): Promise<ScoreFile> {
  try {
    return parseScoreFile(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw new EvalError("BAD_SCORE_FILE", `${path}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Checks a parsed score file. Strings where objects are expected ("FILE_N/A", "DIR_N/A",
 * "JSON_ERROR", "READ_ERROR") are the format's own way to say that a set or a modality is missing.
 */
export function parseScoreFile(json: unknown): ScoreFile {
  const root = record(json, "the score file");
  const metadata = record(root["metadata"], "metadata");
  const metrics = record(root["metrics"], "metrics");
  const entries = new Map<string, ScoreFileEntry>();
  const unavailable = new Map<string, string>();
  const ignored: string[] = [];
  for (const [modality, sets] of Object.entries(metrics)) {
    if (typeof sets === "string") {
      unavailable.set(modality, sets);
      continue;
    }
    for (const [reported, scores] of Object.entries(record(sets, `metrics.${modality}`))) {
      const where = `metrics.${modality}.${reported}`;
      const task = mmebTask(reported);
      if (task === undefined) ignored.push(reported);
      else if (typeof scores === "string") unavailable.set(reported, scores);
      else keepNewest(entries, { reported, task, values: numbers(scores, where) });
    }
  }
  for (const { reported, task } of entries.values()) {
    unavailable.delete(task.name);
    unavailable.delete(reported);
  }
  return {
    modelName: typeof metadata["model_name"] === "string" ? metadata["model_name"] : "unnamed",
    metadata,
    entries: [...entries.values()],
    unavailable,
    ignored,
    outdated: [...entries.values()].filter(isOutdated).map((entry) => entry.reported),
  };
}

/** The main metric of every entry, as fractions. */
export function mainScores(file: ScoreFile): DatasetScore[] {
  return file.entries.map(({ reported, task, values }) => {
    const score = values[task.metric];
    if (score !== undefined) return { ...task, score };
    throw new EvalError("BAD_SCORE_FILE", `${file.modelName}: ${reported} has no ${task.metric}`);
  });
}

/** The averages of a score file over the 78 sets; one with missing sets has `value: null`. */
export function scoreFileAverages(file: ScoreFile): Averages {
  return averageScores(mainScores(file), MMEB_V2);
}

function isOutdated({ reported, task }: ScoreFileEntry): boolean {
  return task.reportedAs !== undefined && reported !== task.reportedAs;
}

/** A file may hold a set under its old and its fixed name: the fixed one counts. */
function keepNewest(entries: Map<string, ScoreFileEntry>, entry: ScoreFileEntry): void {
  const before = entries.get(entry.task.name);
  if (before === undefined || isOutdated(before)) entries.set(entry.task.name, entry);
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const got = Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
  throw new EvalError("BAD_SCORE_FILE", `${where} must be an object, got ${got}`);
}

function numbers(value: unknown, where: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [key, number] of Object.entries(record(value, where))) {
    if (typeof number !== "number" || !Number.isFinite(number)) {
      throw new EvalError(
        "BAD_SCORE_FILE",
        `${where}.${key} must be a number, got ${String(number)}`,
      );
    }
    values[key] = number;
  }
  return values;
}
