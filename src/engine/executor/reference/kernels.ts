/** @file What a reference kernel is given and gives. */
import type { Shape, Tensor, TensorData } from "../../tensor.ts";

export type KernelAttributes = {
  int(name: string, otherwise?: number): number;
  float(name: string): number;
  ints(name: string): readonly number[];
};

export type KernelCall = {
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: KernelAttributes;
  /** Of the first output. */
  readonly shape: Shape;
};

/** What one ONNX operator computes: the data of each output, float32 as Float64Array. */
export type Kernel = (call: KernelCall) => readonly TensorData[];
