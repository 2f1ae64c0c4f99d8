/** @file Progress of long work, for terminal, notebook and UI alike. */

/** `done` of `total` units of one stage. */
export type Progress = {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
};

export type OnProgress = (progress: Progress) => void;
