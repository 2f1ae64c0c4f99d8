/** @file Data set scores -> meta-task, modality, in/out-of-domain and overall averages (spec 3.2). */
import { EvalError } from "./error.ts";

/** What an average must know of a data set. `TaskScore` and a row of `MMEB_V2` both fit. */
export type DatasetKey = {
  readonly name: string;
  readonly modality: string;
  readonly metaTask: string;
  readonly domain: string | null;
};

export type DatasetScore = DatasetKey & { readonly score: number };

export type Average = {
  readonly level: "metaTask" | "modality" | "domain" | "overall";
  /** "image/I-CLS", "image", "image/domain:OOD", "domain:OOD", "overall". */
  readonly name: string;
  /** Plain mean over the data sets, or null if one is missing: a gap is never averaged away. */
  readonly value: number | null;
  /** Mean over those present, whether or not some are missing; null if none is. Label it with `n`. */
  readonly partial: number | null;
  /** Data sets present. */
  readonly n: number;
  /** Data sets that belong here. */
  readonly expected: number;
  /** Names of those without a score. */
  readonly missing: readonly string[];
};

export type Averages = {
  readonly all: readonly Average[];
  /** Looks an average up by name; throws for an unknown one. */
  get(name: string): Average;
};

/** Modalities of MMEB-V2; others (our text-only tasks) are averaged beside, never into "overall". */
const OVERALL_MODALITIES = new Set(["image", "video", "visdoc"]);

/**
 * Averages as the leaderboard's: a modality is the mean over its data sets, not of its meta-task
 * means, and "overall" is the mean over all data sets of the three MMEB modalities.
 *
 * @param scores one per data set; fractions or percent, the averages are in the same unit.
 * @param expected every data set that belongs to the benchmark; default: those scored.
 */
export function averageScores(
  scores: readonly DatasetScore[],
  expected: readonly DatasetKey[] = scores,
): Averages {
  const byName = checkedScores(scores, expected);
  const groups = new Map<string, { level: Average["level"]; members: DatasetKey[] }>();
  for (const key of expected) {
    for (const [level, name] of groupsOf(key)) {
      const group = groups.get(name) ?? { level, members: [] };
      group.members.push(key);
      groups.set(name, group);
    }
  }
  const all = [...groups].map(([name, group]) => average(name, group, byName));
  const order = ["metaTask", "modality", "domain", "overall"];
  all.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  return {
    all,
    get(name) {
      const found = all.find((a) => a.name === name);
      if (found !== undefined) return found;
      throw new RangeError(`no average ${name}; there are ${all.map((a) => a.name).join(", ")}`);
    },
  };
}

function groupsOf({ modality, metaTask, domain }: DatasetKey): [Average["level"], string][] {
  const groups: [Average["level"], string][] = [
    ["metaTask", `${modality}/${metaTask}`],
    ["modality", modality],
  ];
  const inOverall = OVERALL_MODALITIES.has(modality);
  if (domain !== null) {
    // "domain:" keeps the visdoc meta-task called OOD apart from the out-of-domain average.
    groups.push(["domain", `${modality}/domain:${domain}`]);
    if (inOverall) groups.push(["domain", `domain:${domain}`]);
  }
  if (inOverall) groups.push(["overall", "overall"]);
  return groups;
}

function average(
  name: string,
  { level, members }: { level: Average["level"]; members: readonly DatasetKey[] },
  scores: ReadonlyMap<string, number>,
): Average {
  const missing = members.filter((m) => !scores.has(m.name)).map((m) => m.name);
  let sum = 0;
  for (const member of members) sum += scores.get(member.name) ?? 0;
  const n = members.length - missing.length;
  const partial = n > 0 ? sum / n : null;
  const value = missing.length === 0 ? partial : null;
  return { level, name, value, partial, n, expected: members.length, missing };
}

function checkedScores(
  scores: readonly DatasetScore[],
  expected: readonly DatasetKey[],
): Map<string, number> {
  const known = new Set<string>();
  for (const { name } of expected) {
    if (known.has(name)) throw new EvalError("BAD_SCORE_FILE", `${name} is listed twice`);
    known.add(name);
  }
  const byName = new Map<string, number>();
  for (const { name, score } of scores) {
    if (byName.has(name)) throw new EvalError("BAD_SCORE_FILE", `${name} has two scores`);
    if (!known.has(name)) {
      throw new EvalError("BAD_SCORE_FILE", `${name} is not one of the ${known.size} data sets`);
    }
    if (!Number.isFinite(score)) {
      throw new EvalError("BAD_SCORE_FILE", `${name} has the score ${score}`);
    }
    byName.set(name, score);
  }
  return byName;
}
