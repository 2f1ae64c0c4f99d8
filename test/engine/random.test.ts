import { expect, test } from "vitest";
import { Random } from "../../src/engine/index.ts";

const draw = (random: Random, n: number): number[] =>
  Array.from({ length: n }, () => random.uniform());

test("seed and name decide the stream", () => {
  expect(draw(Random.from(1, "a"), 5)).toEqual(draw(Random.from(1, "a"), 5));
  expect(draw(Random.from(1, "a"), 5)).not.toEqual(draw(Random.from(1, "b"), 5));
  expect(draw(Random.from(1, "a"), 5)).not.toEqual(draw(Random.from(2, "a"), 5));
});

test("the generator is xoshiro128**: the first words from state 1, 2, 3, 4", () => {
  // By hand from the reference C: rotl(s1 * 5, 7) * 9 with s = (1,2,3,4), then as the state moves.
  const random = Random.restore([1, 2, 3, 4]);
  expect([random.bits(), random.bits()]).toEqual([11520, 0]);
});

test("a restored state goes on where it was taken", () => {
  const random = Random.from(7, "x");
  random.normal();
  const state = random.state();
  const after = draw(random, 4);
  expect(draw(Random.restore(state), 4)).toEqual(after);
  random.restore(JSON.parse(JSON.stringify(state)) as typeof state);
  expect(draw(random, 4)).toEqual(after);
});

test("a stream of a stream is its own and leaves the first alone", () => {
  const random = Random.from(3);
  const before = random.state();
  const child = draw(random.stream("a"), 3);
  expect(random.state()).toEqual(before);
  expect(draw(random.stream("a"), 3)).toEqual(child);
  expect(draw(random.stream("b"), 3)).not.toEqual(child);
});

test("uniform fills [0, 1) evenly", () => {
  const random = Random.from(1, "uniform");
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random.uniform() * 10)]!++;
  // Nine degrees of freedom: chi-square beyond 27.9 has probability 0.001.
  const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9);
  expect(Random.from(1).uniform(5, 6)).toBeGreaterThanOrEqual(5);
});

test("normal has mean 0, variance 1 and light tails", () => {
  const random = Random.from(1, "normal");
  const x = Array.from({ length: 100_000 }, () => random.normal());
  const moment = (k: number): number => x.reduce((sum, v) => sum + v ** k, 0) / x.length;
  expect(moment(1)).toBeCloseTo(0, 1.5);
  expect(moment(2)).toBeCloseTo(1, 1.5);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
});

test("int reaches every number and no other", () => {
  const random = Random.from(1, "int");
  const seen = new Set(Array.from({ length: 1000 }, () => random.int(7)));
  expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(() => random.int(0)).toThrow("Random.int: n must be an integer in [1, 2^32], got 0");
  expect(() => Random.from(0.5)).toThrow("Random: seed must be an integer, got 0.5");
});

test("shuffle gives every order equally often", () => {
  const random = Random.from(1, "shuffle");
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle([1, 2, 3]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(120);
});
