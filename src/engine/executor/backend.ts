/** @file What a device's worker does: the same as a device, of plans made ready to send. */
import type { State } from "../tensor.ts";
import type { CompiledModel } from "./messages.ts";
import type { Inventory, NodeTimes, RunResult, Tensors } from "./types.ts";

export type Backend = {
  /** The library that computes, and its version. */
  readonly detail: string;
  load(state: State): void;
  state(names: readonly string[] | null): Promise<State>;
  compile(id: string, model: CompiledModel): Promise<void>;
  run(id: string, feeds: Tensors): Promise<RunResult>;
  release(id: string): Promise<void>;
  profile(model: CompiledModel, feeds: Tensors, runs: number): Promise<Omit<NodeTimes, "device">>;
  inventory(): Omit<Inventory, "heapBytes">;
  close(): Promise<void>;
};
