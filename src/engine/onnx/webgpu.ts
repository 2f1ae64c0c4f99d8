/**
 * @file Operators that ONNX Runtime's WebGPU provider lacks, out of operators that it has: else their
 * values would go to the CPU and back in every run. What it can't compute at all, 64-bit integers
 * (of which only dropout is made), stays on the CPU.
 */
import type { Value } from "../graph.ts";
import { dims } from "../ops/emit.ts";
import { tensor } from "../tensor.ts";
import type { Plan } from "./plan.ts";
import type { Substitute } from "./substitute.ts";
import { Nodes, intOf, substituted } from "./substitute.ts";

/** The same outputs, from nodes that run on WebGPU. */
export function forWebgpu(plan: Plan): Plan {
  return substituted(plan, SUBSTITUTES);
}

const SUBSTITUTES: Readonly<Record<string, Substitute>> = {
  // (x > 0) - (x < 0)
  Sign(node) {
    const made = new Nodes(node);
    const x = node.inputs[0]!;
    const zero = x.graph.scalar(0);
    const is = (op: string): Value =>
      made.add("Cast", [made.add(op, [x, zero], { dtype: "bool" })], {}, { to: { int: 1 } });
    return made.last("Sub", [is("Greater"), is("Less")]);
  },
  // x - max x - log sum e^(x - max x)
  LogSoftmax(node) {
    const made = new Nodes(node);
    const x = node.inputs[0]!;
    const axis = intOf(node, "axis");
    const one = { shape: x.shape.with(axis, 1) };
    const over = dims(x.graph, [axis]);
    const kept = { keepdims: { int: 1 } };
    const below = made.add("Sub", [x, made.add("ReduceMax", [x, over], one, kept)]);
    const total = made.add("ReduceSum", [made.add("Exp", [below]), over], one, kept);
    return made.last("Sub", [below, made.add("Log", [total], one)]);
  },
  // Rows added by index, which gather's gradient does: (index = row)^T updates. Its base is always zeros.
  ScatterElements(node, makers) {
    const [, everywhere, updates] = node.inputs as readonly [Value, Value, Value];
    const { graph, shape } = node.outputs[0]!;
    const [rows, count] = [shape[0]!, updates.shape[0]!];
    if (rows * count > LARGEST_ONE_HOT) return null;
    const list = makers.get(everywhere)!.inputs[0]!; // what Expand repeats: [count, 1]
    const reshape = makers.get(list);
    const indices = reshape?.op === "Reshape" ? reshape.inputs[0]! : list;
    const made = new Nodes(node);
    const numbers = graph.constant(
      tensor(
        Float32Array.from({ length: rows }, (_, i) => i),
        [rows],
      ),
    );
    const picked = made.add(
      "Gather",
      [numbers, indices],
      { shape: indices.shape },
      { axis: { int: 0 } },
    );
    const column = made.add("Reshape", [picked, dims(graph, [count, 1])], { shape: [count, 1] });
    const is = { shape: [count, rows], dtype: "bool" } as const;
    const equal = made.add("Equal", [column, numbers], is);
    const oneHot = made.add("Cast", [equal], { shape: is.shape }, { to: { int: 1 } });
    return made.last("Gemm", [oneHot, updates], { transA: { int: 1 } });
  },
};

/** Elements of the matrix [indices, rows] that a buffer of 128 MiB holds, WebGPU's least limit; past it the CPU adds. */
const LARGEST_ONE_HOT = 2 ** 25;
