/** @file Hashes, splits and streams: stable for ever, fair, and independent of order. */
import { expect, test } from "vitest";
import { hash32, splitOf, splitsOf, Stream, thin } from "../../../src/data/mini/random.ts";

const KEYS = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);

test("hashes and draws stay what they were when the benchmark was frozen", () => {
  // From this implementation at builder version 1; a change moves concepts between splits.
  expect([hash32(""), hash32("a"), hash32("split emoji 1f600")]).toEqual([
    2872998923, 444641715, 733057673,
  ]);
  const stream = new Stream("x");
  expect([stream.uniform(), stream.uniform(), stream.int(100)]).toEqual([
    0.8571607563644648, 0.7809137047734112, 88,
  ]);
  expect(["1f600", "1f34e"].map((hex) => splitOf("emoji", hex))).toEqual(["test", "train"]);
});

test("a fifth of the families is test and a tenth dev", () => {
  const share = (split: string): number =>
    KEYS.filter((key) => splitOf("kind", key) === split).length / KEYS.length;
  // Binomial standard deviation is 0.3 % at 20,000 keys.
  expect(share("test")).toBeCloseTo(0.2, 1.7);
  expect(share("dev")).toBeCloseTo(0.1, 1.7);
});

test("kinds are split independently", () => {
  const both = KEYS.filter((key) => splitOf("a", key) === "test" && splitOf("b", key) === "test");
  expect(both.length / KEYS.length).toBeCloseTo(0.04, 1.7);
});

test("few families are split in exact shares, whatever their order", () => {
  const families = KEYS.slice(0, 20);
  const splits = splitsOf("table", families);
  const count = (split: string): number =>
    [...splits.values()].filter((each) => each === split).length;
  expect([count("test"), count("dev"), count("train")]).toEqual([4, 2, 14]);
  const other = splitsOf("table", [...families.toReversed(), families[0]!]);
  for (const family of families) expect(other.get(family)).toBe(splits.get(family));
});

test("streams of one name agree and of two names differ", () => {
  const draw = (name: string): number[] =>
    Array.from(
      { length: 8 },
      (() => {
        const s = new Stream(name);
        return () => s.uniform();
      })(),
    );
  expect(draw("a")).toEqual(draw("a"));
  expect(draw("a")).not.toEqual(draw("b"));
});

test("draws are uniform", () => {
  const stream = new Stream("uniform");
  const bins = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) bins[stream.int(10)]!++;
  const chi2 = bins.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
  expect(chi2).toBeLessThan(27.9); // 99.9 % point at 9 degrees of freedom
});

test("a shuffle keeps every item and a sample repeats none", () => {
  const items = KEYS.slice(0, 50);
  expect(new Stream("s").shuffle(items).toSorted()).toEqual(items.toSorted());
  expect(new Set(new Stream("s").sample(items, 20)).size).toBe(20);
  expect(new Stream("s").sample(items, 99)).toHaveLength(50);
});

test("picking from nothing says so", () => {
  expect(() => new Stream("s").pick([])).toThrow("Stream.pick: nothing to pick from");
});

test("thinning keeps the order, and an item's fate does not depend on the others' order", () => {
  const items = KEYS.slice(0, 100);
  const kept = thin(items, 30, (key) => key);
  expect(kept).toHaveLength(30);
  expect(kept).toEqual(items.filter((key) => kept.includes(key)));
  expect(new Set(thin(items.toReversed(), 30, (key) => key))).toEqual(new Set(kept));
  expect(thin(items, 200, (key) => key)).toEqual(items);
});
