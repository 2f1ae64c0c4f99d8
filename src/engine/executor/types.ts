/** @file What an executor is: a place where state lives and plans run. */
import type { Plan } from "../onnx/plan.ts";
import type { State, Tensor } from "../tensor.ts";

/** Where a worker thread computes. */
export const DEVICE_NAMES = ["cpu", "openvino", "cuda", "webgpu", "wasm", "tfjs"] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];

/** What of TensorFlow.js computes, in the order in which they are tried. */
export const TFJS_BACKENDS = ["node-gpu", "node", "wasm", "cpu"] as const;
export type TfjsBackendName = (typeof TFJS_BACKENDS)[number];

/** `onnxruntime` is the older name of `cpu`; `auto` takes the first device that starts. */
export const EXECUTOR_NAMES = [...DEVICE_NAMES, "onnxruntime", "auto", "reference"] as const;
export type ExecutorName = (typeof EXECUTOR_NAMES)[number];

/** Makes devices. Cheap; nothing starts before `open`. */
export type Executor = {
  readonly name: ExecutorName;
  /** @throws Error in one line, with a remedy, if the device cannot start here. */
  open(): Promise<Device>;
};

export type Tensors = Readonly<Record<string, Tensor>>;

/** One thing to compile: a live graph and what becomes of its outputs. */
export type Compilation = {
  readonly plan: Plan;
  /** Output name -> name of the state tensor that it replaces after a run. */
  readonly updates: ReadonlyMap<string, string>;
  /** Outputs that must be finite; else nothing is updated and the run reports it. */
  readonly guards: readonly string[];
};

/** Outputs of one run. With `failed`, the guard that was not finite: the state is as before. */
export type RunResult = {
  readonly outputs: Record<string, Tensor>;
  readonly failed: string | null;
};

/** What a device holds. In a training's steady state only `heapBytes` varies, around one level. */
export type Inventory = {
  readonly programs: number;
  /** State tensors with their spares; in TensorFlow.js all tensors that there are. */
  readonly tensors: number;
  /** JavaScript's live heap where the device computes, garbage collected first. */
  readonly heapBytes: number;
};

/** One node of a run, as the library names it. */
export type NodeTime = {
  readonly name: string;
  readonly op: string;
  /** What of the library computed it. */
  readonly provider: string;
  readonly microseconds: number;
};

/** Means over several runs. */
export type NodeTimes = {
  readonly nodes: readonly NodeTime[];
  /** Of the run as a whole. */
  readonly microseconds: number;
  /** Name of the device and its library. */
  readonly device: string;
};

/** Holds one state and any number of compiled plans over it. */
export type Device = {
  /** What computes; under `auto`, what was found. */
  readonly name: DeviceName | "reference";
  /** The library behind it, its version and what it told of itself. */
  readonly detail: string;
  /** Sets these state tensors; others stay. */
  load(state: State): Promise<void>;
  /** The named state tensors, or all: copies. */
  state(names?: readonly string[]): Promise<State>;
  compile(id: string, compilation: Compilation): Promise<void>;
  /** Runs once per element of `feeds`, in order, up to the first failed guard. */
  run(id: string, feeds: readonly Tensors[]): Promise<RunResult[]>;
  /** Frees what was compiled under `id`. */
  release(id: string): Promise<void>;
  /** Runs `runs` times with these feeds and times every node. Changes nothing. */
  profile(compilation: Compilation, feeds: Tensors, runs: number): Promise<NodeTimes>;
  /** For finding leaks. */
  inventory(): Promise<Inventory>;
  close(): Promise<void>;
};
