import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EvalError } from "../../src/eval/index.ts";
import type { CellObservation, Observation } from "../../src/eval/index.ts";
import {
  adjustComparisons,
  benjaminiHochberg,
  bootstrapInterval,
  compare,
  contrasts,
  effectSize,
  erfc,
  factorialEffects,
  holm,
  incompleteBeta,
  logGamma,
  mean,
  median,
  normalCdf,
  normalQuantile,
  pairDifferences,
  pairedTTest,
  quantile,
  signFlipTest,
  standardDeviation,
  standardError,
  studentCdf,
  studentQuantile,
  tInterval,
  variance,
  wilcoxonTest,
} from "../../src/eval/statistics/index.ts";
import { quantileSorted } from "../../src/eval/statistics/describe.ts";
import golden from "./golden/statistics.json" with { type: "json" };
import { testRandom } from "./support.ts";

/** Relative, but absolute near 0. */
function close(got: number, expected: number, tolerance: number, what: string): void {
  const error = Math.abs(got - expected) / Math.max(Math.abs(expected), 1e-300);
  const small = Math.abs(expected) < 1e-300 && Math.abs(got) < 1e-300;
  expect(small || error < tolerance, `${what}: got ${got}, expected ${expected}`).toBe(true);
}

describe("special functions against SciPy", () => {
  test("logGamma", () => {
    for (const [x, y] of golden.gammaln as [number, number][]) {
      expect(Math.abs(logGamma(x) - y), `at ${x}`).toBeLessThan(1e-13 * Math.max(1, Math.abs(y)));
    }
  });

  test("incompleteBeta", () => {
    for (const [x, a, b, y] of golden.betainc as [number, number, number, number][]) {
      close(incompleteBeta(x, a, b), y, 1e-11, `I_${x}(${a}, ${b})`);
    }
  });

  test("erfc", () => {
    for (const [x, y] of golden.erfc as [number, number][]) close(erfc(x), y, 1e-12, `erfc(${x})`);
  });

  test("Student's t, both ways", () => {
    for (const [t, df, y] of golden.t_cdf as [number, number, number][]) {
      close(studentCdf(t, df), y, 1e-11, `cdf(${t}, ${df})`);
    }
    for (const [p, df, t] of golden.t_ppf as [number, number, number][]) {
      expect(Math.abs(studentQuantile(p, df) - t), `ppf(${p}, ${df})`).toBeLessThan(
        1e-10 * (1 + Math.abs(t)),
      );
    }
  });

  test("the normal, both ways", () => {
    for (const [z, y] of golden.norm_cdf as [number, number][])
      close(normalCdf(z), y, 1e-12, `cdf(${z})`);
    for (const [p, z] of golden.norm_ppf as [number, number][]) {
      expect(Math.abs(normalQuantile(p) - z), `ppf(${p})`).toBeLessThan(1e-10);
    }
  });

  test("refusals", () => {
    expect(() => incompleteBeta(1.5, 1, 1)).toThrow(
      "needs 0 <= x <= 1, a > 0, b > 0, got 1.5, 1, 1",
    );
    expect(() => studentQuantile(0, 3)).toThrow("studentQuantile: p must be in (0, 1), got 0");
    expect(() => studentQuantile(0.5, 0)).toThrow("degrees of freedom must be > 0, got 0");
    expect(() => normalQuantile(1)).toThrow("normalQuantile: p must be in (0, 1), got 1");
    expect(() => erfc(-1)).toThrow("erfc: x must be >= 0, got -1");
  });
});

describe.each(golden.samples)("$name against SciPy", (sample) => {
  const { values } = sample;

  test("mean, variance, standard error", () => {
    expect(mean(values)).toBeCloseTo(sample.mean, 12);
    expect(variance(values)).toBeCloseTo(sample.variance, 12);
    expect(standardDeviation(values) ** 2).toBeCloseTo(sample.variance, 12);
    expect(standardError(values)).toBeCloseTo(sample.sem, 12);
  });

  test("t interval and t test", () => {
    const { low, high, estimate, n, method } = tInterval(values);
    expect([low, high]).toBeAllclose(sample.t_interval, { rtol: 1e-10, atol: 1e-12 });
    expect([estimate, n, method]).toEqual([mean(values), values.length, "t"]);
    const { statistic, p } = pairedTTest(values);
    expect(statistic).toBeCloseTo(sample.t[0]!, 10);
    expect(p).toBeCloseTo(sample.t[1]!, 10);
  });

  test("bootstrap intervals, within their own noise", () => {
    if (sample.bca === null || sample.percentile === null) {
      expect(values).toHaveLength(2);
      return;
    }
    const options = { random: testRandom(3), resamples: 100_000 };
    // Four standard errors of a 2.5 % quantile at this number of resamples.
    const atol = 0.04 * standardError(values);
    const percentile = bootstrapInterval(values, { ...options, method: "percentile" });
    const bca = bootstrapInterval(values, options);
    expect([percentile.low, percentile.high]).toBeAllclose(sample.percentile, { rtol: 0, atol });
    expect([bca.low, bca.high]).toBeAllclose(sample.bca, { rtol: 0, atol });
    expect(bca.method).toBe("bca");
  });

  test("exact sign flips", () => {
    const { p, exact, smallestP } = signFlipTest(values, {
      random: testRandom(1),
      resamples: 20_000,
    });
    expect(exact).toBe(values.length <= 18);
    if (sample.sign_flip !== null) expect(p).toBeCloseTo(sample.sign_flip, 12);
    else expect(Math.abs(p - sample.t[1]!)).toBeLessThan(0.02); // close to the t test for this many
    expect(smallestP).toBeLessThanOrEqual(p);
  });

  test("Wilcoxon", () => {
    const result = wilcoxonTest(values);
    expect(result.p).toBeCloseTo(sample.wilcoxon.p, 9);
    const total = (values.length * (values.length + 1)) / 2;
    expect(Math.min(result.statistic, total - result.statistic)).toBe(sample.wilcoxon.smaller);
  });
});

describe("tests of differences", () => {
  test("Wilcoxon with ties and zeros is exact over the assignments", () => {
    expect(wilcoxonTest(golden.tied.values).p).toBeCloseTo(golden.tied.wilcoxon_p, 12);
    expect(wilcoxonTest([0, 0])).toMatchObject({ p: 1, n: 0 });
  });

  test("five seeds can't reach 5 % by flipping signs, and the result says so", () => {
    const { p, smallestP } = signFlipTest([1, 2, 3, 4, 5]);
    expect(p).toBe(2 / 32);
    expect(smallestP).toBe(2 / 32);
  });

  test("sampled sign flips agree with the exact ones", () => {
    const { values } = golden.samples[2]!;
    const sampled = signFlipTest(values, {
      exactUpTo: 0,
      random: testRandom(5),
      resamples: 50_000,
    });
    expect(Math.abs(sampled.p - signFlipTest(values).p)).toBeLessThan(0.01);
    expect(sampled.exact).toBe(false);
  });

  test("p is 1 for differences of 0, and the same for mirrored ones", () => {
    expect(signFlipTest([0, 0, 0]).p).toBe(1);
    expect(pairedTTest([0, 0, 0]).p).toBe(1);
    expect(pairedTTest([2, 2, 2]).p).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 10 }),
        (d) => {
          const mirrored = d.map((x) => -x);
          expect(signFlipTest(mirrored).p).toBe(signFlipTest(d).p);
          expect(wilcoxonTest(mirrored).p).toBeCloseTo(wilcoxonTest(d).p, 12);
        },
      ),
    );
  });

  test("refusals", () => {
    const many = Array.from({ length: 40 }, (_, i) => i);
    expect(() => signFlipTest(many)).toThrow(
      "40 differences need a random generator, none was given",
    );
    expect(() => signFlipTest([])).toThrow("signFlipTest: needs at least 1 numbers, got 0");
    expect(() => pairedTTest([1])).toThrow("pairedTTest: needs at least 2 numbers, got 1");
    expect(() => wilcoxonTest([1, NaN])).toThrow("wilcoxonTest: number 1 is NaN");
  });
});

describe("under the null a test rejects at its level, and an interval covers", () => {
  const random = testRandom(11);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const trials = Array.from({ length: 400 }, () => Array.from({ length: 12 }, normal));
  const share = (hit: (values: number[]) => boolean): number =>
    trials.filter(hit).length / trials.length;

  test("sign flips, t and Wilcoxon reject 5 % at 5 %", () => {
    for (const rate of [
      share((v) => signFlipTest(v).p < 0.05),
      share((v) => pairedTTest(v).p < 0.05),
      share((v) => wilcoxonTest(v).p < 0.05),
    ]) {
      expect(rate).toBeGreaterThan(0.02);
      expect(rate).toBeLessThan(0.09);
    }
  });

  test("95 % intervals cover about 95 %", () => {
    const covers = ({ low, high }: { low: number; high: number }): boolean => low <= 0 && 0 <= high;
    expect(share((v) => covers(tInterval(v)))).toBeGreaterThan(0.92);
    const rate = share((v) => covers(bootstrapInterval(v, { random, resamples: 500 })));
    expect(rate).toBeGreaterThan(0.87);
    expect(rate).toBeLessThan(0.98);
  });
});

describe("lists and intervals", () => {
  test("quantiles are NumPy's", () => {
    for (const [p, q] of golden.quantiles as [number, number][]) {
      expect(quantile(golden.samples[2]!.values, p)).toBeCloseTo(q, 12);
    }
    expect(median([3, 1, 2, 10])).toBe(2.5);
  });

  test("equal values give an interval of width 0", () => {
    const options = { random: testRandom(1), resamples: 100 };
    expect(bootstrapInterval([2, 2, 2], options)).toMatchObject({ low: 2, high: 2 });
    expect(tInterval([2, 2])).toMatchObject({ low: 2, high: 2 });
  });

  test("the same generator gives the same interval", () => {
    const values = golden.samples[2]!.values;
    const once = (): unknown =>
      bootstrapInterval(values, { random: testRandom(9), resamples: 500 });
    expect(once()).toEqual(once());
  });

  test("refusals", () => {
    expect(() => mean([])).toThrow("mean: needs at least 1 numbers, got 0");
    expect(() => variance([1])).toThrow("variance: needs at least 2 numbers, got 1");
    expect(() => quantileSorted([], 0.5)).toThrow("quantile: the list is empty");
    expect(() => quantile([1], 2)).toThrow("quantile: p must be in [0, 1], got 2");
    expect(() => tInterval([1])).toThrow("tInterval: needs at least 2 numbers");
    expect(() => tInterval([1, 2], { confidence: 1 })).toThrow(
      "confidence must be in (0, 1), got 1",
    );
    const random = testRandom(1);
    expect(() => bootstrapInterval([1, 2], { random, resamples: 10 })).toThrow(
      "at least 100 resamples, got 10",
    );
    expect(() => bootstrapInterval([1], { random })).toThrow(
      "bootstrapInterval: needs at least 2 numbers",
    );
  });
});

describe("corrections for many comparisons", () => {
  test.each(golden.adjusted)("Holm and Benjamini-Hochberg of $p", ({ p, holm: byHolm, bh }) => {
    expect(holm(p)).toBeAllclose(byHolm, { rtol: 1e-12 });
    expect(benjaminiHochberg(p)).toBeAllclose(bh, { rtol: 1e-12 });
  });

  test("never lower a p, keep the order, and leave one comparison alone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
        (p) => {
          for (const adjust of [holm, benjaminiHochberg]) {
            const adjusted = adjust(p);
            for (const [i, a] of adjusted.entries()) {
              expect(a).toBeGreaterThanOrEqual(p[i]! - 1e-15);
              expect(a).toBeLessThanOrEqual(1);
              for (const [j, b] of adjusted.entries())
                if (p[i]! < p[j]!) expect(a).toBeLessThanOrEqual(b);
            }
          }
        },
      ),
    );
    expect(holm([0.04])).toEqual([0.04]);
    expect(holm([])).toEqual([]);
  });

  test("a p outside [0, 1] is named", () => {
    expect(() => holm([0.1, NaN])).toThrow("holm: p-value 1 is NaN");
    expect(() => benjaminiHochberg([1.1])).toThrow("benjaminiHochberg: p-value 0 is 1.1");
  });
});

/** datasets x seeds observations from a function of both. */
function grid(
  value: (dataset: number, seed: number) => number,
  datasets = 6,
  seeds = 5,
): Observation[] {
  return Array.from({ length: datasets * seeds }, (_, i) => {
    const [dataset, seed] = [Math.floor(i / seeds), i % seeds];
    return { dataset: `set ${dataset}`, seed, value: value(dataset, seed) };
  });
}

describe("compare", () => {
  const random = testRandom(2);
  const control = grid((d, s) => 0.3 + 0.1 * d + 0.02 * s);

  test("pairs by data set and seed, whatever the order: what both share drops out", () => {
    const jitter = testRandom(4);
    const gain = new Map(control.map((o) => [o, 0.05 + 0.01 * (jitter() - 0.5)]));
    const treatment = control.map((o) => ({ ...o, value: o.value + gain.get(o)! })).reverse();
    const result = compare(treatment, control, { random });
    expect(result.delta).toBeCloseTo(0.05, 2);
    expect(result.interval.low).toBeGreaterThan(0.045);
    expect(result.interval.high).toBeLessThan(0.055);
    expect(result.permutation.p).toBeLessThan(0.001);
    expect(result).toMatchObject({ pairs: 30, seeds: 5, datasets: 6, unit: "pair" });
    expect(result.agreeing).toEqual({ seeds: 1, datasets: 1 });
    expect(result.overSeeds!.interval.estimate).toBeCloseTo(result.delta, 12);
    expect(result.effect.cohenDz).toBeGreaterThan(5);
    expect(result.effect.hedgesG).toBeLessThan(result.effect.cohenDz);
  });

  test("an effect of one data set alone is seen as uncertain over data sets", () => {
    const treatment = control.map((o) => ({
      ...o,
      value: o.value + (o.dataset === "set 0" ? 0.3 : 0),
    }));
    const result = compare(treatment, control, { random, unit: "dataset" });
    expect(result.delta).toBeCloseTo(0.05, 12);
    expect(result.permutation.p).toBe(1);
    expect(result.interval.low).toBeLessThanOrEqual(0);
    expect(result.interval.n).toBe(6);
    expect(result.agreeing.datasets).toBeCloseTo(1 / 6, 12);
  });

  test("one seed has no interval over seeds", () => {
    const one = grid((d) => 0.1 * d, 6, 1);
    expect(
      compare(
        one,
        one.map((o) => ({ ...o, value: 0 })),
        { random },
      ).overSeeds,
    ).toBeNull();
  });

  test("missing and doubled pairs are named, not dropped", () => {
    expect(() => pairDifferences(control.slice(1), control)).toThrow(
      "data set set 0, seed 0 is only in the control",
    );
    expect(() => pairDifferences(control, control.slice(0, -1))).toThrow(
      "data set set 5, seed 4 is only in the treatment",
    );
    expect(() => pairDifferences([...control, control[0]!], control)).toThrow(
      "data set set 0, seed 0 occurs twice in the treatment",
    );
    expect(() => pairDifferences(control.slice(1), control)).toThrow(EvalError);
  });

  test("adjusted p-values go with their comparisons", () => {
    const shifted = (by: number): ReturnType<typeof compare> =>
      compare(
        control.map((o, i) => ({ ...o, value: o.value + by * (i % 3) })),
        control,
        { random },
      );
    const [a, b] = adjustComparisons([shifted(0.1), shifted(0)]);
    expect(a!.adjustedP).toBeCloseTo(2 * a!.permutation.p, 12);
    expect(b!.adjustedP).toBe(1);
    const bh = adjustComparisons([shifted(0.1), shifted(0)], "benjamini-hochberg");
    expect(bh[1]!.adjustedP).toBe(1);
  });

  test("effect sizes of constant differences", () => {
    expect(effectSize([0, 0])).toEqual({ cohenDz: 0, hedgesG: 0 });
    expect(effectSize([1, 1, 1]).cohenDz).toBe(Infinity);
  });
});

describe("a factorial grid", () => {
  const factors = ["hw", "fn", "tau"];
  const cell = (
    dataset: number,
    seed: number,
    hw: boolean,
    fn: boolean,
    tau: boolean,
  ): CellObservation => ({
    dataset: `set ${dataset}`,
    seed,
    levels: { hw, fn, tau },
    // hw alone hurts by 2, fn helps by 1, together they gain 4 more; tau does nothing.
    value: 10 * dataset + seed - 2 * Number(hw) + Number(fn) + 4 * Number(hw && fn),
  });
  const observations = [0, 1, 2].flatMap((d) =>
    [0, 1].flatMap((s) =>
      Array.from({ length: 8 }, (_, i) => cell(d, s, (i & 1) > 0, (i & 2) > 0, (i & 4) > 0)),
    ),
  );

  test("main effects average over the others, interactions are half the difference of effects", () => {
    const means = Object.fromEntries(
      contrasts(observations, factors, { order: 3 }).map((c) => [
        c.name,
        mean(c.perBlock.map((o) => o.value)),
      ]),
    );
    expect(means).toEqual({
      hw: 0,
      fn: 3,
      tau: 0,
      "hw:fn": 2,
      "hw:tau": 0,
      "fn:tau": 0,
      "hw:fn:tau": 0,
    });
  });

  test("each effect comes with interval and tests", () => {
    const effects = factorialEffects(observations, factors, { random: testRandom(1) });
    expect(effects.map((e) => e.name)).toEqual(["hw", "fn", "tau", "hw:fn", "hw:tau", "fn:tau"]);
    const fn = effects[1]!;
    expect(fn.interval).toMatchObject({ low: 3, high: 3 });
    expect(fn.permutation.p).toBe(2 / 64);
    expect(fn.pairs).toBe(6);
  });

  test("incomplete or doubled grids are named", () => {
    expect(() => contrasts(observations.slice(1), factors)).toThrow(
      "data set set 0, seed 0: 7 of the 8 cells of the grid",
    );
    expect(() => contrasts([...observations, observations[0]!], factors)).toThrow(
      "data set set 0, seed 0: cell hw=off fn=off tau=off occurs twice",
    );
    expect(() => contrasts(observations, [...factors, "prompt"])).toThrow(
      "a cell doesn't say whether prompt is on",
    );
  });
});
