/** @file The one normal form of every task (DESIGN D3): what loaders produce and everything else reads. */

/** Modality a task is reported under: that of its target or, for classification and QA, of its query. */
export type Modality = "text" | "image" | "video" | "visdoc";

/** MMEB-V2's meta-tasks (spec section 3.1) and `T-RET`, `T-CLS` for our text-only tasks. */
export type MetaTask =
  | "I-CLS"
  | "I-QA"
  | "I-RET"
  | "I-VG"
  | "V-CLS"
  | "V-QA"
  | "V-RET"
  | "V-MRET"
  | "VDRv1"
  | "VDRv2"
  | "VR"
  | "OOD"
  | "D-RET"
  | "T-RET"
  | "T-CLS";

export type Split = "train" | "dev" | "test";

/** In-domain, out-of-domain (unseen style, table, package ...), or not distinguished. */
export type Domain = "IND" | "OOD" | null;

/** How the task's inputs came to be; printed in every report. */
export type DataKind = "real" | "composed" | "synthetic";

/**
 * One side of a pair, as paths and text. At most one of `image`, `video`, `document`.
 * Paths are absolute once loaded.
 */
export type Item = {
  readonly text?: string;
  readonly image?: string;
  /** Frame files in temporal order. */
  readonly video?: readonly string[];
  /** A page image. */
  readonly document?: string;
};

/** One query with its graded positives. Grades are > 0; 1 where the source has none. */
export type Query = {
  readonly id: string;
  readonly item: Item;
  /** Candidate id -> relevance grade. Never empty. */
  readonly positives: ReadonlyMap<string, number>;
  /** Local scope: the ids to rank, the positive among them. Absent in global scope. */
  readonly candidates?: readonly string[];
  /** What the query is about; see `Task.labels`. */
  readonly label?: string;
  /** Instruction of this query alone, in place of the task's `queryInstruction`. */
  readonly instruction?: string;
};

/** A task of one split. Training tasks have the same form: a pair is a query and one of its positives. */
export type Task = {
  readonly name: string;
  readonly modality: Modality;
  readonly metaTask: MetaTask;
  readonly kind: DataKind;
  readonly split: Split;
  readonly domain: Domain;
  readonly scope: "local" | "global";
  readonly metric: "hit@1" | "ndcg_linear@5";
  /** Instruction of the query side; empty where there is none (spec sections 1.6, 3.5). */
  readonly queryInstruction: string;
  readonly targetInstruction: string;
  /** Name of the temperature this task trains with (spec 1.5): one of the seven of the paper, or `text`. */
  readonly temperatureGroup: TemperatureGroup;
  readonly queries: readonly Query[];
  /** Every candidate by id. */
  readonly corpus: ReadonlyMap<string, Item>;
  /**
   * Candidate id -> what it shows. A candidate truly matches a query if it is one of the query's
   * positives or its label equals the query's: any other true match in a batch is a false negative.
   */
  readonly labels?: ReadonlyMap<string, string>;
  /** Digest over everything that can change a score. */
  readonly digest: string;
};

/** The seven temperatures of RzenEmbed (spec 1.5) and one for text-only pairs [O]. */
export type TemperatureGroup =
  | "image-classification"
  | "image-qa"
  | "image-retrieval"
  | "image-grounding"
  | "document-retrieval"
  | "video-retrieval"
  | "video-qa"
  | "text";

/** Decoded picture or clip: RGB, row-major, frames one after another: [frames, height, width, 3]. */
export type Pixels = {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
};
