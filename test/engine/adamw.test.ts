import { describe, expect, test } from "vitest";
import type { State } from "../../src/engine/index.ts";
import {
  Graph,
  Trainer,
  createExecutor,
  mul,
  sub,
  sum,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";
import golden from "../support/golden/adamw-torch.json" with { type: "json" };
import { numberOf } from "./toy.ts";

type Settings = {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  readonly learningRateScale?: number;
  readonly clipNorm?: number;
};

/** loss = sum a (p - c)^2 / 2 over a vector, whose gradient a (p - c) is known. */
const CURVATURE = [1, 4, 0.2];
const CENTER = [1, -2, 0.5];
const START = [0.3, 0.7, -1.1];

async function trained(
  settings: Settings,
  rates: readonly number[],
  name: "onnxruntime" | "reference",
) {
  const trainer = await Trainer.create({
    executor: createExecutor(name, { threads: 1 }),
    state: new Map([["p", tensor(Float64Array.from(START), [3])]]),
    build: () => quadratic(settings),
  });
  const norms: number[] = [];
  for (const learningRate of rates)
    norms.push(numberOf((await trainer.step("only", {}, { learningRate }))["gradNorm"]));
  const state = await trainer.state();
  await trainer.close();
  return { state, norms };
}

function quadratic({ weightDecay = 0, learningRateScale = 1, ...rest }: Settings) {
  const graph = new Graph();
  const p = graph.parameter("p", [3]);
  const vector = (x: readonly number[]) => graph.constant(tensor(Float64Array.from(x), [3]));
  const away = sub(p, vector(CENTER));
  const loss = sum(mul(mul(away, away), mul(vector(CURVATURE), 0.5)));
  return trainProgram({
    graph,
    loss,
    groups: [{ parameters: [p], weightDecay, learningRateScale }],
    ...rest,
  });
}

/** The textbook, as in Loshchilov and Hutter's algorithm 2 and PyTorch's documentation. */
function textbook(
  settings: Settings,
  rates: readonly number[],
): { p: number[]; m: number[]; v: number[] } {
  const {
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    learningRateScale = 1,
    clipNorm,
  } = settings;
  const p = [...START];
  const m = START.map(() => 0);
  const v = START.map(() => 0);
  for (const [i, rate] of rates.entries()) {
    const lr = rate * learningRateScale;
    const raw = p.map((x, j) => CURVATURE[j]! * (x - CENTER[j]!));
    const norm = Math.hypot(...raw);
    const clip = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
    for (const [j, g] of raw.map((x) => x * clip).entries()) {
      p[j]! *= 1 - lr * weightDecay;
      m[j] = beta1 * m[j]! + (1 - beta1) * g;
      v[j] = beta2 * v[j]! + (1 - beta2) * g * g;
      const mHat = m[j] / (1 - beta1 ** (i + 1));
      const vHat = v[j] / (1 - beta2 ** (i + 1));
      p[j]! -= (lr * mHat) / (Math.sqrt(vHat) + epsilon);
    }
  }
  return { p, m, v };
}

const data = (state: State, name: string): ArrayLike<number> =>
  state.get(name)!.data as Float64Array;
const RATES = Array.from({ length: 12 }, (_, i) => 0.1 / (1 + i / 4));

describe("AdamW is the textbook's, to rounding in f64", () => {
  const cases: Record<string, Settings> = {
    defaults: {},
    "weight decay": { weightDecay: 0.3 },
    "other betas and a large epsilon": { beta1: 0.8, beta2: 0.95, epsilon: 0.1 },
    "a group with another rate": { weightDecay: 0.3, learningRateScale: 0.25 },
    clipping: { clipNorm: 0.5, weightDecay: 0.1 },
    "clipping that only sometimes bites": { clipNorm: 3 },
  };
  for (const [name, settings] of Object.entries(cases)) {
    test(name, async () => {
      const { state } = await trained(settings, RATES, "reference");
      const { p, m, v } = textbook(settings, RATES);
      // The fed scalars are f32.
      expect(data(state, "p")).toBeAllclose(p, { rtol: 3e-7, atol: 3e-8 });
      expect(data(state, "adam.m/p")).toBeAllclose(m, { rtol: 1e-6, atol: 1e-7 });
      expect(data(state, "adam.v/p")).toBeAllclose(v, { rtol: 1e-6, atol: 1e-7 });
    });
  }
  test("without clipping the numbers differ, so the clipping cases can fail", () => {
    expect(textbook({ clipNorm: 0.5 }, RATES).p[0]).not.toBeCloseTo(textbook({}, RATES).p[0]!, 3);
  });
});

test("gradNorm is the norm before clipping", async () => {
  const { norms } = await trained({ clipNorm: 0.5 }, [0.1], "reference");
  const gradient = START.map((x, j) => CURVATURE[j]! * (x - CENTER[j]!));
  expect(norms[0]).toBeCloseTo(Math.hypot(...gradient), 12);
});

test("adam.step counts updates", async () => {
  const { state } = await trained({}, RATES, "onnxruntime");
  expect(numberOf(state.get("adam.step"))).toBe(RATES.length);
});

describe(`the parameters are PyTorch's (${golden.origin.versions})`, () => {
  for (const { settings, rates, p } of golden.cases) {
    test(JSON.stringify(settings), async () => {
      const { state } = await trained(settings, rates, "onnxruntime");
      expect(data(state, "p")).toBeAllclose(p, { rtol: 2e-6, atol: 2e-7 });
    });
  }
});
