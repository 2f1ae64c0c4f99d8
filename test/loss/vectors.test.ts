/** @file The numeric vectors of spec section 6: one query, three negatives, t = 0.05, alpha 9, delta 0.95. */
import { describe, expect, test } from "vitest";
import { exp, Graph, mean, tensor } from "../../src/engine/index.ts";
import type { ContrastiveRules } from "../../src/loss/index.ts";
import { contrastive, hardness, rowNormalised, targetMask } from "../../src/loss/index.ts";
import { constantMask } from "../../src/loss/terms.ts";
import { once, withGradients } from "./support.ts";

const alpha = 9;
const mask = targetMask(0.95);

const CASES: [string, ContrastiveRules, number[]][] = [
  // loss, d/s_pos, d/s_neg1, d/s_neg2, d/theta
  ["InfoNCE", {}, [0.126933, -2.384154, 2.384046, 0.000108, 0.23847]],
  ["FN mask only", { mask }, [0.000006, -0.000123, 0, 0.000123, 0.000074]],
  [
    "HW only, sg",
    { weight: hardness({ alpha }) },
    [4.313478, -19.732262, 19.732252, 0.00001, 1.973231],
  ],
  [
    "HW only, no sg",
    { weight: hardness({ alpha, stopGradient: false }) },
    [4.313478, -19.732262, 28.611765, 0.000014, 1.973231],
  ],
  [
    "HW + FN, sg",
    { mask, weight: hardness({ alpha }) },
    [0.000037, -0.000744, 0, 0.000743, 0.000446],
  ],
  [
    "HW + FN, no sg",
    { mask, weight: hardness({ alpha, stopGradient: false }) },
    [0.000037, -0.000744, 0, 0.001078, 0.000446],
  ],
  [
    "weights over row mean, sg",
    { weight: rowNormalised(hardness({ alpha })) },
    [0.337364, -5.727019, 5.727017, 0.000003, 0.572703],
  ],
];

async function evaluate(
  rules: ContrastiveRules,
  executor: "reference" | "onnxruntime",
): Promise<number[]> {
  const graph = new Graph();
  const positive = graph.input("positive", [1, 1]);
  const similarities = graph.input("similarities", [1, 3]);
  const targetSimilarities = graph.input("targetSimilarities", [1, 3]);
  const theta = graph.parameter("theta", []);
  const excluded = constantMask(graph, [1, 3], () => false);
  const terms = { positive, similarities, targetSimilarities, excluded, temperature: exp(theta) };
  withGradients(graph, mean(contrastive(terms, rules).perQuery), [positive, similarities, theta]);
  const wide = executor === "reference";
  const logT = [Math.log(0.05)];
  const start = tensor(wide ? Float64Array.from(logT) : Float32Array.from(logT), []);
  const out = await once(
    graph,
    { positive: [[0.8]], similarities: [[0.7, 0.2, -0.1]], targetSimilarities: [[0.96, 0.3, 0.1]] },
    { executor, state: new Map([["theta", start]]) },
  );
  const [neg1, neg2, neg3] = out["d/similarities"]!;
  expect(Math.abs(neg3!)).toBeLessThan(1e-6);
  return [out["loss"]![0]!, out["d/positive"]![0]!, neg1!, neg2!, out["d/theta"]![0]!];
}

describe.each(CASES)("%s", (_, rules, expected) => {
  test("to 1e-6 in f64", async () => {
    const got = await evaluate(rules, "reference");
    for (const [i, value] of expected.entries())
      expect(Math.abs(got[i]! - value)).toBeLessThan(1e-6);
  });

  test("to 1e-5 of its size on ONNX Runtime", async () => {
    const got = await evaluate(rules, "onnxruntime");
    expect(got).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
  });

  test("the gradient of a masked term is exactly 0", async () => {
    const dropped = rules.mask !== undefined;
    const got = await evaluate(rules, "reference");
    if (dropped) expect(got[2]).toBe(0);
    else expect(got[2]).toBeGreaterThan(1);
  });
});
