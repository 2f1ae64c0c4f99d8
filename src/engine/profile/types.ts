/** @file What is known of a profiled run. */

/** What a step is made of, in the order in which it runs. */
export const PHASES = ["forward", "backward", "update"] as const;
export type Phase = (typeof PHASES)[number];

export type ProfiledNode = {
  readonly phase: Phase;
  readonly op: string;
  /** What tells it apart: its output's name and shape; what the library made by itself has the library's name. */
  readonly label: string;
  /** What of the library computed it: "CPUExecutionProvider". */
  readonly provider: string;
  readonly microseconds: number;
  /** Of a matrix product; else 0. */
  readonly flops: number;
};

export type Profiled = {
  readonly nodes: readonly ProfiledNode[];
  /** A run's mean time, what is between the nodes included. */
  readonly microseconds: number;
  readonly device: string;
};
