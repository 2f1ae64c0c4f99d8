/** @file What goes into the store and what comes out of it. Times are milliseconds since 1970. */

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
export type Lifecycle = "active" | "deleted";

export type Experiment = {
  readonly id: number;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
};

export type Run = {
  /** 32 lowercase hexadecimal digits. */
  readonly id: string;
  readonly experimentId: number;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle: Lifecycle;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The latest value of each key: the largest by (step, timestamp, value), NaN above every number. */
  readonly metrics: Readonly<Record<string, number>>;
};

export type NewRun = {
  readonly experimentId: number;
  /** Two random words when left out. */
  readonly name?: string;
  /** 32 hexadecimal digits; random when left out. */
  readonly id?: string;
  readonly user?: string;
  readonly startTime?: number;
  readonly status?: RunStatus;
  readonly params?: Readonly<Record<string, ParamValue>>;
  readonly tags?: Readonly<Record<string, string>>;
};

/** Stored as text; numbers also as numbers, so that they sort and compare as such. */
export type ParamValue = string | number | boolean;

/** Which data a metric was measured on. */
export type DatasetRef = { readonly name: string; readonly digest: string };

/** A point to log. NaN and both infinities are values like any other. */
export type NewPoint = {
  readonly key: string;
  readonly value: number;
  /** Any safe integer. Default 0. */
  readonly step?: number;
  /** Default: now. */
  readonly timestamp?: number;
  readonly dataset?: DatasetRef;
  /** The logged model it was measured on. */
  readonly modelId?: string;
};

/** A point of a series. */
export type Point = { readonly step: number; readonly timestamp: number; readonly value: number };

/**
 * A series at a glance. Least and greatest, and the step at which each was reached first, are over
 * its values that are not NaN; null when all are.
 */
export type SeriesSummary = {
  readonly key: string;
  readonly dataset: DatasetRef | null;
  readonly count: number;
  readonly latest: Point;
  readonly least: number | null;
  readonly greatest: number | null;
  readonly leastStep: number | null;
  readonly greatestStep: number | null;
};

export type Batch = {
  readonly metrics?: readonly NewPoint[];
  readonly params?: Readonly<Record<string, ParamValue>>;
  readonly tags?: Readonly<Record<string, string>>;
};

/** A data set of an experiment; name and digest identify it. */
export type Dataset = DatasetRef & {
  readonly sourceType?: string;
  readonly source?: string;
  readonly schema?: string;
  readonly profile?: string;
};

/** A data set that a run read. The tag `mlflow.data.context` says for what. */
export type Input = { readonly dataset: Dataset; readonly tags: Readonly<Record<string, string>> };

/** Score of a run on one task. Logging (benchmark, task, split, metric) again replaces the row. */
export type NewEvaluation = {
  /** Default `mini-MMEB`. */
  readonly benchmark?: string;
  readonly task: string;
  readonly split: string;
  /** True name, such as `hit@1`; unlike metric keys it may hold any character. */
  readonly metric: string;
  readonly value: number;
  /** Queries the value is a mean over. */
  readonly n: number;
  readonly modality: string;
  readonly metaTask: string;
  readonly domain: string | null;
  readonly kind: string;
  /** Digest of the task's data. */
  readonly digest?: string;
  /** Kept as an artifact; what paired tests over queries read. */
  readonly perQuery?: readonly PerQuery[];
};

export type PerQuery = {
  readonly query: string;
  readonly value: number;
  /** Rank of the best positive, 1 = first. */
  readonly rank?: number;
  /** Ids ranked first, best first. */
  readonly top?: readonly string[];
};

export type Evaluation = {
  readonly runId: string;
  readonly benchmark: string;
  readonly task: string;
  readonly split: string;
  readonly metric: string;
  readonly value: number;
  readonly n: number;
  readonly modality: string;
  readonly metaTask: string;
  readonly domain: string | null;
  readonly kind: string;
  readonly digest: string | null;
  /** Artifact with the results of each query, if they were logged. */
  readonly perQuery: string | null;
};

export type Artifact = {
  /** Relative, `/` between segments. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly createdAt: number;
};
