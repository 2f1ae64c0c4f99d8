import { describe, expect, test } from "vitest";
import type { State, Tensor } from "../../src/engine/index.ts";
import {
  barrierHeight,
  deltaMerge,
  greedySoup,
  loraProduct,
  meanOfWeights,
  uniformWeights,
} from "../../src/experiments/soup-weights.ts";

const matrix = (rows: number[][]): Tensor => ({
  dtype: "float32",
  shape: [rows.length, rows[0]!.length],
  data: Float32Array.from(rows.flat()),
});
const LAYER = { a: "q.A", b: "q.B" };
const adapter = (a: number[][], b: number[][]): State =>
  new Map([
    ["q.A", matrix(a)],
    ["q.B", matrix(b)],
  ]);
const values = (t: Tensor): number[] => Array.from(t.data as Float32Array);

describe("LoRA merges (the example of spec 1.8)", () => {
  const members = [adapter([[1, 0]], [[1], [0]]), adapter([[0, 1]], [[0], [1]])];

  test("the mean of products is half the identity, kept exactly as rank 2", () => {
    const merged = deltaMerge(members, uniformWeights(2), [LAYER]);
    expect(merged.get("q.A")!.shape).toEqual([2, 2]);
    expect(values(loraProduct(merged, LAYER))).toEqual([0.5, 0, 0, 0.5]);
  });

  test("the product of means is a quarter everywhere", () => {
    const merged = meanOfWeights(members, uniformWeights(2));
    expect(values(loraProduct(merged, LAYER))).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test("weights scale each member's product", () => {
    const merged = deltaMerge(members, [0.75, 0.25], [LAYER]);
    expect(values(loraProduct(merged, LAYER))).toEqual([0.75, 0, 0, 0.25]);
  });

  test("rank-2 members of a wider layer keep the exact mean of their products", () => {
    const wide = [
      adapter(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        [
          [1, 2],
          [3, 4],
        ],
      ),
      adapter(
        [
          [-1, 0, 2],
          [7, 1, -3],
        ],
        [
          [0, 5],
          [2, -1],
        ],
      ),
    ];
    const [first, second] = wide.map((m) => values(loraProduct(m, LAYER)));
    const got = values(loraProduct(deltaMerge(wide, [0.5, 0.5], [LAYER]), LAYER));
    expect(got).toEqual(first!.map((x, i) => (x + second![i]!) / 2));
  });

  test("tensors outside the adapter are averaged", () => {
    const withTau = members.map((m, i) => new Map(m).set("tau", matrix([[i]])));
    expect(values(deltaMerge(withTau, uniformWeights(2), [LAYER]).get("tau")!)).toEqual([0.5]);
  });
});

describe("members that don't fit", () => {
  const one = adapter([[1, 0]], [[1], [0]]);

  test("are named by tensor, shape and member", () => {
    expect(() => meanOfWeights([one, adapter([[1]], [[1], [0]])], [0.5, 0.5])).toThrow(
      "soup: q.A must be [1,2] in every member, got [1,1] in member 1",
    );
    const renamed = new Map([
      ["k.A", one.get("q.A")!],
      ["q.B", one.get("q.B")!],
    ]);
    expect(() => meanOfWeights([one, renamed], [0.5, 0.5])).toThrow(
      "q.A must be [1,2] in every member, got none",
    );
    expect(() => meanOfWeights([one, new Map()], [0.5, 0.5])).toThrow(
      "member 1 has 0 tensors, member 0 has 2",
    );
  });

  test("weights must be one a member and sum to 1", () => {
    expect(() => meanOfWeights([one], [0.5, 0.5])).toThrow("soup: expected 1 weights, got 2");
    expect(() => meanOfWeights([one, one], [0.5, 0.6])).toThrow(
      "soup: weights must sum to 1, got 1.1",
    );
    expect(() => meanOfWeights([], [])).toThrow("soup: no members");
    expect(() => uniformWeights(0)).toThrow("expected at least 1 member, got 0");
  });

  test("a missing layer is named", () => {
    expect(() => deltaMerge([one], [1], [{ a: "v.A", b: "v.B" }])).toThrow("soup: no tensor v.A");
  });
});

describe("greedySoup", () => {
  test("keeps a member that doesn't lower the score and leaves out one that does", async () => {
    const tried: (readonly number[])[] = [];
    const soup = await greedySoup([0.5, 0.7, 0.6], async (weights) => {
      tried.push(weights);
      return weights[0]! > 0 ? 0.1 : 0.8;
    });
    expect(soup.taken).toEqual([1, 2]);
    expect(soup.weights).toEqual([0, 0.5, 0.5]);
    expect(soup.score).toBe(0.8);
    expect(tried).toEqual([
      [0, 0.5, 0.5],
      [1 / 3, 1 / 3, 1 / 3],
    ]);
  });

  test("is never worse than the best member on the scores it saw", async () => {
    expect((await greedySoup([0.3, 0.9], async () => 0)).score).toBe(0.9);
  });

  test("of nothing is refused", async () => {
    await expect(greedySoup([], async () => 0)).rejects.toThrow("greedySoup: no members");
  });
});

describe("barrierHeight", () => {
  test("is the largest rise above the straight line between the ends", () => {
    expect(barrierHeight([0, 0.5, 1], [1, 3, 2])).toBe(1.5);
  });
  test("is 0 in a valley", () => {
    expect(barrierHeight([0, 0.25, 0.5, 1], [1, 0.2, 0.1, 2])).toBe(0);
  });
  test("needs a loss for every lambda", () => {
    expect(() => barrierHeight([0, 1], [1])).toThrow(
      "expected one loss per lambda and at least 2, got 1 and 2",
    );
  });
});
