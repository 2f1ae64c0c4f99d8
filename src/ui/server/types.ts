/** @file What the UI's pages fetch: records of the JSON endpoints, shared with the browser code as types. */
import type { Report } from "../../plot/types.ts";
import type {
  Artifact,
  Evaluation,
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

export type RunDetail = RunRow & {
  readonly experiment: string;
  readonly series: readonly SeriesSummary[];
  readonly artifacts: readonly Artifact[];
  readonly evaluations: readonly Evaluation[];
  /** A command that makes the run again, where its config was recorded. */
  readonly reproduce: string | null;
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
