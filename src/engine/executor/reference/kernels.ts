/** @file What a reference kernel is given and gives. */
import type { Attributes } from "../../graph.ts";
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

/** Reads a node's attributes by kind. */
export function attributesOf(op: string, attributes: Attributes): KernelAttributes {
  const find = (name: string): never => {
    throw new Error(`internal: ${op} has no attribute ${name}`);
  };
  return {
    int(name, otherwise) {
      const found = attributes[name];
      if (found === undefined && otherwise !== undefined) return otherwise;
      return found !== undefined && "int" in found ? found.int : find(name);
    },
    float(name) {
      const found = attributes[name];
      return found !== undefined && "float" in found ? found.float : find(name);
    },
    ints(name) {
      const found = attributes[name];
      return found !== undefined && "ints" in found ? found.ints : find(name);
    },
  };
}
