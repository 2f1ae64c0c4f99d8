import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rankOf, rankPositives } from "../../src/eval/index.ts";
import { TopK } from "../../src/eval/topk.ts";

describe("rankOf", () => {
  test("counts from 1 and ignores the order of the list", () => {
    expect(rankOf([0.1, 0.9, 0.5], 1)).toBe(1);
    expect(rankOf([0.1, 0.9, 0.5], 0)).toBe(3);
  });

  test("a tie counts against the positive: a constant encoder ranks last", () => {
    expect(rankOf([0.3, 0.3, 0.3, 0.3], 0)).toBe(4);
  });

  test("a NaN candidate counts against the positive", () => {
    expect(rankOf([0.9, NaN, 0.1], 0)).toBe(2);
  });

  test("infinite scores rank like others", () => {
    expect(rankOf([Infinity, 1, -Infinity], 0)).toBe(1);
    expect(rankOf([-Infinity, -Infinity], 1)).toBe(2);
  });

  test("names a positive without a usable score", () => {
    expect(() => rankOf([0.1, NaN], 1)).toThrow("rankOf: score of candidate 1 of 2 is NaN");
    expect(() => rankOf([0.1], 4)).toThrow("rankOf: score of candidate 4 of 1 is undefined");
  });
});

describe("rankPositives", () => {
  const ranksOf = (scores: number[], positives: Record<number, number>): Record<number, number> =>
    Object.fromEntries(
      rankPositives(
        scores,
        Object.entries(positives).map(([index, grade]) => ({ index: Number(index), grade })),
      ).map((p) => [p.index, p.rank]),
    );

  test("positives hold the places of one total order", () => {
    expect(ranksOf([0.9, 0.8, 0.7, 0.6], { 0: 1, 2: 1 })).toEqual({ 0: 1, 2: 3 });
  });

  test("all tied: non-positives first, then the lower grade, then the lower index", () => {
    expect(ranksOf([1, 1, 1, 1, 1], { 1: 3, 2: 1, 4: 1 })).toEqual({ 2: 3, 4: 4, 1: 5 });
  });

  test("agrees with sorting the whole list, over random lists full of ties", () => {
    const list = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(list, fc.infiniteStream(fc.boolean()), (scores, coin) => {
        const picked = scores.map((_, i) => i === 0 || coin.next().value);
        const positives = Object.fromEntries(
          scores.flatMap((_, i) => (picked[i] ? [[i, 1 + (i % 2)]] : [])),
        );
        const order = scores
          .map((score, index) => ({ score, index, grade: positives[index] ?? 0 }))
          .sort((a, b) => b.score - a.score || a.grade - b.grade || a.index - b.index);
        const expected = Object.fromEntries(
          order.flatMap(({ index, grade }, i) => (grade > 0 ? [[index, i + 1]] : [])),
        );
        expect(ranksOf(scores, positives)).toEqual(expected);
      }),
    );
  });

  test("one positive gets the rank of rankOf", () => {
    const scores = [0.2, 0.5, 0.5, 0.1];
    for (const index of scores.keys()) {
      expect(ranksOf(scores, { [index]: 1 })[index]).toBe(rankOf(scores, index));
    }
  });
});

describe("TopK", () => {
  test("keeps the best in the order of the ranks, whatever order they come in", () => {
    const list = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 8 }), (scores, k) => {
        const isPositive = (i: number): boolean => i % 3 === 0;
        const top = new TopK(k, isPositive);
        for (const [i, score] of scores.entries()) if (score >= top.threshold) top.offer(i, score);
        const expected = scores
          .map((score, index) => ({ index, score }))
          .sort(
            (a, b) =>
              b.score - a.score ||
              Number(isPositive(a.index)) - Number(isPositive(b.index)) ||
              a.index - b.index,
          )
          .slice(0, k);
        expect(top.best()).toEqual(expected);
      }),
    );
  });

  test("refuses a k below 1", () => {
    expect(() => new TopK(0, () => false)).toThrow("k must be an integer from 1 up, got 0");
  });
});
