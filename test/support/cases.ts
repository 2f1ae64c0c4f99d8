/** @file Functions of random tensors as graphs with gradients, for whatever runs them. */
import type { DType, Shape, Tensor, Value } from "../../src/engine/index.ts";
import type { Random } from "../../src/engine/index.ts";
import { Graph, gradients, mul, sizeOf, sum, tensor } from "../../src/engine/index.ts";

/** An input of a checked function. */
export type CheckedInput = {
  readonly shape: Shape;
  /** Default float32. Only float32 inputs are differentiated. */
  readonly dtype?: DType;
  /** Element i of the flat data; default standard normal. */
  readonly at?: (i: number, random: Random) => number;
};

/** A function with its inputs, by a name of its own. */
export type CheckedCase = {
  readonly name: string;
  readonly f: (inputs: Value[]) => Value;
  readonly inputs: readonly (CheckedInput | Shape)[];
};

type Built = { readonly graph: Graph; readonly inputs: Value[]; readonly output: Value };

/** The graph of a case: `output`, and as g0, g1 .. the gradients of the sum of its squares. */
export function withGradients({ f, inputs }: CheckedCase): Graph {
  const { graph, inputs: values, output } = build(f, inputs.map(specOf));
  graph.output("output", output);
  if (output.dtype !== "float32") return graph;
  const wrt = values.filter((value) => value.dtype === "float32");
  for (const [i, g] of gradients(sum(mul(output, output)), wrt).entries()) graph.output(`g${i}`, g);
  return graph;
}

export function build(f: (inputs: Value[]) => Value, specs: readonly CheckedInput[]): Built {
  const graph = new Graph();
  const inputs = specs.map((spec, i) => graph.input(`x${i}`, spec.shape, spec.dtype));
  return { graph, inputs, output: f(inputs) };
}

/** Random data by the inputs' own rules. */
export function feedsOf(specs: readonly CheckedInput[], random: Random): Record<string, Tensor> {
  return Object.fromEntries(
    specs.map(({ shape, dtype = "float32", at = (_, r) => r.normal() }, i) => {
      const values = Float64Array.from({ length: sizeOf(shape) }, (_, j) => at(j, random));
      return [`x${i}`, tensor(values, shape, dtype)];
    }),
  );
}

export function specOf(input: CheckedInput | Shape): CheckedInput {
  return "shape" in input ? input : { shape: input };
}
