import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meanMetrics, METRIC_NAMES, metricOf, metricsOf } from "../../src/eval/index.ts";

/** Ranked ids and graded labels -> metrics, as the evaluator is called. */
function of(ranking: string, labels: Record<string, number>): ReturnType<typeof metricsOf> {
  return metricsOf(
    Object.entries(labels).map(([id, grade]) => ({
      grade,
      rank: ranking.includes(id) ? ranking.indexOf(id) + 1 : 1000 + id.codePointAt(0)!,
    })),
  );
}

describe("the checks of spec 3.3", () => {
  test("ranking a b c d e with labels b, d", () => {
    const m = of("abcde", { b: 1, d: 1 });
    expect(m["ndcg_linear@5"]).toBeCloseTo(0.650921, 6);
    expect(m["ndcg_exponential@5"]).toBeCloseTo(0.650921, 6);
  });

  test("grades b=2, d=3", () => {
    const m = of("abcde", { b: 2, d: 3 });
    expect(m["ndcg_linear@5"]).toBeCloseTo(0.599243, 6);
    expect(m["ndcg_exponential@5"]).toBeCloseTo(0.551854, 6);
  });

  test("grades swapped", () => {
    expect(of("abcde", { b: 3, d: 2 })["ndcg_linear@5"]).toBeCloseTo(0.64623, 6);
  });

  test("the grade stays with its id whatever order the labels are given in", () => {
    expect(of("abcde", { d: 3, b: 2 })).toEqual(of("abcde", { b: 2, d: 3 }));
  });
});

describe("by hand: labels at ranks 2, 4 and 7", () => {
  const m = metricsOf([2, 4, 7].map((rank) => ({ rank, grade: 1 })));

  test.each([
    ["hit@1", 0],
    ["hit@5", 1],
    ["precision@1", 0],
    ["precision@5", 2 / 5],
    ["precision@10", 3 / 10],
    ["recall@5", 2 / 3],
    ["recall@10", 1],
    ["f1@1", 0],
    ["f1@5", (2 * 0.4 * (2 / 3)) / (0.4 + 2 / 3)],
    ["map@1", 0],
    ["map@5", (1 / 2 + 2 / 4) / 3],
    ["map@10", (1 / 2 + 2 / 4 + 3 / 7) / 3],
    ["mrr@1", 0],
    ["mrr@5", 1 / 2],
  ] as const)("%s", (name, expected) => {
    expect(m[name]).toBeCloseTo(expected, 12);
  });

  test("precision divides by k even if there are fewer candidates", () => {
    expect(metricsOf([{ rank: 1, grade: 1 }])["precision@10"]).toBeCloseTo(0.1, 12);
  });

  test("map@1 of many positives divides by one, not by their number", () => {
    expect(metricsOf([1, 2, 3].map((rank) => ({ rank, grade: 1 })))["map@1"]).toBe(1);
  });
});

test("one positive at rank r: every metric in closed form, as in published files", () => {
  for (const rank of [1, 3, 5, 6, 10, 11]) {
    const m = metricsOf([{ rank, grade: 1 }]);
    for (const k of [1, 5, 10] as const) {
      const hit = rank <= k ? 1 : 0;
      expect(m[`hit@${k}`]).toBe(hit);
      expect(m[`recall@${k}`]).toBe(hit);
      expect(m[`precision@${k}`]).toBeCloseTo(hit / k, 12);
      expect(m[`f1@${k}`]).toBeCloseTo((2 * hit) / (k + 1), 12);
      expect(m[`map@${k}`]).toBeCloseTo(hit / rank, 12);
      expect(m[`mrr@${k}`]).toBeCloseTo(hit / rank, 12);
      expect(m[`ndcg_linear@${k}`]).toBeCloseTo(hit / Math.log2(rank + 1), 12);
    }
  }
});

const ranking = fc
  .uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
  .chain((ranks) =>
    fc.tuple(
      ...ranks.map((rank) =>
        fc.record({ rank: fc.constant(rank), grade: fc.integer({ min: 1, max: 3 }) }),
      ),
    ),
  );

test("every metric lies in [0, 1] and doesn't fall when a positive moves up into a free place", () => {
  fc.assert(
    fc.property(ranking, (positives) => {
      const before = metricsOf(positives);
      const taken = new Set(positives.map((p) => p.rank));
      const movable = positives.findIndex((p) => p.rank > 1 && !taken.has(p.rank - 1));
      const after =
        movable < 0
          ? before
          : metricsOf(positives.map((p, i) => (i === movable ? { ...p, rank: p.rank - 1 } : p)));
      for (const name of METRIC_NAMES) {
        expect(before[name], name).toBeGreaterThanOrEqual(0);
        expect(before[name], name).toBeLessThanOrEqual(1 + 1e-12);
        expect(after[name], name).toBeGreaterThanOrEqual(before[name] - 1e-12);
      }
    }),
  );
});

test("nDCG is 1 exactly when the grades come first and in falling order", () => {
  const grades = [3, 2, 2, 1];
  const best = grades.map((grade, i) => ({ grade, rank: i + 1 }));
  expect(metricsOf(best)["ndcg_linear@5"]).toBe(1);
  expect(metricsOf(best)["ndcg_exponential@10"]).toBe(1);
  const swapped = [...grades].reverse().map((grade, i) => ({ grade, rank: i + 1 }));
  expect(metricsOf(swapped)["ndcg_linear@5"]).toBeLessThan(0.99);
});

test("metricOf is the same number as in the full set", () => {
  fc.assert(
    fc.property(ranking, (positives) => {
      const all = metricsOf(positives);
      expect(metricOf(positives, "hit@1")).toBe(all["hit@1"]);
      expect(metricOf(positives, "ndcg_linear@5")).toBeCloseTo(all["ndcg_linear@5"], 12);
    }),
  );
});

test("the mean weighs every query the same", () => {
  const mean = meanMetrics([1, 2, 4].map((rank) => metricsOf([{ rank, grade: 1 }])));
  expect(mean["hit@1"]).toBeCloseTo(1 / 3, 12);
  expect(mean["mrr@5"]).toBeCloseTo((1 + 1 / 2 + 1 / 4) / 3, 12);
});

describe("refusals", () => {
  test("a query without positives, and no queries at all", () => {
    expect(() => metricsOf([])).toThrow("a query without positives has no score");
    expect(() => meanMetrics([])).toThrow("meanMetrics: no queries to average");
  });

  test("a rank that isn't one", () => {
    expect(() => metricsOf([{ rank: 0, grade: 1 }])).toThrow(
      "a rank must be an integer from 1 up, got 0",
    );
    expect(() => metricsOf([{ rank: NaN, grade: 1 }])).toThrow("got NaN");
  });

  test("a grade that isn't positive and finite", () => {
    expect(() => metricsOf([{ rank: 1, grade: 0 }])).toThrow(
      "a grade must be > 0 and finite, got 0",
    );
    expect(() => metricsOf([{ rank: 1, grade: Infinity }])).toThrow("got Infinity");
  });

  test("two positives in one place", () => {
    const two = [1, 1].map((rank) => ({ rank, grade: 1 }));
    expect(() => metricsOf(two)).toThrow("two positives share rank 1");
  });
});
