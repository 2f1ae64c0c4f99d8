/** @file What main thread and worker say to each other. */
import type { Attributes } from "../graph.ts";
import type { DType, Shape, State, Tensor } from "../tensor.ts";
import type {
  DeviceName,
  Inventory,
  NodeTimes,
  RunResult,
  Tensors,
  TfjsBackendName,
} from "./types.ts";

export type WorkerOptions = {
  readonly device: DeviceName;
  readonly threads: number;
  /** Refuse a graph of which a node would run elsewhere than on the device. */
  readonly strict: boolean;
  /** What of TensorFlow.js computes; null is the first that is installed. */
  readonly tfjsBackend: TfjsBackendName | null;
};

/** A node without its graph, so that it can be sent. */
export type FlatNode = {
  readonly op: string;
  readonly inputs: readonly (string | null)[];
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly dtype: DType;
  }[];
  readonly attributes: Attributes;
};

/** A plan as an interpreter in the worker takes it. */
export type FlatPlan = {
  readonly nodes: readonly FlatNode[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Output name -> name of its value. */
  /** In the model's order. */
  readonly outputs: ReadonlyMap<string, string>;
};

/** A plan as the worker sees it. */
export type CompiledModel = {
  /** ONNX bytes, or what TensorFlow.js interprets. */
  readonly program: Uint8Array | FlatPlan;
  /** Bytes of activations alive at once. */
  readonly peakBytes: number;
  /** Names of the feeds it takes, in the model's order; more may come. */
  readonly inputs: readonly string[];
  /** Names of state tensors it takes, in the model's order, after the feeds. */
  readonly states: readonly string[];
  readonly outputs: ReadonlyMap<string, Pick<Tensor, "shape" | "dtype">>;
  readonly updates: ReadonlyMap<string, string>;
  readonly guards: readonly string[];
};

export type Request =
  | { readonly kind: "open" }
  | { readonly kind: "load"; readonly state: State }
  | { readonly kind: "state"; readonly names: readonly string[] | null }
  | { readonly kind: "compile"; readonly id: string; readonly compiled: CompiledModel }
  | { readonly kind: "run"; readonly id: string; readonly feeds: readonly Tensors[] }
  | { readonly kind: "release"; readonly id: string }
  | {
      readonly kind: "profile";
      readonly compiled: CompiledModel;
      readonly feeds: Tensors;
      readonly runs: number;
    }
  | { readonly kind: "inventory" }
  | { readonly kind: "close" };

export type Answer = string | State | RunResult[] | Inventory | Omit<NodeTimes, "device"> | null;

export type RequestMessage = { readonly number: number; readonly request: Request };

export type AnswerMessage = {
  readonly number: number;
  readonly answer?: Answer;
  readonly error?: { readonly message: string; readonly stack: string | undefined };
};
