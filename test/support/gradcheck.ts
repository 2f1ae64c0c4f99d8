/** @file Checks gradients against central differences, and executors against the reference. */
import { expect } from "vitest";
import type { Executor, Shape, Tensor, Value } from "../../src/engine/index.ts";
import {
  Evaluator,
  Random,
  createExecutor,
  gradients,
  interpret,
  mul,
  sizeOf,
  sum,
  tensor,
} from "../../src/engine/index.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import type { CheckedCase, CheckedInput } from "./cases.ts";
import { build, feedsOf, specOf, withGradients } from "./cases.ts";

export type { CheckedCase, CheckedInput } from "./cases.ts";

export type GradcheckOptions = {
  readonly seed?: number;
  /** Distance between the points of a central difference; default 1e-3. */
  readonly step?: number;
  /** |analytic - numeric| <= tolerance * max(1, |numeric|); default 1e-8. */
  readonly tolerance?: number;
};

/**
 * Checks d sum(w f(inputs)) / d inputs, w random, at every element of every float32 input, in f64
 * on the reference executor. Inputs must keep away from kinks.
 */
export function gradcheck(
  f: (inputs: Value[]) => Value,
  inputs: readonly (CheckedInput | Shape)[],
  { seed = 0, step = 1e-3, tolerance = 1e-8 }: GradcheckOptions = {},
): void {
  const specs = inputs.map(specOf);
  const { graph, inputs: values, output } = build(f, specs);
  const random = Random.from(seed, "gradcheck");
  const feeds = feedsOf(specs, random);
  const weight = tensor(
    Float64Array.from({ length: sizeOf(output.shape) }, () => random.normal()),
    output.shape,
  );
  const loss = sum(mul(output, graph.constant(weight)));
  const wrt = values.filter((value) => value.dtype === "float32");
  const outputs = new Map([["loss", loss]]);
  for (const [i, g] of gradients(loss, wrt).entries()) outputs.set(`g${i}`, g);
  const all = planOf(graph, outputs);
  const found = interpret(all, feeds, new Map());
  const forward = planOf(graph, new Map([["loss", loss]]));
  for (const [i, value] of wrt.entries()) {
    const data = feeds[value.name]!.data as Float64Array;
    for (let j = 0; j < data.length; j++) {
      const numeric = centralDifference(
        data,
        j,
        step,
        () => interpret(forward, feeds, new Map())["loss"]!.data[0] as number,
      );
      const analytic = found[`g${i}`]!.data[j] as number;
      const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric));
      expect(
        error,
        `d / d ${value.name}[${j}]: ${analytic} by rule, ${numeric} by difference`,
      ).toBeLessThanOrEqual(tolerance);
    }
  }
}

/** Compares an executor with the reference, forward and backward, one case at a time. */
export class Comparison {
  readonly #cases: ReadonlyMap<string, CheckedCase>;
  readonly #evaluators: readonly Evaluator[];

  private constructor(cases: ReadonlyMap<string, CheckedCase>, evaluators: readonly Evaluator[]) {
    this.#cases = cases;
    this.#evaluators = evaluators;
  }

  static async open(
    cases: readonly CheckedCase[],
    executor: Executor = createExecutor("onnxruntime", { threads: 2 }),
  ): Promise<Comparison> {
    const byName = new Map(cases.map((one) => [one.name, one]));
    const make = (one: Executor): Promise<Evaluator> =>
      Evaluator.create({
        executor: one,
        state: new Map(),
        build: (name) => withGradients(byName.get(name)!),
      });
    const executors = [createExecutor("reference"), executor];
    return new Comparison(byName, await Promise.all(executors.map(make)));
  }

  /** Outputs and gradients of sum of squares agree within f32. */
  async check(name: string, { rtol = 1e-4, atol = 1e-5 } = {}): Promise<void> {
    const specs = this.#cases.get(name)!.inputs.map(specOf);
    const feeds = feedsOf(specs, Random.from(0, "gradcheck"));
    const [expected, actual] = await Promise.all(
      this.#evaluators.map((one) => one.run(name, feeds)),
    );
    for (const [output, { data }] of Object.entries(expected!)) {
      expect(plain(actual![output]!), output).toBeAllclose(plain({ data }), { rtol, atol });
    }
  }

  async close(): Promise<void> {
    for (const evaluator of this.#evaluators) await evaluator.close();
  }
}

function plain({ data }: Pick<Tensor, "data">): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function centralDifference(
  data: Float64Array,
  j: number,
  step: number,
  value: () => number,
): number {
  const kept = data[j]!;
  const at = (x: number): number => {
    data[j] = x;
    return value();
  };
  const near = at(kept + step) - at(kept - step);
  const far = at(kept + 2 * step) - at(kept - 2 * step);
  data[j] = kept;
  return (8 * near - far) / (12 * step); // five points: error in step^4
}
