/** @file What the MMEB-V2 adapters are given and pass around. */
import type { TaskAssembler } from "../formats/assemble.ts";
import type { Row } from "../formats/parquet.ts";
import type { MetaTask } from "../types.ts";

/** An entry of the table of 78 data sets, as src/eval has it. */
export type MmebEntry = {
  readonly name: string;
  readonly modality: "image" | "video" | "visdoc";
  readonly metaTask: MetaTask;
  readonly metric: "hit@1" | "ndcg_linear@5";
  readonly domain: "IND" | "OOD" | null;
  readonly queryInstruction: string;
  readonly targetInstruction: string;
  readonly candidateScope: "local" | "global";
  readonly numCandidates: number | null;
  readonly parser: string;
  readonly hfPath: string;
  readonly hfConfig: string | null;
  readonly hfSplit: string;
};

/** One annotation row and the config (subset) its file belongs to. */
export type Annotation = { readonly row: Row; readonly config: string };

/** What a parser needs to turn rows into queries and candidates. */
export type MmebContext = {
  readonly entry: MmebEntry;
  /** Folder of the downloaded data; every path below is relative to it. */
  readonly root: string;
  readonly into: TaskAssembler;
  /** Frame files of a folder in order, relative to the root. */
  readonly frames: (folder: string) => Promise<readonly string[]>;
};

/** Instructions found in the data, where it has them. */
export type Instructions = { readonly query?: string; readonly target?: string };
