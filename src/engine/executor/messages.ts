/** @file What main thread and worker say to each other. */
import type { State } from "../tensor.ts";
import type { RunResult, Tensors } from "./types.ts";

export type WorkerOptions = { readonly threads: number };

/** A plan as the worker sees it. */
export type CompiledModel = {
  readonly model: Uint8Array;
  /** Bytes of activations alive at once. */
  readonly peakBytes: number;
  /** Names of state tensors the model takes. */
  readonly states: readonly string[];
  readonly outputs: readonly string[];
  readonly updates: ReadonlyMap<string, string>;
  readonly guards: readonly string[];
};

export type Request =
  | { readonly kind: "load"; readonly state: State }
  | { readonly kind: "state"; readonly names: readonly string[] | null }
  | { readonly kind: "compile"; readonly id: string; readonly compiled: CompiledModel }
  | { readonly kind: "run"; readonly id: string; readonly feeds: readonly Tensors[] }
  | { readonly kind: "release"; readonly id: string }
  | { readonly kind: "close" };

export type Answer = State | RunResult[] | null;

export type RequestMessage = { readonly number: number; readonly request: Request };

export type AnswerMessage = {
  readonly number: number;
  readonly answer?: Answer;
  readonly error?: { readonly message: string; readonly stack: string | undefined };
};
