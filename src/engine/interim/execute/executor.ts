/** @file The one interface behind which graphs run. */
import type { Graph } from "../graph.ts";
import type { Tensor } from "../tensor.ts";

/** What a host needs to know of a graph. */
export type ProgramSource = {
  readonly graph: Graph;
  /** Names the caller gets back. */
  readonly outputs: readonly string[];
  /** Parameter inputs, taken from the host's state. */
  readonly parameters: readonly string[];
  /** State input -> output that replaces it. */
  readonly updates: readonly (readonly [string, string])[];
};

export type Feeds = Readonly<Record<string, Tensor>>;
export type Results = Record<string, Tensor>;

/**
 * Holds state and runs programs on it; the state never leaves it but by `state()`.
 * Calls are answered in the order they were made.
 */
export interface Host {
  /** Makes a program ready. @returns its number */
  prepare(program: ProgramSource): Promise<number>;
  /** Runs a program once for each of `feeds`, one after another. */
  run(program: number, feeds: readonly Feeds[]): Promise<Results[]>;
  /** Replaces the whole state. */
  setState(state: ReadonlyMap<string, Tensor>): Promise<void>;
  /** Adds to the state. */
  addState(state: ReadonlyMap<string, Tensor>): Promise<void>;
  state(): Promise<Map<string, Tensor>>;
  /** Ends the host; later calls fail. */
  close(): Promise<void>;
}

export type ExecutorName = "onnxruntime" | "reference";

/** A way to run graphs. */
export type Executor = {
  readonly name: ExecutorName;
  /** Threads of one operator. */
  readonly threads: number;
  open(): Promise<Host>;
};
