/**
 * @file The plain records every figure, table and report is made of.
 *
 * Scores and deltas are fractions in [0, 1] (shown as percent); `null` says "not known" and is shown
 * as such, never as 0. Everything here survives JSON. Records keyed by modality, meta-task or data
 * set are shown in the order of `Report.modalities`, else in their own order.
 */

/** A mean with its 95 % interval over `n` replicates. With n = 1 there is no interval: both ends null. */
export type Estimate = {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Replicates the mean is over: seeds, or queries where a score has no seeds (chance, ridge). */
  readonly n: number;
};

/** A paired difference against the baseline. Never made without an interval (DESIGN D5). */
export type Delta = {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Pairs: (data set, seed) or (query, seed). */
  readonly n: number;
  /** Two-sided permutation test. */
  readonly p: number;
  /** `p` after Holm's correction over the table's family of comparisons; null outside the family. */
  readonly pHolm: number | null;
};

/** One thing at every level of the roll-up. */
export type ByLevel<T> = {
  readonly overall: T;
  readonly modalities: Readonly<Record<string, T>>;
  readonly metaTasks: Readonly<Record<string, T>>;
  readonly datasets: Readonly<Record<string, T>>;
};

/** A configuration averaged over its seeds, compared with the baseline of its table. */
export type AblationRow = ByLevel<Estimate> & {
  /** Stable name, also the key of its colour: `baseline`, `+HW`, `+HW+FN, tau learned`. */
  readonly name: string;
  /** The smallest difference from the baseline, in words: "+ hardness weighting". */
  readonly changes: string;
  /** Seeds that finished. */
  readonly members: number;
  /** Seeds that failed or are missing; shown, never dropped. Default 0. */
  readonly missing?: number;
  /** In-domain and out-of-domain means, where tasks say which they are. */
  readonly domains?: Readonly<Record<string, Estimate>>;
  /** Null on the baseline itself. */
  readonly deltas: ByLevel<Delta> | null;
};

export type AblationTable = {
  readonly title: string;
  /** `name` of the row the others are compared with. */
  readonly baseline: string;
  readonly rows: readonly AblationRow[];
  /** Level below which a Holm-corrected p is called significant, usually 0.05. */
  readonly alpha: number;
  /** Size of the Holm family and what it is over: "8 comparisons of the overall score". */
  readonly family: string;
  /** How pairs and intervals are made, one sentence. */
  readonly statistics: string;
  readonly note?: string;
};

/** Main effect or interaction of a factorial grid. */
export type Effect = {
  /** "hardness weighting", "hardness weighting x masking". */
  readonly name: string;
  readonly order: "main" | "interaction";
  readonly overall: Delta;
  readonly modalities: Readonly<Record<string, Delta>>;
};

/** What a trained model has to beat. Sorted from weakest to strongest by the caller. */
export type BaselineRow = {
  readonly name: string;
  readonly kind: "chance" | "ridge" | "untrained" | "other" | "stage1" | "stage2";
  readonly overall: Estimate;
  readonly modalities: Readonly<Record<string, Estimate>>;
  /** Final model minus this row; null on the final model itself. */
  readonly deltas: {
    readonly overall: Delta;
    readonly modalities: Readonly<Record<string, Delta>>;
  } | null;
  readonly note?: string;
};

/** One run's metric over steps. Steps ascend; a value may be null where it was not finite. */
export type Series = {
  readonly seed: number;
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[];
};

/** One configuration's runs of one metric. */
export type CurveGroup = { readonly name: string; readonly members: readonly Series[] };

/** A chart of learning curves: a metric, a line with a band per configuration. */
export type CurveChart = {
  readonly title: string;
  /** Axis label with unit: "loss (nats)", "dev score". */
  readonly metric: string;
  readonly groups: readonly CurveGroup[];
  readonly logY?: boolean;
  /** True for scores in [0, 1], shown as percent. */
  readonly percent?: boolean;
  readonly note?: string;
};

/** Learned temperatures of one configuration: a group per task, over seeds. */
export type TauChart = {
  readonly configuration: string;
  readonly tasks: readonly CurveGroup[];
  /** Starting value, and the clamp, drawn as guides. */
  readonly initial: number;
  readonly clamp: readonly [number, number];
  readonly note?: string;
};

/** How well the mask finds pairs that truly match, at one threshold. */
export type MaskPoint = {
  readonly configuration: string;
  readonly threshold: number;
  /** Share of masked pairs that truly match. */
  readonly precision: Estimate;
  /** Share of truly matching pairs that are masked. */
  readonly recall: Estimate;
  /** Share of all negatives that are masked. */
  readonly rate: Estimate;
  /** The threshold the runs used. */
  readonly used?: boolean;
};

/** The planted-duplicates control: the same configurations with and without duplicated targets. */
export type DuplicatesControl = {
  /** Share of a batch's targets that are planted duplicates. */
  readonly rate: number;
  readonly rows: readonly {
    readonly name: string;
    readonly clean: Estimate;
    readonly planted: Estimate;
    /** planted - clean. */
    readonly change: Delta;
  }[];
  /** Mask's benefit with weighting minus without it, on the planted data. */
  readonly interaction: Delta | null;
  readonly note?: string;
};

export type PaperScores = {
  readonly overall: number;
  readonly modalities: Readonly<Record<string, number>>;
};

/** The paper's own ladder, ours beside the paper's. */
export type LadderRow = {
  readonly name: string;
  readonly changes: string;
  readonly ours: {
    readonly overall: Estimate;
    readonly modalities: Readonly<Record<string, Estimate>>;
  };
  /** Against the ladder's first row; null on it. */
  readonly delta: Delta | null;
  /** Null where the paper has no figure. Fractions. */
  readonly paper: PaperScores | null;
};

export type SoupRow = {
  readonly name: string;
  readonly kind: "member" | "uniform" | "weighted" | "greedy" | "control";
  /** `delta` averages the products, `factors` the LoRA factors, `weights` whole parameters. */
  readonly merge?: "delta" | "factors" | "weights";
  readonly overall: Estimate;
  readonly modalities: Readonly<Record<string, Estimate>>;
  /** Against the best member; null on members. */
  readonly delta: Delta | null;
  /** Share of each member, in the members' order. */
  readonly weights?: readonly number[];
};

/** Loss (or score) along the straight line between two members. */
export type BarrierLine = {
  readonly name: string;
  /** 0 is the first member, 1 the second. */
  readonly lambdas: readonly number[];
  readonly loss: readonly number[];
  readonly score?: readonly number[];
  /** Largest rise of the loss above the straight line between both ends; >= 0. */
  readonly barrier: number;
};

/** Something to look at. Pictures are data URIs embedded by the caller. */
export type Media = {
  readonly kind: "text" | "image" | "video" | "document";
  readonly text?: string;
  /** One picture, or the frames of a clip in order. */
  readonly pictures?: readonly string[];
};

/** One retrieval: a query and what a model ranked first. */
export type GalleryItem = {
  readonly task: string;
  readonly modality: string;
  /** Configuration that ranked. */
  readonly configuration: string;
  readonly query: Media;
  readonly instruction?: string;
  readonly results: readonly {
    readonly id: string;
    readonly media: Media;
    readonly score: number;
    readonly relevant: boolean;
  }[];
  /** Rank of the best positive, 1 = first. */
  readonly rank: number;
  /** Candidates that were ranked. */
  readonly candidates: number;
  /** The same query under the baseline, when that differs. */
  readonly before?: { readonly configuration: string; readonly rank: number };
};

/** One query under two configurations; ranks are of its best right answer, one a seed, in the order of `QueryPage.seeds`. */
export type QueryChange = {
  readonly id: string;
  readonly query: Media;
  readonly ranks: readonly number[];
  readonly ranksBefore: readonly number[];
  /** The data set's metric on this query, mean over seeds. */
  readonly value: number;
  readonly valueBefore: number;
  /** What the first seed's runs ranked first, where they kept it: [before, configuration]. */
  readonly results: readonly [GalleryItem, GalleryItem] | null;
};

/** Queries of one data set under two configurations, a page of them; those that changed most first. */
export type QueryPage = {
  readonly task: string;
  readonly metric: string;
  readonly instruction: string;
  readonly configuration: string;
  readonly before: string;
  readonly seeds: readonly number[];
  /** Queries of the data set, of which `queries` are those from `offset` on. */
  readonly total: number;
  readonly offset: number;
  /** Queries whose metric rose, fell, and stayed. */
  readonly better: number;
  readonly worse: number;
  readonly same: number;
  /** Paired by query, over the means of seeds; null where a configuration is set beside itself. */
  readonly delta: Delta | null;
  readonly queries: readonly QueryChange[];
};

/** One evaluated task, for the method section and the axis of the heat map. */
export type DatasetInfo = {
  readonly name: string;
  readonly modality: string;
  readonly metaTask: string;
  readonly kind: "real" | "composed" | "synthetic";
  readonly domain: "IND" | "OOD" | null;
  readonly metric: string;
  readonly queries: number;
  readonly candidates: number;
  readonly chance: number;
};

/** What is needed to make the same numbers again. */
export type Reproduction = {
  readonly command: string;
  readonly commit: string;
  readonly dirty: boolean;
  readonly seeds: readonly number[];
  /** Name -> digest of everything that went in. */
  readonly digests: Readonly<Record<string, string>>;
  /** "2 cores AMD EPYC, 24 GiB". */
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly wallSeconds: number;
};

/** A finding in one sentence. `unclear`: the interval holds 0 or the correction takes it away. */
export type Finding = {
  readonly verdict: "helps" | "hurts" | "unclear";
  /** Plain words. */
  readonly text: string;
  /** The numbers behind them. */
  readonly evidence: string;
};

/** A whole report. A section whose record is absent is left out. */
export type Report = {
  readonly title: string;
  readonly experiment: string;
  /** ISO 8601, UTC. */
  readonly generatedAt: string;
  /** One paragraph: what was asked and what was done. */
  readonly summary: string;
  /** Said beside the findings derived from the tables. */
  readonly remarks?: readonly string[];
  /** Display order and names. `inOverall: false` marks a group reported beside the average (text). */
  readonly modalities: readonly {
    readonly id: string;
    readonly label: string;
    readonly inOverall: boolean;
  }[];
  readonly datasets: readonly DatasetInfo[];
  readonly grid: AblationTable;
  readonly effects?: readonly Effect[];
  readonly baselines?: readonly BaselineRow[];
  readonly curves?: readonly CurveChart[];
  readonly taus?: readonly TauChart[];
  readonly mask?: readonly MaskPoint[];
  readonly duplicates?: DuplicatesControl;
  readonly ladder?: readonly LadderRow[];
  readonly soup?: readonly SoupRow[];
  readonly barriers?: readonly BarrierLine[];
  readonly gallery?: readonly GalleryItem[];
  readonly method: {
    /** Paragraphs: model, training, evaluation. */
    readonly text: readonly string[];
    /** What must be said for honesty's sake: scale, choices, what the paper lacks. */
    readonly notes: readonly string[];
  };
  readonly reproduction: Reproduction;
};
