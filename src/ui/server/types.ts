/** @file What the UI's pages fetch: records of the JSON endpoints, shared with the browser code as types. */
import type { Delta, Report } from "../../plot/types.ts";
import type {
  Artifact,
  Evaluation,
  Input,
  Point,
  RunStatus,
  SeriesSummary,
} from "../../tracking/index.ts";

export type ExperimentCard = {
  readonly id: number;
  readonly name: string;
  readonly runs: number;
  readonly running: number;
  readonly failed: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** Whether runs of a grid are there, so that the ablation page has something to show. */
  readonly hasAblation: boolean;
};

/** One row of the runs table. */
export type RunRow = {
  /** Its number in the store, which short addresses are made of. */
  readonly serial: number;
  readonly id: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly user: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly tags: Readonly<Record<string, string>>;
};

/** What runs are shown, and how ordered; everything is optional. */
export type RunChoice = {
  /** In MLflow's search language and its superset. */
  readonly filter?: string | undefined;
  /** A column, `-` before it for the largest first. */
  readonly sort?: string | undefined;
  /** A column whose values the runs are gathered by. */
  readonly group?: string | undefined;
  /** Run ids with commas between, or what `encodeRuns` makes of serial numbers. */
  readonly runs?: string | undefined;
  /** Default `active`. */
  readonly lifecycle?: "active" | "deleted" | undefined;
};

/** Runs that agree on a column, which stand one after another. */
export type RunGroup = {
  readonly value: string;
  readonly count: number;
  /** Of each column of numbers that is shown; `n` runs have one. */
  readonly means: Readonly<Record<string, { n: number; mean: number; sd: number | null }>>;
};

/** Some of the rows, from `offset` on. */
export type RunTable = {
  /** Runs that pass. */
  readonly total: number;
  /** Runs of the experiment. */
  readonly of: number;
  readonly offset: number;
  readonly rows: readonly RunRow[];
  /** With the first rows only, and only if they are asked for. */
  readonly groups: readonly RunGroup[] | null;
};

export type RunDetail = Omit<RunRow, "serial"> & {
  readonly experiment: string;
  readonly series: readonly SeriesSummary[];
  readonly artifacts: readonly Artifact[];
  readonly evaluations: readonly Evaluation[];
  /** Data sets it read, with their digests. */
  readonly inputs: readonly Input[];
};

/** An input or output of a model: sizes are numbers or the names of those that vary. */
export type OnnxValue = {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly string[];
};

export type OnnxSummary = {
  /** Who wrote the file. */
  readonly producer: string;
  readonly opset: number | null;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Operation and how often, the most frequent first. */
  readonly operations: readonly (readonly [string, number])[];
  /** Numbers held in the file's weights. */
  readonly parameters: number;
};

/** One metric of many runs. */
export type Curves = {
  /** Metrics with two points in some run, the loss first. */
  readonly keys: readonly string[];
  /** The one that is here; "" if there is none. */
  readonly key: string;
  /** Runs that were looked at, of those that pass. */
  readonly runs: number;
  readonly of: number;
  readonly curves: readonly {
    readonly serial: number;
    readonly steps: readonly number[];
    /** Since the run's start. */
    readonly seconds: readonly number[];
    /** Not finite values are null. */
    readonly values: readonly (number | null)[];
  }[];
};

/** Configurations of any runs against one of them. */
export type PairedPage = {
  /** Of all configurations with scores, the oldest first. */
  readonly names: readonly string[];
  /** The one that the others are compared with; "" if there are no scores. */
  readonly against: string;
  readonly modalities: readonly string[];
  readonly rows: readonly PairedRow[];
  /** Configurations that are left out. */
  readonly left: number;
  readonly statistics: string;
};
export type PairedRow = {
  readonly name: string;
  /** That both have. */
  readonly seeds: number;
  readonly overall: Delta | null;
  /** Where there are two pairs at least. */
  readonly modalities: Readonly<Record<string, Delta>>;
  /** Why there are no differences; null if there are. */
  readonly problem: string | null;
};

export type SeriesPoints = {
  readonly runId: string;
  readonly key: string;
  /** Not finite values are null: JSON has none. */
  readonly points: readonly (Omit<Point, "value"> & { readonly value: number | null })[];
};

/** An ablation as the report holds it, without the retrievals, which have a page of their own. */
export type AblationPage = Omit<Report, "gallery">;

/** What a request that failed answers. */
export type Failure = { readonly error: string };
