import { describe, expect, test } from "vitest";
import {
  cast,
  div,
  Graph,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  sum,
} from "../../src/engine/index.ts";
import type { InfoNceOptions, VariantName, WeightRule } from "../../src/loss/index.ts";
import {
  infoNce,
  initialTheta,
  temperature,
  thetaName,
  unimeMask,
  VARIANTS,
} from "../../src/loss/index.ts";
import { identity } from "../../src/loss/terms.ts";
import type { Negative, Rows } from "./support.ts";
import { dot, NAIVE, once, randomRows, runner, toTensor, unit, withGradients } from "./support.ts";

const NAMES = Object.keys(VARIANTS) as VariantName[];
const group = "image-retrieval";

type Knobs = Omit<InfoNceOptions, "query" | "target" | "temperature">;

function knobs(name: VariantName): Knobs {
  const { temperature: _, ...rest } = VARIANTS[name];
  return rest;
}

/** A graph with inputs `query` and `target` and every result as an output. */
function lossGraph(batch: number, dim: number, t: number | "learned", options: Knobs): Graph {
  const graph = new Graph();
  const query = graph.input("query", [batch, dim]);
  const target = graph.input("target", [batch, dim]);
  const learned = t === "learned";
  const divisor = learned ? temperature(graph, { group }) : t;
  const { loss, ...rest } = infoNce({ ...options, query, target, temperature: divisor });
  withGradients(graph, loss, learned ? [query, target, ...graph.parameters()] : [query, target]);
  for (const [name, value] of Object.entries(rest)) graph.output(name, value);
  return graph;
}

const theta = (t: number) => initialTheta({ group, init: t });

type Pairs = { query: Rows; target: Rows };

/** Targets of which 0 and 3 are the same, and 1 and 4 nearly so; ten negatives, so UniME's 8 bite. */
function pairs({ twins = true } = {}): Pairs {
  const target = randomRows(11, 6, 3);
  if (twins) target[3] = [...target[0]!];
  target[4] = unit(target[1]!.map((x, d) => x + (d === 2 ? 0.05 : 0)));
  const noise = randomRows(11, 6, 4);
  return {
    target,
    query: target.map((row, i) => unit(row.map((x, d) => x + 0.9 * noise[i]![d]!))),
  };
}

function naive(name: VariantName, { query, target }: Pairs, t: number): number {
  const perQuery = query.map((q, i) => {
    const batch = target.flatMap((k, j): Negative[] =>
      j === i ? [] : [{ s: dot(q, k), toTarget: dot(k, target[i]!) }],
    );
    const sameSide = target.flatMap((k, j): Negative[] => {
      if (j === i || name !== "qwen3-stage1") return [];
      const toTarget = dot(k, target[i]!);
      return [
        { s: dot(q, query[j]!), toTarget },
        { s: toTarget, toTarget },
      ];
    });
    const forward = NAIVE[name]!(dot(q, target[i]!), [...batch, ...sameSide], t);
    if (name !== "llave") return forward;
    const back = query.flatMap((other, j): Negative[] =>
      j === i ? [] : [{ s: dot(other, target[i]!), toTarget: dot(other, q) }],
    );
    return (forward + NAIVE[name]!(dot(q, target[i]!), back, t)) / 2;
  });
  return perQuery.reduce((a, b) => a + b, 0) / perQuery.length;
}

describe.each(NAMES)("%s", (name) => {
  test("equals its definition summed term by term", async () => {
    const data = pairs();
    const out = await once(lossGraph(11, 6, 0.25, knobs(name)), data);
    expect(out["loss"]![0]).toBeCloseTo(naive(name, data, 0.25), 8); // constants are stored in float32
  });

  test("a constant encoder sits at its chance level", async () => {
    const same = Array.from({ length: 8 }, () => [0.6, 0.8]);
    const hard = Math.log(1 + 7 * Math.exp(9));
    const expected: Record<VariantName, number> = {
      infonce: Math.log(8),
      rzenembed: 0, // all targets are alike: everything is masked
      "rzenembed-literal": 0,
      llave: hard,
      unime: Math.log(8), // seven negatives tie as the hardest
      "qwen3-stage1": 0,
      qwen3: 0,
      hcl: Math.log(8),
      "row-normalised": Math.log(8),
    };
    const out = await once(lossGraph(8, 2, 0.5, knobs(name)), { query: same, target: same });
    expect(out["loss"]![0]).toBeCloseTo(expected[name], 6);
  });

  test("the gradient on ONNX Runtime is the reference's", async () => {
    const data = pairs();
    const graph = (): Graph => lossGraph(11, 6, "learned", knobs(name));
    const wide = await once(graph(), data, { state: theta(0.1) });
    const narrow = await once(graph(), data, { state: theta(0.1), executor: "onnxruntime" });
    for (const key of Object.keys(wide)) {
      expect(narrow[key], key).toBeAllclose(wide[key]!, { rtol: 2e-4, atol: 2e-5 });
    }
  });

  test("dropped columns count as if they weren't there", async () => {
    // Column 0 and 3 share a target: for the target-side rules the batch without row 3 has the same
    // loss for row 0. Rules that drop nothing must tell the two apart.
    const { query, target } = pairs();
    const without = (rows: Rows): Rows => rows.filter((_, i) => i !== 3);
    const all = await once(lossGraph(11, 6, 0.25, knobs(name)), { query, target });
    const fewer = await once(lossGraph(10, 6, 0.25, knobs(name)), {
      query: without(query),
      target: without(target),
    });
    const same = Math.abs(all["perQuery"]![0]! - fewer["perQuery"]![0]!) < 1e-9;
    const dropsTwin: VariantName[] = ["rzenembed", "rzenembed-literal", "qwen3", "qwen3-stage1"];
    const alsoInLoss = name === "qwen3-stage1"; // row 3's query is dropped by its target as well
    expect(same).toBe(dropsTwin.includes(name) || alsoInLoss);
  });

  test("stays finite in float32 at the least temperature and opposite or equal rows", async () => {
    const query = [
      [1, 0],
      [-1, 0],
      [1, 0],
      [0, 1],
    ];
    const target = [
      [-1, 0],
      [1, 0],
      [1, 0],
      [0, -1],
    ];
    const out = await once(
      lossGraph(4, 2, "learned", knobs(name)),
      { query, target },
      {
        state: theta(0.01),
        executor: "onnxruntime",
      },
    );
    for (const [key, values] of Object.entries(out)) {
      for (const value of values) expect(Number.isFinite(value), key).toBe(true);
    }
  });

  test("names both shapes when they disagree", () => {
    const graph = new Graph();
    const query = graph.input("query", [4, 2]);
    const target = graph.input("target", [3, 2]);
    expect(() => infoNce({ ...knobs(name), query, target, temperature: 0.1 })).toThrow(
      "infoNce: query and target must both be [batch, dim], got [4,2] and [3,2]",
    );
  });
});

/** Gradients of `graph` against differences of the loss of `value`, by default the same graph. */
async function checkGradients(
  graph: Graph,
  { query, target }: Pairs,
  value: Graph = graph,
): Promise<void> {
  const t = 0.25;
  const analytic = await once(graph, { query, target }, { state: theta(t) });
  const run = await runner(value, { state: theta(t) });
  const h = 1e-6;
  const at = async (q: Rows, k: Rows, logT = Math.log(t)): Promise<number> => {
    const state = new Map([
      [thetaName(group), { dtype: "float32" as const, shape: [], data: Float64Array.of(logT) }],
    ]);
    return (await run.run({ query: q, target: k }, state))["loss"]![0]!;
  };
  for (const [side, rows] of [
    ["query", query],
    ["target", target],
  ] as const) {
    for (const i of [0, 3, 4]) {
      for (const d of [0, 2, 5]) {
        const moved = (step: number): Rows =>
          rows.map((row, r) => row.map((x, c) => (r === i && c === d ? x + step : x)));
        const [up, down] =
          side === "query"
            ? [await at(moved(h), target), await at(moved(-h), target)]
            : [await at(query, moved(h)), await at(query, moved(-h))];
        const numeric = (up - down) / (2 * h);
        expect(analytic[`d/${side}`]![i * 6 + d], `d loss / d ${side}[${i},${d}]`).toBeCloseTo(
          numeric,
          6,
        );
      }
    }
  }
  const up = await at(query, target, Math.log(t) + h);
  const down = await at(query, target, Math.log(t) - h);
  expect(analytic[`d/${thetaName(group)}`]![0], "d loss / d theta").toBeCloseTo(
    (up - down) / (2 * h),
    6,
  );
  await run.close();
}

describe("gradients agree with central differences, theta's too", () => {
  const whole: VariantName[] = ["infonce", "rzenembed-literal", "qwen3-stage1", "qwen3", "hcl"];
  test.each(whole)("%s", (name) =>
    checkGradients(lossGraph(11, 6, "learned", knobs(name)), pairs()),
  );

  test("unime, away from ties, where its choice of the hardest jumps", () =>
    checkGradients(lossGraph(11, 6, "learned", knobs("unime")), pairs({ twins: false })));

  const detached: VariantName[] = ["rzenembed", "llave", "row-normalised"];
  test.each(detached)("%s, with the weights frozen where they are", async (name) => {
    const data = pairs();
    const options = { ...knobs(name), symmetric: false };
    const frozen: WeightRule = ({ similarities: { graph } }) => {
      const logWeights = data.query.map((q) => data.target.map((k) => 9 * dot(q, k)));
      if (name === "row-normalised") {
        for (const [i, row] of logWeights.entries()) {
          const total = row.reduce((sum, w, j) => sum + (i === j ? 0 : Math.exp(w)), 0);
          for (const j of row.keys()) row[j] = row[j]! - Math.log(total / 10);
        }
      }
      return graph.constant(toTensor(logWeights));
    };
    const { alpha: _, ...others } = options;
    const held = lossGraph(11, 6, "learned", { ...others, weight: frozen });
    await checkGradients(lossGraph(11, 6, "learned", options), data, held);
  });
});

describe("stop-gradient", () => {
  const weighted = { alpha: 9, delta: 0.95 };

  test("off: the gradient is that of the loss value", () =>
    checkGradients(lossGraph(11, 6, "learned", { ...weighted, stopGradient: false }), pairs()));

  test("off, symmetric, with each mask of the second half", async () => {
    for (const symmetricMask of ["query", "target", "none"] as const) {
      const options = { ...weighted, stopGradient: false, symmetric: true, symmetricMask };
      await checkGradients(lossGraph(11, 6, "learned", options), pairs());
    }
  });

  test("on: same loss, and a negative's gradient smaller by 1 / (1 + alpha t)", async () => {
    const data = pairs();
    const t = 0.25;
    const on = await once(lossGraph(11, 6, t, weighted), data);
    const off = await once(lossGraph(11, 6, t, { ...weighted, stopGradient: false }), data);
    expect(on["loss"]).toEqual(off["loss"]);
    // Both gradients are sums over the similarities: positive part + negative part. With sg the
    // negatives' part is 1/t instead of 1/t + alpha; the positives' part is the same in both.
    const graph = new Graph();
    const query = graph.input("query", [11, 6]);
    const target = graph.input("target", [11, 6]);
    const { similarities, loss } = infoNce({ ...weighted, query, target, temperature: t });
    withGradients(graph, loss, [similarities]);
    const literal = new Graph();
    const both = [literal.input("query", [11, 6]), literal.input("target", [11, 6])] as const;
    const other = infoNce({
      ...weighted,
      stopGradient: false,
      query: both[0],
      target: both[1],
      temperature: t,
    });
    withGradients(literal, other.loss, [other.similarities]);
    const [a, b] = [await once(graph, data), await once(literal, data)];
    const key = (out: Record<string, number[]>): number[] =>
      Object.entries(out).find(([n]) => n.startsWith("d/"))![1];
    for (const [i, g] of key(a).entries()) {
      const positive = i % 12 === 0;
      expect(key(b)[i]).toBeCloseTo(positive ? g : g * (1 + 9 * t), 10);
    }
  });
});

describe("InfoNCE to the bit", () => {
  const bits = async (options: Knobs): Promise<Record<string, number[]>> =>
    once(lossGraph(11, 6, 0.05, options), pairs());

  test("alpha 0 and the mask off is InfoNCE", async () => {
    const plain = await bits({});
    expect(await bits({ alpha: 0, delta: null })).toEqual(plain);
    expect(await bits({ alpha: 0, delta: null, stopGradient: false, minKeptNegatives: 3 })).toEqual(
      plain,
    );
  });

  test("so is a mask that drops nothing, and weights that are all 1", async () => {
    const plain = await bits({});
    const inert = await bits({
      mask: ({ excluded }) => excluded,
      weight: ({ similarities }) => mul(similarities, 0),
    });
    expect(inert["loss"]).toEqual(plain["loss"]);
    expect(inert["d/query"]).toEqual(plain["d/query"]);
    expect(inert["d/target"]).toEqual(plain["d/target"]);
  });

  test("and it is the cross-entropy of the softmax over the row", async () => {
    const graph = new Graph();
    const query = graph.input("query", [11, 6]);
    const target = graph.input("target", [11, 6]);
    const logits = div(matmul(query, target, { transposeB: true }), 0.05);
    const diagonal = cast(identity(graph, 11), "float32");
    withGradients(graph, neg(mean(sum(mul(logSoftmax(logits), diagonal), { axes: [1] }))), [
      query,
      target,
    ]);
    const [own, textbook] = [await bits({}), await once(graph, pairs())];
    expect(own["loss"]).toBeAllclose(textbook["loss"]!, { rtol: 1e-12, atol: 1e-12 });
    expect(own["d/query"]).toBeAllclose(textbook["d/query"]!, { rtol: 1e-9, atol: 1e-12 });
  });
});

describe("the mask", () => {
  test("drops by the target's similarity to the positive, on the whole batch, never the diagonal", async () => {
    const data = pairs();
    const out = await once(lossGraph(11, 6, 0.1, { delta: 0.95 }), data);
    const expected = data.target.flatMap((a, i) =>
      data.target.map((b, j) => (i !== j && dot(a, b) > 0.95 ? 1 : 0)),
    );
    expect(out["mask"]).toEqual(expected);
    const dropped = expected.reduce<number>((a, b) => a + b, 0);
    expect(dropped).toBeGreaterThanOrEqual(4); // the twins and the near twins, both ways
    expect(out["maskRate"]![0]).toBeCloseTo(dropped / 110, 6);
  });

  test("masked terms have exactly zero gradient, through similarities and theta", async () => {
    const all = pairs();
    const twins = {
      query: [all.query[0]!, all.query[3]!],
      target: [all.target[0]!, all.target[3]!],
    };
    const out = await once(lossGraph(2, 6, "learned", { alpha: 9, delta: 0.95 }), twins, {
      state: theta(0.05),
    });
    expect(out["loss"]).toEqual([0]);
    for (const key of ["d/query", "d/target", `d/${thetaName(group)}`]) {
      expect(
        out[key]!.every((g) => g === 0),
        key,
      ).toBe(true);
    }
  });

  test("can be told to keep a number of negatives: those least like the positive", async () => {
    const base = [1, 0.99, 0.98, 0.97].map((x) => unit([x, 0.05]));
    const target = base.map((row, i) => unit([row[0]!, row[1]! + 0.02 * i]));
    const data = { query: target, target };
    const none = await once(lossGraph(4, 2, 0.1, { delta: 0.95 }), data);
    expect(none["maskRate"]![0]).toBeCloseTo(1, 6);
    const kept = await once(lossGraph(4, 2, 0.1, { delta: 0.95, minKeptNegatives: 2 }), data);
    expect(kept["maskRate"]![0]).toBeCloseTo(1 / 3, 6);
    // Row 0's nearest target is 1: that one stays dropped.
    expect(kept["mask"]!.slice(0, 4)).toEqual([0, 1, 0, 0]);
    expect(kept["loss"]![0]).toBeGreaterThan(0.5);
  });

  test("weights are reported over what is kept", async () => {
    const data = pairs();
    const out = await once(lossGraph(11, 6, 0.1, { alpha: 9, delta: 0.95 }), data);
    const weights = data.query.flatMap((q, i) =>
      data.target.flatMap((k, j) =>
        i === j || dot(k, data.target[i]!) > 0.95 ? [] : [Math.exp(9 * dot(q, k))],
      ),
    );
    expect(out["meanWeight"]![0]).toBeCloseTo(
      weights.reduce((a, b) => a + b, 0) / weights.length,
      6,
    );
    expect(out["maxWeight"]![0]).toBeCloseTo(Math.max(...weights), 6);
    const plain = await once(lossGraph(11, 6, 0.1, {}), data);
    expect([plain["meanWeight"], plain["maxWeight"], plain["maskRate"]]).toEqual([[1], [1], [0]]);
  });
});

describe("mined hard negatives", () => {
  const data = pairs();
  const mined = randomRows(4, 6, 9);

  async function withHard(
    shape: number[],
    rows: Rows,
    options: Knobs = {},
  ): Promise<Record<string, number[]>> {
    const graph = new Graph();
    const query = graph.input("query", [11, 6]);
    const target = graph.input("target", [11, 6]);
    const hardNegatives = graph.input("hard", shape);
    const { loss, perQuery, maskRate, mask } = infoNce({
      ...options,
      query,
      target,
      hardNegatives,
      temperature: 0.25,
    });
    withGradients(graph, loss, [query, target, hardNegatives]);
    graph.output("perQuery", perQuery);
    graph.output("maskRate", maskRate);
    graph.output("mask", mask);
    const hard = { dtype: "float32" as const, shape, data: Float64Array.from(rows.flat()) };
    return once(graph, { ...data, hard });
  }

  test("shared ones join every query's denominator", async () => {
    const out = await withHard([4, 6], mined);
    const expected = data.query.map((q, i) => {
      const others = data.target.flatMap((k, j) =>
        j === i ? [] : [{ s: dot(q, k), toTarget: 0 }],
      );
      const hard = mined.map((k) => ({ s: dot(q, k), toTarget: 0 }));
      return NAIVE["infonce"]!(dot(q, data.target[i]!), [...others, ...hard], 0.25);
    });
    expect(out["perQuery"]).toBeAllclose(expected, { rtol: 1e-10 });
    expect(out["d/hard"]!.some((g) => g !== 0)).toBe(true);
    expect(out["mask"]).toHaveLength(121);
  });

  test("those of a query join its own denominator only", async () => {
    const own = randomRows(22, 6, 12);
    const out = await withHard([11, 2, 6], own);
    const expected = data.query.map((q, i) => {
      const others = data.target.flatMap((k, j) =>
        j === i ? [] : [{ s: dot(q, k), toTarget: 0 }],
      );
      const hard = own.slice(2 * i, 2 * i + 2).map((k) => ({ s: dot(q, k), toTarget: 0 }));
      return NAIVE["infonce"]!(dot(q, data.target[i]!), [...others, ...hard], 0.25);
    });
    expect(out["perQuery"]).toBeAllclose(expected, { rtol: 1e-10 });
  });

  test("the mask applies to them: one equal to the positive is dropped", async () => {
    const twin = [data.target[5]!, mined[0]!];
    const masked = await withHard([2, 6], twin, { delta: 0.95 });
    const alone = await withHard([1, 6], [mined[0]!], { delta: 0.95 });
    expect(masked["perQuery"]![5]).toBeCloseTo(alone["perQuery"]![5]!, 12);
    expect(masked["perQuery"]![6]).not.toBeCloseTo(alone["perQuery"]![6]!, 6);
    expect(masked["maskRate"]![0]).toBeGreaterThan(alone["maskRate"]![0]!);
  });

  test("shapes that don't fit are named", () => {
    const graph = new Graph();
    const query = graph.input("query", [4, 2]);
    const target = graph.input("target", [4, 2]);
    const bad = (shape: number[]): (() => unknown) => {
      const hardNegatives = graph.input(`hard${shape.join("x")}`, shape);
      return () => infoNce({ query, target, hardNegatives, temperature: 0.1 });
    };
    expect(bad([5, 3])).toThrow(
      "hardNegatives must be [negatives, 2] or [4, negatives, 2], got [5,3]",
    );
    expect(bad([3, 5, 2])).toThrow("got [3,5,2]");
  });
});

describe("refusals", () => {
  const graph = new Graph();
  const query = graph.input("query", [4, 2]);
  const target = graph.input("target", [4, 2]);
  const call =
    (options: Partial<InfoNceOptions>): (() => unknown) =>
    () =>
      infoNce({ query, target, temperature: 0.1, ...options });

  test.each([0, -1, NaN, Infinity])("temperature %d", (t) => {
    expect(call({ temperature: t })).toThrow(
      `infoNce: temperature must be > 0 and finite, got ${t}`,
    );
  });

  test("delta 1 is no way to switch the mask off", () => {
    expect(call({ delta: 1 })).toThrow(
      "targetMask: delta must be in [-1, 1), got 1 (off is null, not 1",
    );
  });

  test("alpha below 0 or not a number", () => {
    expect(call({ alpha: -1 })).toThrow("hardness: alpha must be > 0 and finite, got -1");
    expect(call({ alpha: NaN })).toThrow("got NaN");
  });

  test("two masks or two weightings", () => {
    expect(call({ delta: 0.9, mask: ({ excluded }) => excluded })).toThrow(
      "delta and mask are two masks, give one",
    );
    expect(call({ alpha: 9, weight: ({ similarities }) => similarities })).toThrow(
      "alpha and weight are two weightings, give one",
    );
  });

  test("a number of kept negatives that isn't one", () => {
    expect(call({ delta: 0.9, minKeptNegatives: -1 })).toThrow(
      "minKeptNegatives must be an integer from 0 up, got -1",
    );
  });

  test("a number of hardest negatives that isn't one", () => {
    expect(() => unimeMask({ hardest: 0 })).toThrow(
      "unimeMask: hardest must be an integer from 1 up, got 0",
    );
  });

  test("a class prior outside [0, 1)", () => {
    expect(call({ debias: { classPrior: 1 } })).toThrow(
      "debias: classPrior must be in [0, 1), got 1",
    );
  });
});
