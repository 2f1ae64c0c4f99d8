/** @file A function of values as a function of tensors that gives its value and its gradients. */
import { createExecutor } from "./executor/index.ts";
import type { Device, Executor } from "./executor/types.ts";
import { gradients } from "./gradients.ts";
import type { Value } from "./graph.ts";
import { Graph } from "./graph.ts";
import { once } from "./once.ts";
import type { Plan } from "./onnx/plan.ts";
import { planOf } from "./onnx/plan.ts";
import type { Tensor } from "./tensor.ts";
import { showShape } from "./tensor.ts";

export type ValueAndGradientOptions = {
  /** Default `createExecutor("auto")`. */
  readonly executor?: Executor;
};

export type ValueAndGradients = {
  readonly value: number;
  /** Of each argument in turn; null for one that is not float32. */
  readonly gradients: readonly (Tensor | null)[];
};

/** Takes what the function takes, as tensors. Compiled once for each combination of their shapes. */
export type Differentiated<A extends readonly Value[]> = {
  (...tensors: { [K in keyof A]: Tensor }): Promise<ValueAndGradients>;
  /** Ends the thread that computes. */
  close(): Promise<void>;
};

/**
 * A loss written as a plain function, differentiated:
 *
 *     const step = valueAndGradient((w: Value, x: Value) => mean(square(matmul(x, w))));
 *     const { value, gradients: [dw] } = await step(weights, inputs);
 *
 * @param f from values to one float32 number
 */
export function valueAndGradient<A extends readonly Value[]>(
  f: (...values: A) => Value,
  { executor = createExecutor("auto") }: ValueAndGradientOptions = {},
): Differentiated<A> {
  const compiled = new Map<string, Promise<Plan>>();
  let opened: Promise<Device> | null = null;
  const call = async (...tensors: readonly Tensor[]): Promise<ValueAndGradients> => {
    const device = await (opened ??= executor.open());
    const shapes = tensors.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(", ");
    const plan = await once(compiled, shapes, async () => {
      const made = planFor(f as (...values: readonly Value[]) => Value, tensors);
      await device.compile(shapes, { plan: made, updates: new Map(), guards: [] });
      return made;
    });
    const feeds = Object.fromEntries(
      plan.inputs.map(({ name }) => [name, tensors[Number(name.slice(1))]!]),
    );
    const [result] = await device.run(shapes, [feeds]);
    const { outputs } = result!;
    return {
      value: Number(outputs["value"]!.data[0]),
      gradients: tensors.map((_, i) => outputs[`d${i}`] ?? null),
    };
  };
  const close = async (): Promise<void> => {
    const device = await opened;
    opened = null;
    compiled.clear();
    await device?.close();
  };
  return Object.assign(call, { close });
}

// --- internal ---

function planFor(f: (...values: Value[]) => Value, tensors: readonly Tensor[]): Plan {
  const graph = new Graph();
  const values = tensors.map(({ shape, dtype }, i) => graph.input(`x${i}`, shape, dtype));
  const value = f(...values);
  const outputs = new Map([["value", value]]);
  const wrt = values.filter(({ dtype }) => dtype === "float32");
  for (const [i, gradient] of gradients(value, wrt).entries()) {
    outputs.set(`d${wrt[i]!.name.slice(1)}`, gradient);
  }
  return planOf(graph, outputs);
}
